import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { after, beforeEach, describe, type TestContext, test } from 'node:test'
import { ContractServer } from '../../../tests/cli/contract-server.ts'
import { ConclaveClient } from '../../client/conclave-client.ts'
import { serverTime } from './complete.ts'
import { livePaths } from './live-paths.ts'

const server = await ContractServer.start()
const client = new ConclaveClient({ address: server.address, timeoutMs: 1000 })
after(() => {
  client.close()
  server.close()
})
beforeEach(() => server.reset())

const MOUNTS = 'GET /v1/sys/internal/ui/mounts'

function mount(...names: readonly string[]): void {
  const auth = names.filter((name) => name.startsWith('auth/')).map((name) => [name.slice(5), {}])
  const secret = names.filter((name) => !name.startsWith('auth/')).map((name) => [name, {}])
  const data = { auth: Object.fromEntries(auth), secret: Object.fromEntries(secret) }
  server.answers.set(MOUNTS, [200, JSON.stringify({ data })])
}

function keep(folder: string, keys: readonly string[]): void {
  server.answers.set(`GET /v1/${folder}?list=true`, [200, JSON.stringify({ data: { keys } })])
}

describe('mounts', () => {
  test('are those that the server tells, one level at a time', async () => {
    mount('secret/', 'team/a/', 'team/b/', 'auth/token/')
    assert.deepEqual(await livePaths(client, ''), ['auth/', 'secret/', 'team/'])
    assert.deepEqual(await livePaths(client, 'te'), ['team/'])
    assert.deepEqual(await livePaths(client, 'team/'), ['team/a/', 'team/b/'])
    assert.deepEqual(await livePaths(client, 'auth/t'), ['auth/token/'])
  })

  test('are those of every store where the server cannot tell them, and none where it will not', async () => {
    server.answers.set(MOUNTS, [404, '{"errors":["unsupported path"],"code":"unsupported_path"}'])
    assert.deepEqual(await livePaths(client, ''), ['auth/', 'cubbyhole/', 'secret/', 'sys/'])
    server.answers.set(MOUNTS, [403, '{"errors":["permission denied"],"code":"permission_denied"}'])
    assert.deepEqual(await livePaths(client, ''), [])
  })

  test('stand beside the keys of the mount around them', async () => {
    mount('team/', 'team/kv/')
    keep('team/', ['plain'])
    assert.deepEqual(await livePaths(client, 'team/'), ['team/kv/', 'team/plain'])
  })
})

describe('of a mount of KV version 2', () => {
  const secret = { type: 'kv', options: { version: '2' } }
  const mounts = { 'secret/': secret, 'team/kv/': secret, 'old/': { type: 'kv', options: null } }
  const others = { 'cubbyhole/': { type: 'cubbyhole' }, 'sys/': { type: 'system' } }
  beforeEach(() => {
    const data = { secret: { ...mounts, ...others }, auth: { 'token/': { type: 'token' } } }
    server.answers.set(MOUNTS, [200, JSON.stringify({ data })])
    keep('secret/metadata/', ['app', 'data/', 'team/'])
    keep('secret/metadata/team/', ['db'])
    keep('secret/metadata/data/', ['deep'])
    keep('old/', ['plain'])
  })

  for (const [kind, typed, expected] of [
    ['kv', '', ['old/', 'secret/', 'team/']],
    ['kv', 'secret/', ['secret/app', 'secret/data/', 'secret/team/']],
    ['kv', 'secret/te', ['secret/team/']],
    ['kv', 'secret/team/', ['secret/team/db']],
    ['kv', 'secret/data/te', ['secret/data/team/']],
    ['kv', 'secret/metadata/team/', ['secret/metadata/team/db']],
    ['kv', 'team/', ['team/kv/']],
    ['kv', 'old/', ['old/plain']],
    ['literal', 'secret/data/', ['secret/data/deep']],
    ['mounts', '', ['old', 'secret', 'team/kv']],
    ['mounts', 'te', ['team/kv']],
    ['logical', 'secret/d', ['secret/data/', 'secret/delete/', 'secret/destroy/']],
    ['logical', 'secret/data/', ['secret/data/app', 'secret/data/data/', 'secret/data/team/']],
    ['logical', 'secret/undelete/team/', ['secret/undelete/team/db']],
    ['logical', 'secret/app/', []],
    ['logical', 'a', ['auth/']],
  ] as const) {
    test(`${kind} ${JSON.stringify(typed)}`, async () => {
      assert.deepEqual(await livePaths(client, typed, kind), expected)
    })
  }
})

describe('keys', () => {
  test('are those below the folder that has been typed, and one level of them', async () => {
    keep('secret/app/', ['db', 'web', 'deep/'])
    assert.deepEqual(await livePaths(client, 'secret/app/'), [
      'secret/app/db',
      'secret/app/deep/',
      'secret/app/web',
    ])
    assert.deepEqual(await livePaths(client, 'secret/app/d'), ['secret/app/db', 'secret/app/deep/'])
  })

  test('keep what only a shell minds: it quotes them', async () => {
    const names = ['a b', '$(id)', '`id`', '"', "'", ';&|<>', '*?[!', '~', '#', '-rf', 'é日', '\u200d']
    keep('secret/', names)
    assert.deepEqual(await livePaths(client, 'secret/'), names.map((name) => `secret/${name}`).sort())
  })

  for (const [what, name] of [
    ['with a line end', 'a\nwords'],
    ['with a tab', 'a\tb'],
    ['with an escape of terminals', 'a\u001b]0;x\u0007'],
    ['with a control character of C1', 'a\u009b'],
    ['with a line separator', 'a\u2028b'],
    ['that turns the direction of text', 'a\u202eb'],
    ['that is half a character', 'a\ud800'],
    ['of two levels', 'a/b'],
    ['without a name', ''],
    ['without end', 'a'.repeat(513)],
  ] as const) {
    test(`leave out one ${what}`, async () => {
      keep('secret/', ['ok', name])
      assert.deepEqual(await livePaths(client, 'secret/'), ['secret/ok'])
    })
  }

  test('are a thousand at most', async () => {
    keep(
      'secret/',
      Array.from({ length: 1001 }, (_, at) => `k${at}`),
    )
    assert.equal((await livePaths(client, 'secret/')).length, 1000)
  })
})

test('nothing that a server mounts passes for a flag', async () => {
  mount('-rf/', 'secret/')
  assert.deepEqual(await livePaths(client, ''), ['secret/'])
})

for (const [what, answer] of [
  ['no JSON', [200, '<html>']],
  ['another shape', [200, '{"data":{"keys":{"a":1},"secret":[1],"auth":"x"}}']],
  ['numbers for names', [200, '{"data":{"keys":[1,null,"b"]}}']],
  ['that it is sealed', [503, '{"errors":["Vault is sealed"],"code":"sealed"}']],
] as const) {
  test(`a server that answers ${what} does no harm`, async () => {
    server.answers.set(MOUNTS, answer)
    server.answers.set('GET /v1/secret/?list=true', answer)
    const expected = what === 'numbers for names' ? ['secret/b'] : []
    assert.deepEqual(await livePaths(client, 'secret/'), expected)
  })
}

describe('behind the deadline of a completion', () => {
  /** Asks a server for which it is over when the request of that number comes; all before are answered. */
  async function asked(t: TestContext, last: number): Promise<{ lines: number; paths: readonly string[] }> {
    const deadline = new AbortController()
    let lines = 0
    const late = createServer((_request, response) => {
      if (++lines === last) deadline.abort()
      else response.end('{"data":{"secret":{"secret/":{},"secret/app/deep/":{}}}}')
    })
    late.listen(0, '127.0.0.1')
    await once(late, 'listening')
    const place = late.address()
    assert.ok(typeof place === 'object' && place !== null)
    const address = `http://127.0.0.1:${place.port}`
    const hurried = new ConclaveClient({ address, deadline: deadline.signal })
    t.after(() => {
      hurried.close()
      late.closeAllConnections()
      late.close()
    })
    if (last === 0) deadline.abort()
    const paths = await livePaths(hurried, 'secret/app/')
    return { lines, paths }
  }

  test('no request is begun', async (t) => {
    assert.deepEqual(await asked(t, 0), { lines: 0, paths: [] })
    assert.deepEqual(await asked(t, 1), { lines: 1, paths: [] })
  })

  test('what the server told before is offered', async (t) => {
    assert.deepEqual(await asked(t, 2), { lines: 2, paths: ['secret/app/deep/'] })
  })
})

test('a server has what is left of 220 ms, and never more than 200 or less than 100', () => {
  const ages = [0, 20, 70.4, 150, 2000]
  assert.deepEqual(ages.map(serverTime), [200, 200, 150, 100, 100])
})
