import assert from 'node:assert/strict'
import { hostname } from 'node:os'
import { after, before, describe, test } from 'node:test'
import { type Answer, TestServer } from './in-process.ts'

const UNSUPPORTED = '1 error occurred:\n\t* unsupported operation\n\n'
/** RFC 3339 in UTC with at most nanoseconds, as Go's RFC3339Nano reads it. */
const RFC3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/

/** `sys/` behind a token, as key-lifecycle.md sections 1.1 and 3.4 to 3.10 have it. */
describe('sys/ behind a token', () => {
  let server: TestServer
  let keys: string[]
  before(async () => {
    server = await TestServer.start()
    keys = await server.open(3, 2)
  })
  after(() => server.close())

  const root = (method: string, path: string, body?: unknown): Promise<Answer> =>
    server.asRoot(method, `/v1/sys/${path}`, body)
  const term = async (): Promise<number> => (await root('GET', 'key-status')).body.data.term

  /** The members of the envelope around `data`, in the contract's order. */
  const wrapped = (body: object): void =>
    assert.deepEqual(
      ['request_id', 'lease_id', 'renewable', 'lease_duration', 'data', 'wrap_info', 'warnings', 'auth'],
      Object.keys(body).slice(-8),
    )

  for (const [method, path] of [
    ['GET', 'key-status'],
    ['PUT', 'rotate'],
    ['PUT', 'rotate/keyring'],
    ['PUT', 'rotate/root'],
    ['GET', 'rotate/config'],
    ['PUT', 'rotate/config'],
    ['GET', 'rotate/keyring/config'],
    ['GET', 'ha-status'],
    ['GET', 'version-history'],
    ['GET', 'version-history?list=true'],
    ['GET', 'host-info'],
  ] as const) {
    test(`${method} ${path} without a token, or with a wrong one, is 403 and tells nothing`, async () => {
      for (const headers of [{}, { 'x-vault-token': 'hvs.wrong' }]) {
        const answer = await server.call(
          method,
          `/v1/sys/${path}`,
          undefined,
          headers as Record<string, string>,
        )
        assert.deepEqual([answer.status, answer.body.errors], [403, ['permission denied']])
      }
    })
  }

  test('key-status is wrapped and hoisted: term, install_time, encryptions', async () => {
    const { status, body } = await root('GET', 'key-status')
    assert.equal(status, 200)
    wrapped(body)
    assert.deepEqual(Object.keys(body.data), ['term', 'install_time', 'encryptions'])
    assert.match(body.data.install_time, RFC3339)
    const { term, install_time, encryptions } = body
    assert.deepEqual({ term, install_time, encryptions }, body.data)
    assert.equal(term, 1)
    assert(encryptions > 0 && encryptions < 100, `${encryptions}`)
  })

  test('key-status takes no other operation', async () => {
    for (const method of ['PUT', 'POST', 'DELETE', 'LIST']) {
      const answer = await root(method, 'key-status')
      assert(answer.status === 405 || method === 'LIST', method)
      if (method !== 'LIST') assert.deepEqual(answer.body.errors, [UNSUPPORTED])
    }
  })

  test('encryptions counts what is written, and a rotation starts anew', async () => {
    const encryptions = async (): Promise<number> => (await root('GET', 'key-status')).body.data.encryptions
    const before = await encryptions()
    for (let index = 0; index < 10; index++) await server.asRoot('PUT', `/v1/secret/${index}`, { a: 1 })
    assert.equal(await encryptions(), before + 10)
    await root('PUT', 'rotate')
    assert((await encryptions()) < 10)
  })

  for (const path of ['rotate', 'rotate/keyring']) {
    test(`PUT and POST ${path} make a new term and answer 204; GET is 405`, async () => {
      for (const method of ['PUT', 'POST']) {
        const before = await term()
        const answer = await root(method, path)
        assert.deepEqual([answer.status, answer.body], [204, null])
        assert.equal(answer.headers.get('content-type'), 'application/json')
        assert.equal(await term(), before + 1)
      }
      const answer = await root('GET', path)
      assert.deepEqual([answer.status, answer.body.errors], [405, [UNSUPPORTED]])
    })
  }

  test('a secret of before a rotation is read after it, and after a seal', async () => {
    await server.asRoot('PUT', '/v1/secret/old', { of: 'before' })
    await root('PUT', 'rotate')
    await server.asRoot('PUT', '/v1/secret/new', { of: 'after' })
    assert(await server.reopensWith(keys.slice(0, 2)))
    assert.deepEqual((await server.asRoot('GET', '/v1/secret/old')).body.data, { of: 'before' })
    assert.deepEqual((await server.asRoot('GET', '/v1/secret/new')).body.data, { of: 'after' })
  })

  test('rotate/config answers the rules, under both of its names, wrapped and not hoisted', async () => {
    for (const path of ['rotate/config', 'rotate/keyring/config']) {
      const { status, body } = await root('GET', path)
      assert.equal(status, 200)
      wrapped(body)
      assert.deepEqual(body.data, { enabled: true, interval: 0, max_operations: 3_865_470_566 })
      assert.equal(body.max_operations, undefined)
    }
  })

  test('rotate/config takes any part; an interval comes back as a duration of Go', async () => {
    const config = async () => (await root('GET', 'rotate/config')).body.data
    for (const [sent, interval] of [
      [172_800, '48h0m0s'],
      ['48h', '48h0m0s'],
      ['86400', '24h0m0s'],
      ['2d', '48h0m0s'],
      [0, 0],
      ['0', 0],
    ]) {
      const answer = await root('PUT', 'rotate/config', { interval: sent })
      assert.deepEqual([answer.status, answer.body], [204, null])
      assert.deepEqual(await config(), { enabled: true, interval, max_operations: 3_865_470_566 })
    }
    await root('POST', 'rotate/keyring/config', { max_operations: '2000000' })
    assert.deepEqual(await config(), { enabled: true, interval: 0, max_operations: 2_000_000 })
    await root('PUT', 'rotate/config', { max_operations: 3_865_470_566 })
  })

  test('a change of enabled alone is kept, which the peer drops', async () => {
    for (const [sent, enabled] of [
      [false, false],
      ['true', true],
    ] as const) {
      assert.equal((await root('PUT', 'rotate/config', { enabled: sent })).status, 204)
      assert.equal((await root('GET', 'rotate/config')).body.data.enabled, enabled)
    }
  })

  test('rotate/config refuses with the words of the contract, the interval first, and changes nothing', async () => {
    const refuses = async (body: unknown, text: string | RegExp): Promise<void> => {
      const answer = await root('PUT', 'rotate/config', body)
      assert.equal(answer.status, 400)
      if (typeof text === 'string') assert.deepEqual(answer.body.errors, [text])
      else assert.match(answer.body.errors[0], text)
    }
    const before = (await root('GET', 'rotate/config')).body.data
    const interval = 'interval must be greater or equal to 24h0m0s'
    const number = 'max_operations must be in the range [1000000,3865470566]'
    await refuses({ interval: 86_399, max_operations: 1 }, interval)
    await refuses({ max_operations: 999_999 }, number)
    await refuses({ max_operations: 3_865_470_567 }, number)
    await refuses({ max_operations: 0 }, number)
    const field = (name: string) =>
      `Field validation failed: error converting input for field "${name}": '' cannot parse value as `
    await refuses({ enabled: 'maybe' }, `${field('enabled')}'bool': strconv.ParseBool: invalid syntax`)
    await refuses(
      { max_operations: 'many' },
      `${field('max_operations')}'int': strconv.ParseInt: invalid syntax`,
    )
    await refuses({ interval: 'xx' }, /^Field validation failed: .* field "interval": time: invalid duration/)
    await refuses({ interval: -1 }, /cannot provide negative value/)
    assert.deepEqual((await root('GET', 'rotate/config')).body.data, before)
  })

  test('an empty body changes nothing and is 204', async () => {
    const before = (await root('GET', 'rotate/config')).body.data
    assert.equal((await root('PUT', 'rotate/config', {})).status, 204)
    assert.equal((await root('PUT', 'rotate/config')).status, 204)
    assert.deepEqual((await root('GET', 'rotate/config')).body.data, before)
  })

  test('rotate/root without shares is 400, and names the rekey', async () => {
    for (const method of ['PUT', 'POST']) {
      const answer = await root(method, 'rotate/root')
      assert.equal(answer.status, 400)
      assert.match(answer.body.errors[0], /start a rekey with PUT \/v1\/sys\/rotate\/root\/init/)
    }
    assert.deepEqual((await root('GET', 'rotate/root')).body.errors, [UNSUPPORTED])
  })

  test('ha-status knows this one node, wrapped and hoisted', async () => {
    const { status, body } = await root('GET', 'ha-status')
    assert.equal(status, 200)
    wrapped(body)
    assert.deepEqual(body.nodes, body.data.nodes)
    assert.deepEqual(body.nodes, [
      {
        hostname: hostname(),
        api_address: 'http://127.0.0.1:8200',
        cluster_address: '',
        active_node: true,
        last_echo: null,
        version: '2.6.2',
      },
    ])
  })

  test('version-history by LIST and by ?list=true; a plain GET is no operation of it', async () => {
    for (const [method, path] of [
      ['LIST', 'version-history'],
      ['LIST', 'version-history/'],
      ['GET', 'version-history?list=true'],
      ['GET', 'version-history/?list=true'],
    ] as const) {
      const { status, body } = await root(method, path)
      assert.equal(status, 200, `${method} ${path}`)
      wrapped(body)
      assert.deepEqual(body.data.keys, ['2.6.2'])
      const { timestamp_installed, ...info } = body.data.key_info['2.6.2']
      assert.match(timestamp_installed, RFC3339)
      assert.deepEqual(info, {
        commit_date: '2026-08-18T10:43:05Z',
        previous_version: null,
        conclave_versions: { '0.1.0': timestamp_installed },
      })
    }
    assert.deepEqual((await root('GET', 'version-history')).body.errors, [UNSUPPORTED])
  })

  test('host-info is wrapped: timestamp, cpu, cpu_times, disk, host, memory', async () => {
    const { status, body } = await root('GET', 'host-info')
    assert.equal(status, 200)
    wrapped(body)
    const { cpu, cpu_times, disk, host, memory, timestamp } = body.data
    assert.equal(Object.keys(body.data).length, 6)
    assert.match(timestamp, RFC3339)
    assert.equal(cpu.length, cpu_times.length)
    assert.equal(typeof cpu[0].modelName, 'string')
    assert(cpu_times[0].idle > 0)
    assert.equal(host.hostname, hostname())
    assert(host.uptime > 0 && host.bootTime > 1_600_000_000)
    assert(memory.total >= memory.available && memory.available > 0)
    assert(memory.usedPercent >= 0 && memory.usedPercent <= 100)
    assert(disk[0].total >= disk[0].used && disk[0].free > 0)
  })

  test('step-down is 204 without a token, in every state, and takes nothing but PUT and POST', async () => {
    const stepDown = (method: string): Promise<Answer> => server.call(method, '/v1/sys/step-down')
    const other = await TestServer.start()
    assert.equal((await other.call('PUT', '/v1/sys/step-down')).status, 204)
    await other.close()
    assert.equal((await stepDown('PUT')).status, 204)
    const get = await stepDown('GET')
    assert.deepEqual([get.status, get.body.errors], [405, []])
    await root('PUT', 'seal')
    assert.equal((await stepDown('POST')).status, 204)
    await server.unseal(keys.slice(0, 2))
  })

  test('sealed, every one of them is 503', async () => {
    await root('PUT', 'seal')
    for (const [method, path] of [
      ['GET', 'key-status'],
      ['PUT', 'rotate'],
      ['GET', 'rotate/config'],
      ['PUT', 'rotate/root'],
      ['GET', 'ha-status'],
      ['LIST', 'version-history'],
      ['GET', 'host-info'],
    ] as const) {
      const answer = await root(method, path)
      assert.deepEqual([answer.status, answer.body.errors], [503, ['Vault is sealed']], path)
    }
    await server.unseal(keys.slice(0, 2))
  })
})
