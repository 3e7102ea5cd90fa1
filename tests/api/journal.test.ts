import assert from 'node:assert/strict'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { ceremonyOf } from '../../src/system/refusals.ts'
import { TestServer } from './in-process.ts'
import { type Answer, ServerProcess, temporaryFolder } from './server-process.ts'

const WRONG = 'ab'.repeat(33)

/** A server that ends with the test. */
async function started(
  t: TestContext,
  ...listener: Parameters<typeof TestServer.start>
): Promise<TestServer> {
  const server = await TestServer.start(...listener)
  t.after(() => server.close())
  return server
}

/** What stands in the journal of a server in this process, since `after`. */
function said(server: TestServer, after = 0): readonly string[] {
  return server.server.journal
    .entries()
    .filter((entry) => entry.sequence > after)
    .map(({ kind, event, reason }) => `${kind} ${event}${reason === null ? '' : ` ${reason}`}`)
}

function newest(server: TestServer): number {
  return server.server.journal.entries().at(-1)?.sequence ?? 0
}

test('every route outside the router that changes something is a ceremony’s, and reports its refusals', async (t) => {
  const server = await started(t)
  // Alone, there is nobody to step down for: it changes nothing.
  const harmless = '/v1/sys/step-down'
  const routes = [...server.server.service.bareRoutes.values()].filter(({ path }) => path !== harmless)
  const changing = routes.filter(({ handlers }) =>
    Object.keys(handlers).some((method) => method !== 'GET' && method !== 'HEAD'),
  )
  assert.ok(changing.length >= 7, 'the routes were found')
  for (const route of changing) {
    assert.notEqual(ceremonyOf(route.path), null, route.path)
    assert.equal(typeof route.refused, 'function', route.path)
  }
})

test('nothing else is taken for a ceremony', () => {
  for (const path of [
    '/v1/sys/seal-status',
    '/v1/sys/init-x',
    '/v1/secret/sys/seal',
    '/v1/sys/custody/status',
  ]) {
    assert.equal(ceremonyOf(path), null, path)
  }
  assert.equal(ceremonyOf('/sys/rekey/update'), 'rekey')
  assert.equal(ceremonyOf('/v1/sys/generate-root/attempt'), 'generate_root')
  assert.equal(ceremonyOf('/v1/sys/rotate/root/update'), 'rekey')
  assert.equal(ceremonyOf('/v1/sys/rotate/keyring'), null)
})

test('each refusal on the way to an open store is recorded with its reason and source', async (t) => {
  const server = await started(t)
  const put = (path: string, body?: unknown): Promise<unknown> => server.call('PUT', path, body)
  await put('/v1/sys/unseal', { key: WRONG })
  await put('/v1/sys/init', { secret_shares: 1, secret_threshold: 3 })
  const { body } = await server.call('PUT', '/v1/sys/init', { secret_shares: 3, secret_threshold: 2 })
  await put('/v1/sys/init', { secret_shares: 3, secret_threshold: 2 })
  await put('/v1/sys/unseal', { key: WRONG })
  await put('/v1/sys/unseal', { key: 'no share' })
  await put('/v1/sys/unseal', {})
  await put('/v1/sys/unseal', '{"key": ')
  await put('/v1/sys/unseal', { key: 'x'.repeat(70_000) })
  await server.call('DELETE', '/v1/sys/unseal')
  await put('/v1/sys/rekey/init', { secret_shares: 3, secret_threshold: 2 })
  await put('/sys/rekey/update', { key: body.keys[0] })
  assert.deepEqual(said(server), [
    'unseal refused not_initialized',
    'init refused parameters_invalid',
    'init completed',
    'init refused already_initialized',
    'unseal refused share_unknown',
    'unseal refused share_malformed',
    'unseal refused bad_request',
    'unseal refused too_large',
    'unseal refused unsupported_operation',
    'rekey refused sealed',
  ])
  const sources = new Set(server.server.journal.entries().map((entry) => entry.source))
  assert.deepEqual([...sources], ['127.0.0.1'])
})

test('on an open store too: no token, no credential, a wrong or repeated share, another rekey’s nonce', async (t) => {
  const server = await started(t, { ceremonyAccess: 'guarded' })
  const keys = await server.open(3, 2)
  const before = newest(server)
  await server.call('PUT', '/v1/sys/seal')
  await server.call('PUT', '/sys/rekey/init', { secret_shares: 3, secret_threshold: 2 })
  await server.call('DELETE', '/v1/sys/rekey/init')
  const { body } = await server.asRoot('PUT', '/v1/sys/rekey/init', { secret_shares: 3, secret_threshold: 2 })
  const { nonce } = body
  await server.call('PUT', '/v1/sys/rekey/update', { key: WRONG, nonce })
  await server.call('PUT', '/v1/sys/rekey/update', { key: keys[0], nonce: 'another' })
  await server.call('PUT', '/v1/sys/rekey/update', { key: keys[0], nonce })
  const repeated = await server.call('PUT', '/v1/sys/rekey/update', { key: keys[0], nonce })
  assert.equal(repeated.body.code, 'share_duplicate')
  assert.deepEqual(said(server, before), [
    'seal refused permission_denied',
    'rekey refused permission_denied',
    'rekey opened',
    'rekey refused share_unknown',
    'rekey refused nonce_mismatch',
    'rekey share_counted',
    'rekey share_repeated share_duplicate',
  ])
  const last = server.server.journal.entries().at(-1)
  assert.deepEqual([last?.share, last?.ceremony], [1, nonce], 'it was recognised all the same')
  const opened = server.server.journal
    .entries()
    .find((entry) => entry.kind === 'rekey' && entry.event === 'opened')
  assert.deepEqual([opened?.ceremony, opened?.credential], [nonce, 'token'])
})

test('behind a token the same: what the ceremonies there refuse, and with whose token they run', async (t) => {
  const server = await started(t)
  const keys = await server.open(3, 2)
  const before = newest(server)
  const counts = { secret_shares: 3, secret_threshold: 2 }
  await server.asRoot('PUT', '/v1/sys/rotate/root/init', { secret_shares: 1, secret_threshold: 3 })
  const { body } = await server.asRoot('PUT', '/v1/sys/rotate/root/init', counts)
  const { nonce } = body.data
  await server.asRoot('PUT', '/v1/sys/rotate/root/update', { key: WRONG, nonce })
  await server.asRoot('PUT', '/v1/sys/rotate/root/update', { key: keys[1], nonce })
  await server.asRoot('GET', '/v1/sys/rotate/root/verify')
  await server.asRoot('DELETE', '/v1/sys/rotate/root/init')
  await server.asRoot('PUT', '/v1/sys/generate-root-token/update', { key: keys[1], nonce })
  assert.deepEqual(said(server, before), [
    'rekey refused parameters_invalid',
    'rekey opened',
    'rekey refused share_unknown',
    'rekey share_counted',
    'rekey cancelled',
    'generate_root refused ceremony_not_running',
  ])
})

test('refusals of retired shares beyond 50 a second are recorded as throttled', async (t) => {
  const server = await started(t)
  const old = await server.open(3, 2)
  await server.call('PUT', '/sys/rekey/init', { secret_shares: 3, secret_threshold: 2 })
  for (const key of old.slice(0, 2)) await server.call('PUT', '/sys/rekey/update', { key })
  await server.call('PUT', '/sys/rekey/init', { secret_shares: 3, secret_threshold: 2 })
  const before = newest(server)
  for (let index = 0; index < 60; index++) await server.call('PUT', '/sys/rekey/update', { key: old[0] })
  const events = said(server, before)
  assert.deepEqual(events, ['rekey refused share_retired', 'rekey throttled share_unknown'])
})

test('reading changes nothing and is not recorded, whatever comes of it', async (t) => {
  const server = await started(t)
  await server.open(3, 2)
  const before = newest(server)
  await server.call('GET', '/v1/sys/unseal')
  await server.call('GET', '/v1/sys/rekey/update')
  await server.call('GET', '/sys/rekey/init')
  await server.call('HEAD', '/v1/sys/rekey/init')
  assert.deepEqual(said(server, before), [])
})

test('sys/custody/journal takes a token with sudo, and an open store', async (t) => {
  const server = await started(t)
  assert.equal((await server.call('GET', '/v1/sys/custody/journal')).status, 503)
  await server.open(3, 2)
  assert.equal((await server.call('GET', '/v1/sys/custody/journal')).status, 403)
  const { status, body } = await server.asRoot('GET', '/v1/sys/custody/journal')
  assert.equal(status, 200)
  const { nonce, time, until, ...rest } = body.data.entries[1]
  assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  assert.equal(until, time)
  const { ceremony, ...facts } = rest
  assert.match(ceremony, /^[0-9a-f]{8}-/)
  assert.deepEqual(facts, {
    sequence: 2,
    kind: 'unseal',
    event: 'share_counted',
    share: 1,
    source: '127.0.0.1',
    credential: null,
    reason: null,
    count: 1,
  })
})

test('it answers the newest entries, or those behind a sequence, as many as were asked for', async (t) => {
  const server = await started(t)
  await server.open(3, 3)
  const ask = async (query: string): Promise<unknown> => {
    const { body } = await server.asRoot('GET', `/v1/sys/custody/journal${query}`)
    return body.data?.entries.map((entry: { sequence: number }) => entry.sequence) ?? body.code
  }
  assert.deepEqual(await ask(''), [1, 2, 3, 4, 5])
  assert.deepEqual(await ask('?limit=2'), [4, 5])
  assert.deepEqual(await ask('?after=1&limit=2'), [2, 3])
  assert.deepEqual(await ask('?after=3'), [4, 5])
  assert.deepEqual(await ask('?after=5'), [])
  assert.deepEqual(await ask('?limit=2048'), [1, 2, 3, 4, 5])
  for (const wrong of ['?limit=0', '?limit=2049', '?limit=-1', '?limit=1e3', '?after=x', '?after=1.5']) {
    assert.equal(await ask(wrong), 'bad_request', wrong)
  }
})

/** Every way in which a secret that was refused could have got into a file. */
function formsOf(canary: string): readonly Buffer[] {
  const raw = Buffer.from(canary, /^[0-9a-f]+$/.test(canary) ? 'hex' : 'latin1')
  const texts = [canary, raw.toString('hex'), raw.toString('base64'), raw.toString('base64url')]
  return [raw, ...texts.map((text) => Buffer.from(text.slice(0, 24)))]
}

test('nothing of what was refused is in the file, and what was recorded survives kill -9', async () => {
  const work = temporaryFolder()
  const folder = join(work.path, 'store')
  const server = await ServerProcess.start(folder)
  const { body } = await server.call('PUT', '/v1/sys/init', { secret_shares: 3, secret_threshold: 2 })
  const canaries = [
    'c0ffee'.repeat(11),
    'deadbeef'.repeat(8),
    'canary-not-a-share-at-all-4711',
    Buffer.from('canary in base64, thirty-three by').toString('base64'),
    `${'abandon '.repeat(23)}canary`,
  ]
  for (const canary of canaries) {
    for (const path of ['/v1/sys/unseal', '/sys/rekey/update', '/v1/sys/rekey/update', '/v1/sys/init']) {
      await server.call('PUT', path, { key: canary, nonce: canary, [canary]: canary }, canary.slice(0, 20))
    }
  }
  await server.call('PUT', '/v1/sys/unseal', { key: body.keys[0] })
  await server.kill()
  const bytes = readFileSync(join(folder, 'ceremony.journal'))
  assert.notEqual(bytes.indexOf('share_malformed'), -1, 'the refusals themselves are there')
  for (const secret of [...canaries, ...body.keys, body.root_token]) {
    for (const form of formsOf(secret)) assert.equal(bytes.indexOf(form), -1, form.toString())
  }

  const next = await ServerProcess.start(folder)
  assert(await next.unseal(body.keys))
  const answer: Answer = await next.call('GET', '/v1/sys/custody/journal', undefined, body.root_token)
  const shares = answer.body.data.entries.flatMap((entry: { share: number | null }) => entry.share ?? [])
  assert.deepEqual(shares, [1, 1, 2], 'the first before the kill, two after it')
  await next.stop()
  work.remove()
})

test('a journal that is damaged or missing stops neither start nor unseal', async () => {
  const work = temporaryFolder()
  const folder = join(work.path, 'store')
  const first = await ServerProcess.start(folder)
  const { body } = await first.call('PUT', '/v1/sys/init', { secret_shares: 3, secret_threshold: 2 })
  await first.stop()
  const path = join(folder, 'ceremony.journal')
  const damages = [
    () => writeFileSync(path, Buffer.alloc(1024 * 1024, 'damaged ')),
    () => writeFileSync(path, ''),
    () => rmSync(path),
  ]
  for (const damage of damages) {
    damage()
    const server = await ServerProcess.start(folder)
    assert(await server.unseal(body.keys))
    const answer = await server.call('GET', '/v1/sys/custody/journal', undefined, body.root_token)
    assert.deepEqual(
      answer.body.data.entries.map((entry: { event: string }) => entry.event),
      ['share_counted', 'share_counted', 'completed'],
    )
    assert.equal(await server.stop(), 0)
  }
  work.remove()
})
