import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Call, Route } from '../../src/logical/backend.ts'
import type { LogicalResponse } from '../../src/logical/response.ts'
import { Served } from './served.ts'

const KEYS = ['a', 'b', 'c', 'd/', 'e/']

/** Lists the same keys everywhere; `paged/` knows pages, the others do not. */
function listOf({ request }: Call): LogicalResponse {
  const node = request.data?.members.get('limit')
  const limit = node?.kind === 'number' ? Number(node.literal) : 0
  const keys = request.path.startsWith('kv/paged/') && limit > 0 ? KEYS.slice(0, limit) : KEYS
  const info = Object.fromEntries(keys.map((key) => [key, { size: 1 }]))
  return { data: { keys, ...(request.path.startsWith('kv/detailed/') ? { key_info: info } : {}) } }
}

const ROUTES: readonly Route[] = [
  {
    pattern: 'wide/',
    summary: '',
    access: 'token',
    handlers: { list: async () => ({ data: { keys: KEYS, total: 5 } }) },
  },
  {
    pattern: '*path',
    summary: '',
    access: 'token',
    exists: async ({ request }) => request.path.endsWith('/there'),
    handlers: {
      list: async (call) => listOf(call),
      scan: async (call) => listOf(call),
      read: async ({ request }) => ({ data: { path: request.path } }),
      update: async () => null,
      create: async () => null,
      delete: async () => null,
    },
  },
  { pattern: 'guarded', summary: '', access: 'sudo', handlers: { read: async () => ({ data: {} }) } },
]

async function serve(text: string): Promise<Served> {
  const [first, second, third] = ROUTES
  const routes = [third, first, second].filter((route) => route !== undefined)
  const served = new Served({ 'kv/': { type: 'kv', routes }, 'secret/': { type: 'kv-v2', routes } })
  await served.put('dev', text)
  return served
}

describe('a token with policies of its own', () => {
  test('does what they give, and nothing else', async () => {
    const served = await serve(`
      path "kv/app/*" { capabilities = ["read", "update"] }
      path "kv/app/new" { capabilities = ["create"] }
      path "kv/guarded" { capabilities = ["read"] }`)
    assert.deepEqual(await served.ask('dev', 'read', 'kv/app/x'), { path: 'kv/app/x' })
    assert.equal(await served.ask('dev', 'read', 'kv/other'), 'refused')
    assert.equal(await served.ask('dev', 'delete', 'kv/app/x'), 'refused')
    assert.equal(await served.ask('none', 'read', 'kv/app/x'), 'refused')
    assert.equal(await served.ask('default', 'read', 'kv/app/x'), 'refused')
    // What is not there is created, what is there is updated.
    assert.equal(await served.ask('dev', 'update', 'kv/app/there'), null)
    assert.equal(await served.ask('dev', 'update', 'kv/app/x'), 'refused')
    assert.equal(await served.ask('dev', 'update', 'kv/app/new'), null)
    // A protected path asks for sudo besides.
    assert.equal(await served.ask('dev', 'read', 'kv/guarded'), 'refused')
    await served.put('more', 'path "kv/guarded" { capabilities = ["sudo"] }')
    assert.deepEqual(await served.ask('dev,more', 'read', 'kv/guarded'), {})
  })

  test('may not do by names that look like root what root may', async () => {
    const served = await serve('path "x" {}')
    for (const name of ['ROOT', 'Root', ' root', 'root ', 'root\0', 'r\u043e\u043et', 'root.']) {
      assert.equal(await served.ask(name, 'read', 'kv/app/x'), 'refused', JSON.stringify(name))
    }
    assert.deepEqual(await served.ask('root', 'read', 'kv/app/x'), { path: 'kv/app/x' })
  })

  test('is judged by the same parameters that the handler gets', async () => {
    const served = await serve(
      `path "kv/*" {
        capabilities = ["create"]
        allowed_parameters = { "a" = ["1"] }
        required_parameters = ["a"]
      }`,
    )
    assert.equal(await served.ask('dev', 'update', 'kv/x', '{"a":"1"}'), null)
    for (const body of ['{"a":"2"}', '{"a":1}', '{"a":"1","b":1}', '{}', '{"a":null}', '{"A":"1"}']) {
      assert.equal(await served.ask('dev', 'update', 'kv/x', body), 'refused', body)
    }
  })

  test('learns its own capabilities and rules', async () => {
    const served = await serve(
      'path "secret/data/dev/*" { capabilities=["read","create","update","list"] }\n' +
        'path "secret/metadata/*" { capabilities=["list"] pagination_limit = 7 }\n' +
        'path "+/x" { capabilities=["deny"] }',
    )
    const paths = '{"paths":["secret/data/dev/x","secret/data/other","sys/mounts","/secret/data/dev/x"]}'
    assert.deepEqual(await served.ask('dev,default', 'update', 'sys/capabilities-self', paths), {
      'secret/data/dev/x': ['create', 'list', 'read', 'update'],
      'secret/data/other': ['deny'],
      'sys/mounts': ['deny'],
      '/secret/data/dev/x': ['create', 'list', 'read', 'update'],
    })
    const acl = await served.ask('dev,default', 'read', 'sys/internal/ui/resultant-acl')
    const { root, exact_paths, glob_paths } = acl as Record<string, Record<string, unknown>>
    assert.equal(root, false)
    assert.deepEqual(exact_paths?.['auth/token/lookup-self'], { capabilities: ['read'] })
    assert.deepEqual(glob_paths?.['secret/data/dev/'], { capabilities: ['create', 'list', 'read', 'update'] })
    assert.deepEqual(glob_paths?.['secret/metadata/'], { capabilities: ['list'], pagination_limit: 7 })
    assert.deepEqual(glob_paths?.['+/x'], { capabilities: ['deny'] })
  })
})

describe('a list under a policy', () => {
  const policy = `
    path "kv/+/*" { capabilities = ["list", "scan"] pagination_limit = 3 }
    path "kv/free/*" { capabilities = ["list"] }`
  for (const [path, data, keys] of [
    ['kv/paged/x/', undefined, ['a', 'b', 'c']],
    ['kv/paged/x/', '{"limit":"2"}', ['a', 'b']],
    ['kv/paged/x/', '{"limit":"0"}', ['a', 'b', 'c']],
    ['kv/paged/x/', '{"limit":"max"}', ['a', 'b', 'c']],
    // A handler that knows no pages gives no more either.
    ['kv/plain/x/', undefined, ['a', 'b', 'c']],
    ['kv/free/x/', undefined, KEYS],
    ['kv/free/x/', '{"limit":"max"}', KEYS],
  ] as const) {
    test(`has so many keys: ${path} ${data ?? ''}`, async () => {
      const served = await serve(policy)
      assert.deepEqual(await served.ask('dev', 'list', path, data), { keys })
    })
  }

  test('is refused when it asks for more', async () => {
    const served = await serve(policy)
    for (const limit of ['"4"', '"-1"', '4', '"1e309"', '["1","2"]']) {
      assert.equal(await served.ask('dev', 'list', 'kv/paged/x/', `{"limit":${limit}}`), 'refused', limit)
    }
  })

  test('shows what stands beside the keys for those that it has', async () => {
    const served = await serve(policy)
    const info = { a: { size: 1 }, b: { size: 1 }, c: { size: 1 } }
    assert.deepEqual(await served.ask('dev', 'list', 'kv/detailed/x/'), {
      keys: ['a', 'b', 'c'],
      key_info: info,
    })
  })

  test('is not shown when it cannot be limited', async () => {
    const served = await serve('path "kv/wide" { capabilities = ["list"] pagination_limit = 3 }')
    assert.equal(await served.ask('dev', 'list', 'kv/wide/'), 'refused')
  })
})

describe('a list with a filter of its keys', () => {
  const filter = 'list_scan_response_keys_filter_path'
  const policy = `
    path "kv/m/*" {
      capabilities = ["list", "scan"]
      ${filter} = "{{ .path | replace \\"kv/m/\\" \\"kv/data/\\" }}{{ .key }}"
    }
    path "kv/data/x/a" { capabilities = ["read"] }
    path "kv/data/x/b" { capabilities = ["deny"] }
    path "kv/data/x/c" { capabilities = ["list"] }
    path "kv/data/x/d" { capabilities = ["list"] }
    path "kv/data/x/e/" { capabilities = ["read"] }`

  test('shows keys that may be read, and folders that may be listed', async () => {
    const served = await serve(policy)
    assert.deepEqual(await served.ask('dev', 'list', 'kv/m/x/'), { keys: ['a', 'd/'] })
    assert.deepEqual(await served.ask('dev', 'scan', 'kv/m/x/'), { keys: ['a', 'd/'] })
  })

  test('is as if nothing were there when none may be seen', async () => {
    const served = await serve(policy)
    assert.equal(await served.ask('dev', 'list', 'kv/m/y/'), null)
    assert.deepEqual(await served.ask('dev', 'scan', 'kv/m/y/'), {})
  })

  test('follows a change of what may be read at once', async () => {
    const served = await serve(policy)
    await served.put('other', 'path "kv/data/y/*" { capabilities = ["read", "list"] }')
    assert.deepEqual(await served.ask('dev,other', 'list', 'kv/m/y/'), { keys: KEYS })
    await served.policies.delete('other')
    assert.equal(await served.ask('dev,other', 'list', 'kv/m/y/'), null)
  })
})

describe('sys/policies/explain', () => {
  const EXPLAIN = 'path "sys/policies/explain" { capabilities = ["update"] }'
  const asked = async (served: Served, as: string, body: object): Promise<Record<string, unknown>> => {
    const data = await served.ask(as, 'update', 'sys/policies/explain', JSON.stringify(body))
    assert.ok(typeof data === 'object' && data !== null, String(data))
    return data as Record<string, unknown>
  }

  test('says which rule decided, what is missing, and the smallest patch', async () => {
    const served = await serve(`${EXPLAIN}\npath "kv/app/*" { capabilities = ["read"] }`)
    assert.deepEqual(await asked(served, 'dev', { method: 'DELETE', path: 'v1/kv/app/x' }), {
      allowed: false,
      operation: 'delete',
      path: 'kv/app/x',
      rule: 'kv/app/*',
      policies: ['dev'],
      missing: ['delete'],
      reason: 'path "kv/app/*" of the policy "dev" does not give delete',
      patch: 'path "kv/app/x" {\n  capabilities = ["delete", "read"]\n}\n',
      hints: [],
    })
  })

  test('a write is both, and refused when one of them is, whatever is there', async () => {
    const served = await serve(`${EXPLAIN}\npath "kv/app/*" { capabilities = ["update"] }`)
    for (const path of ['kv/app/there', 'kv/app/x']) {
      const told = await asked(served, 'dev', { method: 'POST', path })
      assert.deepEqual([told['allowed'], told['operation'], told['missing']], [false, 'create', ['create']])
    }
    const neither = await asked(served, 'dev', { method: 'PUT', path: 'kv/x' })
    assert.equal(neither['patch'], 'path "kv/x" {\n  capabilities = ["create", "update"]\n}\n')
    // A route that does not tell them apart takes an update.
    const plain = await asked(served, 'dev', { method: 'PUT', path: 'kv/guarded' })
    assert.deepEqual(plain['missing'], ['sudo', 'update'])
  })

  test('knows which paths are protected and which are open', async () => {
    const served = await serve(`${EXPLAIN}\npath "kv/guarded" { capabilities = ["read"] }`)
    assert.deepEqual((await asked(served, 'dev', { path: 'kv/guarded' }))['missing'], ['sudo'])
  })

  test('hints at the folder of KV v2, of mounts that the token reaches', async () => {
    const served = await serve(`${EXPLAIN}\npath "secret/app/*" { capabilities = ["read"] }`)
    const { hints } = await asked(served, 'dev', { path: 'secret/data/app/db' })
    assert.deepEqual(hints, [
      'path "secret/app/*" of policy "dev" matches nothing on a KV v2 mount; ' +
        'did you mean "secret/data/app/*"?',
    ])
    await served.put('bare', EXPLAIN)
    assert.deepEqual((await asked(served, 'bare', { path: 'secret/app/db' }))['hints'], [])
  })

  test('tells of other policies and tokens whoever may ask for them anyway', async () => {
    const served = await serve(EXPLAIN)
    await served.put('other', 'path "kv/*" { capabilities = ["read"] }')
    const about = { path: 'kv/x', policies: ['Other'] }
    assert.equal(await served.ask('dev', 'update', 'sys/policies/explain', JSON.stringify(about)), 'refused')
    const token = '{"path":"kv/x","accessor":"other"}'
    assert.equal(await served.ask('dev', 'update', 'sys/policies/explain', token), 'refused')
    await served.put('reader', 'path "sys/policies/acl/other" { capabilities = ["read"] }')
    assert.equal((await asked(served, 'dev,reader', about))['allowed'], true)
    assert.equal(await served.ask('dev,reader', 'update', 'sys/policies/explain', token), 'refused')
    assert.equal((await asked(served, 'root', { path: 'kv/x', accessor: 'other' }))['allowed'], true)
  })

  test('tells of a token with an accessor only who may read each of its policies', async () => {
    const asks = 'path "sys/capabilities-accessor" { capabilities = ["update"] }'
    const served = await serve(
      `${EXPLAIN}\n${asks}\npath "sys/policies/acl/other" { capabilities = ["read"] }`,
    )
    await served.put('other', 'path "kv/*" { capabilities = ["read"] }')
    await served.put('closed', 'path "kv/closed" { capabilities = ["read"] }')
    assert.equal((await asked(served, 'dev', { path: 'kv/x', accessor: 'other' }))['rule'], 'kv/*')
    for (const accessor of ['other,closed', 'root']) {
      const body = JSON.stringify({ path: 'kv/x', accessor })
      assert.equal(await served.ask('dev', 'update', 'sys/policies/explain', body), 'refused')
    }
  })

  test('tells a token with "default" alone of its own policies, and of nothing else', async () => {
    const served = await serve('path "secret/*" { capabilities = ["read"] }')
    const own = await asked(served, 'default', { path: 'secret/app' })
    assert.deepEqual(own, {
      allowed: false,
      operation: 'read',
      path: 'secret/app',
      rule: null,
      policies: [],
      missing: ['read'],
      reason: 'no rule of the policies of this token fits the path',
      patch: 'path "secret/app" {\n  capabilities = ["read"]\n}\n',
      // Neither that there is a mount, nor that it is of KV v2.
      hints: [],
    })
    assert.equal((await asked(served, 'default', { path: 'kv/guarded' }))['reason'], own['reason'])
    for (const other of [{ policies: ['dev'] }, { policies: ['default'] }, { accessor: 'default' }]) {
      const body = JSON.stringify({ path: 'secret/app', ...other })
      assert.equal(await served.ask('default', 'update', 'sys/policies/explain', body), 'refused')
    }
  })

  for (const [body, fault] of [
    [{}, 'missing path'],
    [{ path: '/' }, 'missing path'],
    [{ path: 'a', method: 'BREW' }, '"method" is one of GET, LIST, SCAN, POST, PUT, PATCH, DELETE'],
    [{ path: 'a', policies: ['a b'] }, 'a policy name holds a character that is not visible ASCII'],
  ] as const) {
    test(`refuses ${JSON.stringify(body)}`, async () => {
      const served = await serve(EXPLAIN)
      await assert.rejects(served.ask('root', 'update', 'sys/policies/explain', JSON.stringify(body)), {
        message: fault,
      })
    })
  }
})
