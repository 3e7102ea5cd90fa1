import assert from 'node:assert/strict'
import { hostname } from 'node:os'
import { after, before, describe, test } from 'node:test'
import { nodePrimitives } from '../../src/crypto/node/primitives.ts'
import { verifyTranscript } from '../../src/custody/transcript-verify.ts'
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

/** Our own routes; custody.md section 3 says what a transcript is. */
describe('sys/ceremonies', () => {
  let server: TestServer
  let keys: string[]
  before(async () => {
    server = await TestServer.start()
    keys = await server.open(3, 2)
    await server.call('PUT', '/sys/rekey/init', { secret_shares: 3, secret_threshold: 2 })
    await server.call('PUT', '/sys/rekey/update', { key: keys[0] })
    const rekey = await server.call('PUT', '/sys/rekey/update', { key: keys[1] })
    keys = rekey.body.keys
  })
  after(() => server.close())

  const root = (method: string, path: string): Promise<Answer> => server.asRoot(method, `/v1/sys/${path}`)

  test('without a token it is 403, sealed 503', async () => {
    const id = '00000000-0000-4000-8000-000000000000'
    for (const path of ['ceremonies', 'ceremonies?list=true', `ceremonies/${id}/transcript`]) {
      const answer = await server.call('GET', `/v1/sys/${path}`)
      assert.deepEqual([answer.status, answer.body.errors], [403, ['permission denied']])
    }
    await root('PUT', 'seal')
    assert.equal((await root('GET', 'ceremonies')).status, 503)
    await server.unseal(keys.slice(0, 2))
  })

  test('GET lists them, the newest first: id, kind, times, outcome, serial, head', async () => {
    const { status, body } = await root('GET', 'ceremonies')
    assert.equal(status, 200)
    const { ceremonies, next } = body.data
    assert.deepEqual(
      ceremonies.map(({ kind, outcome }: { kind: string; outcome: string }) => `${kind} ${outcome}`),
      ['unseal completed', 'retire completed', 'rekey completed', 'unseal completed', 'init completed'],
    )
    assert.equal(next, null)
    const [newest] = ceremonies
    assert.deepEqual(Object.keys(newest), [
      'id',
      'kind',
      'opened_at',
      'ended_at',
      'outcome',
      'serial',
      'head',
    ])
    assert.match(newest.opened_at, RFC3339)
    assert.match(newest.ended_at, RFC3339)
    assert.match(newest.head, /^[0-9a-f]{64}$/)
  })

  test('page by page: limit, and after the id that the page before gave as next', async () => {
    const all = (await root('GET', 'ceremonies')).body.data.ceremonies
    const first = (await root('GET', 'ceremonies?limit=2')).body.data
    assert.deepEqual(first.ceremonies, all.slice(0, 2))
    assert.equal(first.next, all[1].id)
    const second = (await root('GET', `ceremonies?limit=3&after=${first.next}`)).body.data
    assert.deepEqual([second.ceremonies, second.next], [all.slice(2), null])
    for (const limit of ['0', '101', 'x', '-1', '']) {
      assert.equal((await root('GET', `ceremonies?limit=${limit}`)).status, 400, limit)
    }
    assert.equal((await root('GET', 'ceremonies?limit=100')).status, 200)
    assert.equal((await root('GET', 'ceremonies?after=nobody')).status, 404)
  })

  test('LIST gives the ids, also page by page', async () => {
    const ids = (await root('GET', 'ceremonies')).body.data.ceremonies
      .map((one: { id: string }) => one.id)
      .sort()
    assert.deepEqual((await root('LIST', 'ceremonies')).body.data.keys, ids)
    assert.deepEqual((await root('GET', 'ceremonies?list=true&limit=2')).body.data.keys, ids.slice(0, 2))
    const rest = await root('GET', `ceremonies?list=true&after=${ids[1]}`)
    assert.deepEqual(rest.body.data.keys, ids.slice(2))
    assert.equal((await root('LIST', `ceremonies?after=${ids.at(-1)}`)).status, 404)
  })

  test('a transcript is its lines as they were written, and verifies', async () => {
    const [, , rekey] = (await root('GET', 'ceremonies')).body.data.ceremonies
    const { status, body } = await root('GET', `ceremonies/${rekey.id}/transcript`)
    assert.equal(status, 200)
    const { lines, ...summary } = body.data
    assert.deepEqual(summary, rekey)
    const bytes = lines.map((line: string) => Buffer.from(line))
    const verdict = verifyTranscript(nodePrimitives, bytes)
    assert(verdict.ok)
    assert.deepEqual(
      verdict.facts.consents.map(({ set, share, verb }) => [set, share, verb]),
      [
        [1, 1, 'agree'],
        [1, 2, 'agree'],
      ],
    )
    assert.equal((await root('GET', 'ceremonies/nobody/transcript')).status, 404)
    assert.equal((await root('GET', `ceremonies/${rekey.id}/nothing`)).status, 404)
  })

  test('custody status shows head and identity key of an open store to anybody, and no head of a sealed one', async () => {
    const custody = async () => (await server.call('GET', '/v1/sys/custody/status')).body
    const [newest] = (await root('GET', 'ceremonies')).body.data.ceremonies
    const open = await custody()
    assert.equal(open.transcript_head, newest.head)
    assert.match(open.identity_key, /^[0-9a-f]{64}$/)
    await root('PUT', 'seal')
    const sealed = await custody()
    assert.deepEqual([sealed.transcript_head, sealed.identity_key], [null, open.identity_key])
    await server.unseal(keys.slice(0, 2))
    const empty = await TestServer.start()
    const answer = await empty.call('GET', '/v1/sys/custody/status')
    assert.deepEqual([answer.body.transcript_head, answer.body.identity_key], [null, null])
    await empty.close()
  })
})
