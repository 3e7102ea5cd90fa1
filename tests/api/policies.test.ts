import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Answer, TestServer } from './in-process.ts'

/** The transcripts "policies" of surface.md against a server. */
let server: TestServer
let keys: readonly string[]
before(async () => {
  server = await TestServer.start()
  keys = await server.open(1, 1)
})
after(() => server.close())

const DEV =
  'path "secret/data/dev/*" { capabilities=["read","create","update","list"] }\n' +
  'path "secret/metadata/*" { capabilities=["list"] }'
const READ_A = 'path "a" { capabilities=["read"] }'

const root = (method: string, path: string, body?: unknown): Promise<Answer> =>
  server.asRoot(method, `/v1/${path}`, body)
const patch = (path: string, body: unknown): Promise<Answer> =>
  server.call('PATCH', `/v1/${path}`, body, {
    'x-vault-token': server.rootToken,
    'content-type': 'application/merge-patch+json',
  })
const refused = async (
  asked: Promise<Answer>,
  status: number,
  ...errors: readonly string[]
): Promise<void> => {
  const { status: got, body } = await asked
  assert.deepEqual([got, body.errors], [status, errors])
}

describe('sys/policies/acl', () => {
  test('takes a policy under its name in lower case, and says so', async () => {
    const { status, body } = await root('PUT', 'sys/policies/acl/Dev', { policy: DEV })
    assert.equal(status, 200)
    assert.deepEqual([body.data, body.warnings], [null, ['policy name was converted to dev']])
    const read = await root('GET', 'sys/policies/acl/dev')
    const { modified, ...rest } = read.body.data
    assert.match(modified, /^\d{4}-\d\d-\d\dT.*Z$/)
    assert.deepEqual(rest, {
      allow_slashes_in_identity_templates: false,
      allow_wildcards_in_identity_templates: false,
      cas_required: false,
      name: 'dev',
      policy: DEV,
      version: 1,
    })
    assert.deepEqual(Object.keys(read.body.data), Object.keys(read.body.data).sort())
  })

  test('lists with root at the end; a GET is no list', async () => {
    assert.deepEqual((await root('LIST', 'sys/policies/acl')).body.data, { keys: ['default', 'dev', 'root'] })
    assert.deepEqual((await root('GET', 'sys/policies/acl?list=true')).body.data.keys.length, 3)
    await refused(root('GET', 'sys/policies/acl'), 405, '1 error occurred:\n\t* unsupported operation\n\n')
    assert.deepEqual((await root('LIST', 'sys/policies/acl?after=default&limit=1')).body.data.keys, ['dev'])
    assert.deepEqual((await root('LIST', 'sys/policies/acl?after=dev')).body.data.keys, ['root'])
    await refused(root('LIST', 'sys/policies/acl?after=root'), 404)
    // Whether there is the name that a page begins behind makes no difference.
    assert.deepEqual((await root('LIST', 'sys/policies/acl?after=zzz')).body.data.keys, ['root'])
    assert.deepEqual((await root('LIST', 'sys/policies/acl?after=d')).body.data.keys[0], 'default')
  })

  test('lists those of a folder by their whole names', async () => {
    for (const name of ['team/a', 'team/b/c']) {
      assert.equal((await root('PUT', `sys/policies/acl/${name}`, { policy: READ_A })).status, 204)
    }
    assert.deepEqual((await root('LIST', 'sys/policies/acl/team')).body.data.keys, ['team/a', 'team/b/c'])
    assert.equal((await root('GET', 'sys/policies/acl/team/b/c')).body.data.name, 'team/b/c')
    await refused(root('LIST', 'sys/policies/acl/nothing'), 404)
    for (const name of ['team/a', 'team/b/c']) await root('DELETE', `sys/policies/acl/${name}`)
  })

  test('knows nothing of what is not there', async () => {
    await refused(root('GET', 'sys/policies/acl/nope'), 404)
    await refused(root('GET', 'sys/policy/nope'), 404)
    assert.equal((await root('DELETE', 'sys/policies/acl/nope')).status, 204)
    await refused(patch('sys/policies/acl/nope', { ttl: '1h' }), 404)
  })

  test('has root and default, which stay', async () => {
    assert.deepEqual((await root('GET', 'sys/policies/acl/root')).body.data, {
      allow_slashes_in_identity_templates: false,
      allow_wildcards_in_identity_templates: false,
      cas_required: false,
      name: 'root',
      policy: '',
      version: 0,
    })
    for (const name of ['root', 'ROOT', 'Root']) {
      await refused(
        root('PUT', `sys/policies/acl/${name}`, { policy: 'path "x" {}' }),
        400,
        'cannot update "root" policy',
      )
    }
    await refused(root('PUT', 'sys/policies/acl/root', {}), 400, 'cannot update "root" policy')
    await refused(root('DELETE', 'sys/policies/acl/default'), 400, 'cannot delete default policy')
    await refused(root('DELETE', 'sys/policies/acl/root'), 400, 'cannot delete "root" policy')
    assert.match((await root('GET', 'sys/policies/acl/default')).body.data.policy, /cubbyhole/)
  })

  for (const [body, error] of [
    [
      { policy: 'path "x" { capabilities=["fly"] }' },
      'failed to parse policy: path "x": invalid capability "fly"',
    ],
    [
      { policy: 'paht "x" { }' },
      'failed to parse policy: 1 error occurred:\n\t* invalid key "paht" on line 1\n\n',
    ],
    [
      { policy: 'path "x/+*" { capabilities=["read"] }' },
      'failed to parse policy: path "x/+*": invalid use of wildcards (\'+*\' is forbidden)',
    ],
    [{}, "'policy' parameter not supplied or empty"],
    [{ policy: '' }, "'policy' parameter not supplied or empty"],
    [{ policy: 'path "x" {' }, 'failed to parse policy: At 1:11: expected a name, and found the end'],
    [
      { policy: READ_A, ttl: '1h', expiration: '2030-01-01T00:00:00Z' },
      'give "expiration" or "ttl", not both',
    ],
    [{ policy: READ_A, expiration: '2001-01-01T00:00:00Z' }, 'the expiration is in the past'],
  ] as const) {
    test(`refuses ${JSON.stringify(body)}`, async () => {
      await refused(root('PUT', 'sys/policies/acl/bad', body), 400, error)
      await refused(root('GET', 'sys/policies/acl/bad'), 404)
    })
  }

  for (const name of ['a%20b', 'a%22b', 'r%C3%B6%C3%B6t', 'root.', 'root%20', 'a%00']) {
    test(`refuses the name ${name}`, async () => {
      assert.equal((await root('PUT', `sys/policies/acl/${name}`, { policy: READ_A })).status, 400)
    })
  }

  test('takes JSON, and base64', async () => {
    const json = '{"path":{"a/*":{"capabilities":["read"]}}}'
    assert.equal((await root('PUT', 'sys/policies/acl/j', { policy: json })).status, 204)
    const encoded = Buffer.from(json).toString('base64')
    assert.equal((await root('PUT', 'sys/policies/acl/j', { policy: encoded })).status, 204)
    const { data } = (await root('GET', 'sys/policies/acl/j')).body
    assert.deepEqual([data.policy, data.version], [json, 2])
  })

  test('changes by version, where that is asked for', async () => {
    const path = 'sys/policies/acl/exp'
    const first = { policy: READ_A, ttl: '1h', cas: -1, cas_required: true }
    assert.equal((await root('PUT', path, first)).status, 204)
    const { data } = (await root('GET', path)).body
    const lifetime = Date.parse(data.expiration) - Date.parse(data.modified)
    assert.deepEqual([data.cas_required, data.version, Math.round(lifetime / 1000)], [true, 1, 3600])
    await refused(
      root('PUT', path, { policy: READ_A }),
      400,
      'check-and-set parameter required for this call',
    )
    await refused(
      root('PUT', path, { policy: READ_A, cas: 9 }),
      400,
      'check-and-set parameter did not match the current version',
    )
    await refused(patch(path, { ttl: '2h' }), 400, 'check-and-set parameter required for this call')
    const patched = await patch(path, { ttl: '2h', cas: 1 })
    assert.deepEqual([patched.status, patched.body.data], [200, null])
    const later = (await root('GET', path)).body.data
    assert.deepEqual([later.policy, later.version], [READ_A, 2])
    assert.ok(Date.parse(later.expiration) > Date.parse(data.expiration) + 3_000_000)
    assert.equal((await patch(path, { expiration: null, cas: 2, cas_required: false })).status, 200)
    assert.equal((await root('GET', path)).body.data.expiration, undefined)
    assert.equal((await root('DELETE', path)).status, 204)
    await refused(root('GET', path), 404)
  })

  test('shows everything in one, where that is asked for', async () => {
    const { data } = (await root('LIST', 'sys/policies/detailed/acl')).body
    assert.deepEqual(data.keys, ['default', 'dev', 'j', 'root'])
    assert.equal(data.key_info.dev.policy, DEV)
    assert.deepEqual(Object.keys(data.key_info), data.keys)
    await refused(
      root('GET', 'sys/policies/detailed/acl'),
      405,
      '1 error occurred:\n\t* unsupported operation\n\n',
    )
  })
})

describe('sys/policy, as before', () => {
  test('lists, with all of it at the top level as well', async () => {
    for (const [method, path] of [
      ['GET', 'sys/policy'],
      ['LIST', 'sys/policy'],
    ] as const) {
      const { body } = await root(method, path)
      const lists = { keys: ['default', 'dev', 'j', 'root'], policies: ['default', 'dev', 'j', 'root'] }
      assert.deepEqual([body.data, body.keys, body.policies], [lists, lists.keys, lists.policies])
    }
  })
  test('calls the text rules, and takes it under either name', async () => {
    const { body } = await root('GET', 'sys/policy/dev')
    assert.deepEqual([body.data.rules, body.rules, body.data.policy], [DEV, DEV, undefined])
    const old = await root('PUT', 'sys/policy/old', { rules: 'path "a" { policy="write" }' })
    assert.deepEqual(
      [old.status, old.body.warnings],
      [200, ["'rules' is deprecated, please use 'policy' instead"]],
    )
    assert.equal((await root('PUT', 'sys/policy/old', { policy: READ_A })).status, 204)
    assert.equal((await root('GET', 'sys/policies/acl/old')).body.data.policy, READ_A)
    assert.equal((await root('DELETE', 'sys/policy/old')).status, 204)
  })
})

describe('sys/policies/password', () => {
  const policy = `length = 20
    rule "charset" { charset = "abcdefghijklmnopqrstuvwxyz" min-chars = 1 }
    rule "charset" { charset = "\\"\\\\0123456789" min-chars = 8 }`
  test('makes passwords by a policy', async () => {
    assert.equal((await root('PUT', 'sys/policies/password/p1', { policy })).status, 204)
    assert.equal((await root('GET', 'sys/policies/password/p1')).body.data.policy, policy)
    assert.deepEqual((await root('LIST', 'sys/policies/password')).body.data.keys, ['p1'])
    const seen = new Set<string>()
    for (let left = 20; left > 0; left--) {
      const { password } = (await root('GET', 'sys/policies/password/p1/generate')).body.data
      assert.match(password, /^[a-z0-9"\\]{20}$/)
      assert.ok(password.replace(/[a-z]/g, '').length >= 8)
      seen.add(password)
    }
    assert.equal(seen.size, 20)
    assert.equal((await root('DELETE', 'sys/policies/password/p1')).status, 204)
    await refused(root('GET', 'sys/policies/password/p1/generate'), 404, 'policy does not exist')
    await refused(root('GET', 'sys/policies/password/p1'), 404, 'policy does not exist')
  })
  for (const text of [
    'length = 3',
    'length = 8',
    'rule "charset" { charset = "a" }',
    'length = 8 rule "words" {}',
  ]) {
    test(`refuses ${text}`, async () => {
      assert.equal((await root('PUT', 'sys/policies/password/bad', { policy: text })).status, 400)
    })
  }
})

describe('capabilities', () => {
  test('of root are root, repeated at the top level', async () => {
    const { status, body } = await root('POST', 'sys/capabilities-self', { paths: ['x'] })
    assert.deepEqual(
      [status, body.data, body.x, body.capabilities],
      [200, { capabilities: ['root'], x: ['root'] }, ['root'], ['root']],
    )
  })
  test('of another token, and of an accessor', async () => {
    const own = (await root('GET', 'auth/token/lookup-self')).body.data
    const byToken = await root('POST', 'sys/capabilities', { token: server.rootToken, path: 'x' })
    assert.deepEqual(byToken.body.data, { capabilities: ['root'], x: ['root'] })
    const two = { accessor: own.accessor, paths: ['a', 'b'] }
    assert.deepEqual((await root('POST', 'sys/capabilities-accessor', two)).body.data, {
      a: ['root'],
      b: ['root'],
    })
  })
  test('are refused without paths, and for whom there is not', async () => {
    await refused(root('POST', 'sys/capabilities-self', {}), 400, 'paths must be supplied')
    const token = '1 error occurred:\n\t* invalid token\n\n'
    await refused(root('POST', 'sys/capabilities', { token: 'bad', paths: ['x'] }), 400, token)
    await refused(root('POST', 'sys/capabilities', { paths: ['x'] }), 400, token)
    await refused(
      root('POST', 'sys/capabilities-accessor', { accessor: 'x', paths: ['a'] }),
      400,
      '1 error occurred:\n\t* invalid accessor\n\n',
    )
  })
  test('the resultant ACL of root says that it is root', async () => {
    const { data } = (await root('GET', 'sys/internal/ui/resultant-acl')).body
    assert.deepEqual(data, { root: true, exact_paths: {}, glob_paths: {} })
  })
})

test('an explanation names policies that do not exist, to whoever may read them', async () => {
  const about = { path: 'secret/app', policies: ['tpyo', 'dev'] }
  const { body } = await root('POST', 'sys/policies/explain', about)
  assert.deepEqual(body.warnings, ['Policy "tpyo" does not exist'])
  assert.equal(body.data.reason, 'no rule of these policies fits the path')
  const known = await root('POST', 'sys/policies/explain', { ...about, policies: ['dev', 'root'] })
  assert.equal(known.body.warnings, null)
  const { client_token: token } = (await root('POST', 'auth/token/create', { policies: ['default'] })).body
    .auth
  for (const policies of [['tpyo'], ['dev']]) {
    const refused = await server.call(
      'POST',
      '/v1/sys/policies/explain',
      { ...about, policies },
      {
        'x-vault-token': token,
      },
    )
    assert.deepEqual([refused.status, refused.body.warnings], [403, undefined])
  }
})

test('policies are there again after a seal and an unseal', async () => {
  const before = (await root('GET', 'sys/policies/acl/dev')).body.data
  assert.equal(await server.reopensWith(keys), true)
  assert.deepEqual((await root('GET', 'sys/policies/acl/dev')).body.data, before)
})

test('nobody without a token learns anything of policies', async () => {
  for (const path of [
    'sys/policies/acl/dev',
    'sys/policies/acl/nope',
    'sys/policy',
    'sys/policies/explain',
  ]) {
    const { status, body } = await server.call('GET', `/v1/${path}`)
    assert.deepEqual([status, body.errors], [403, ['permission denied']])
  }
})
