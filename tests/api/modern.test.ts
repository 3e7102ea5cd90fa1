import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { SecretBytes } from '../../src/base/secret-bytes.ts'
import { nodePrimitives } from '../../src/crypto/node/primitives.ts'
import { shareCard } from '../../src/custody/share-card.ts'
import { type Answer, TestServer } from './in-process.ts'

/**
 * `/v1/sys/…` as key-lifecycle.md sections 2, 3 and 5 have it, with the differences that custody.md lists.
 */
describe('the modern face', () => {
  let server: TestServer
  let keys: string[]
  before(async () => {
    server = await TestServer.start()
    keys = await server.open(3, 2)
  })
  after(() => server.close())
  beforeEach(() => server.call('DELETE', '/v1/sys/rekey/init'))

  const init = (method: string, body?: unknown): Promise<Answer> =>
    server.call(method, '/v1/sys/rekey/init', body)
  const update = (body: unknown): Promise<Answer> => server.call('PUT', '/v1/sys/rekey/update', body)
  const start = async (): Promise<string> =>
    (await init('PUT', { secret_shares: 3, secret_threshold: 2 })).body.nonce

  test('idle, GET rekey/init has exactly nine fields', async () => {
    assert.deepEqual((await init('GET')).body, {
      nonce: '',
      started: false,
      t: 0,
      n: 0,
      progress: 0,
      required: 2,
      pgp_fingerprints: null,
      backup: false,
      verification_required: false,
    })
  })

  test('PUT rekey/init answers the running status with a nonce, and GET says the same', async () => {
    const answer = await init('PUT', { secret_shares: 5, secret_threshold: 3 })
    assert.equal(answer.status, 200)
    assert.match(answer.body.nonce, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    assert.deepEqual([answer.body.t, answer.body.n, answer.body.progress, answer.body.required], [3, 5, 0, 2])
    assert.deepEqual((await init('GET')).body, answer.body)
  })

  test('a bad number is 400, where the peer says 500, with the words of the contract', async () => {
    const answer = await init('PUT', { secret_shares: 3, secret_threshold: 4 })
    assert.equal(answer.status, 400)
    assert.deepEqual(answer.body.errors, [
      'invalid rekey seal configuration: threshold cannot be larger than shares',
    ])
  })

  test('a second init is refused after its numbers were judged', async () => {
    await start()
    assert.match((await init('PUT', { secret_shares: 0 })).body.errors[0], /shares must be at least one/)
    const second = await init('PUT', { secret_shares: 3, secret_threshold: 2 })
    assert.deepEqual([second.status, second.body.errors], [400, ['rekey already in progress']])
  })

  test('update: the checks of section 5.6 in their order', async () => {
    assert.deepEqual((await update({})).body.errors, ["'key' must be specified in request body as JSON"])
    assert.deepEqual((await update({ key: keys[0], nonce: 'x' })).body.errors, [
      'no barrier rekey in progress',
    ])
    const nonce = await start()
    const wrong = await update({ key: keys[0], nonce: 'x' })
    assert.deepEqual(
      [wrong.status, wrong.body.errors],
      [400, [`incorrect nonce supplied; nonce for this rekey operation is "${nonce}"`]],
    )
    assert.equal((await update({ key: keys[0] })).body.code, 'nonce_mismatch')
    assert.equal((await update({ key: 'not a share', nonce })).status, 400)
    assert.equal((await update({ key: keys[0], nonce })).body.progress, 1)
    const again = await update({ key: keys[0], nonce })
    assert.deepEqual(
      [again.status, again.body.errors],
      [400, ['given key has already been provided during this generation operation']],
    )
    assert.equal((await init('GET')).body.progress, 1)
  })

  test('hex in either case, base64 with and without padding: every spelling of a share counts', async () => {
    const nonce = await start()
    const raw = Buffer.from(keys[0]!, 'hex')
    assert.equal((await update({ key: raw.toString('base64'), nonce })).body.progress, 1)
    for (const spelling of [keys[0]!.toUpperCase(), raw.toString('base64url')]) {
      assert.equal((await update({ key: spelling, nonce })).body.code, 'share_duplicate')
    }
  })

  test('words: the 30 of a card, or the 24 of the share alone; a typing error is told before anything else', async () => {
    const nonce = await start()
    const status = await server.call('GET', '/v1/sys/custody/status')
    const share = SecretBytes.copyOf(Buffer.from(keys[1]!, 'hex'))
    const setId = new Uint8Array(Buffer.from(status.body.live.id, 'hex'))
    const { sha256 } = nodePrimitives
    const card = shareCard(share, { setId, number: 2, sha256 }).lend((bytes) => Buffer.from(bytes).toString())
    const words = card.split(' ')
    assert.equal(words.length, 30)
    const mistyped = [...words]
    mistyped[9] = mistyped[9] === 'abandon' ? 'ability' : 'abandon'
    const wrong = await update({ key: mistyped.join(' '), nonce })
    assert.deepEqual([wrong.status, wrong.body.code], [400, 'share_malformed'])
    assert.equal((await update({ key: card, nonce })).body.progress, 1)
    const bare = await update({ key: words.slice(3, 27).join(' '), nonce })
    assert.equal(bare.body.code, 'share_duplicate')
  })

  test('the last update answers hex and base64 keys and nothing of the status', async () => {
    const nonce = await start()
    await update({ key: keys[0], nonce })
    const { body } = await update({ key: keys[1], nonce })
    const wanted = [
      'nonce',
      'complete',
      'keys',
      'keys_base64',
      'pgp_fingerprints',
      'backup',
      'verification_required',
    ]
    assert.deepEqual(Object.keys(body), wanted)
    assert.deepEqual(
      body.keys_base64,
      body.keys.map((key: string) => Buffer.from(key, 'hex').toString('base64')),
    )
    assert.equal(body.nonce, nonce)
    const old = await server.call('PUT', '/v1/sys/rekey/update', { key: keys[0], nonce })
    assert.equal(old.status, 400, 'the answer was read, so the old shares are dead')
    keys = body.keys
  })

  test('a backup without keys, too few keys, and keys that are none are refused as a whole', async () => {
    for (const extra of [{ backup: true }, { pgp_keys: ['AA=='] }, { pgp_keys: ['AA==', 'AA==', '?'] }]) {
      const answer = await init('PUT', { secret_shares: 3, secret_threshold: 2, ...extra })
      assert.equal(answer.status, 400)
    }
    assert.equal((await init('GET')).body.started, false)
  })

  test('member names without regard to case, strict types', async () => {
    assert.equal((await init('PUT', { SECRET_SHARES: 3, Secret_Threshold: 2 })).status, 200)
    assert.equal((await init('PUT', { secret_shares: '3', secret_threshold: 2 })).status, 400)
    assert.equal((await server.call('PUT', '/v1/sys/unseal', { key: 5 })).status, 400)
  })

  test('GET never counts as an update', async () => {
    const answer = await server.call('GET', '/v1/sys/rekey/update')
    assert.deepEqual([answer.status, answer.body.errors], [405, []])
  })

  test('seal takes a token with sudo; sealed, it takes nothing', async () => {
    assert.deepEqual((await server.call('PUT', '/v1/sys/seal')).body.errors, ['permission denied'])
    assert.equal((await server.asRoot('PUT', '/v1/sys/seal')).status, 204)
    assert.equal((await server.call('PUT', '/v1/sys/seal')).status, 204)
    for (const path of ['/v1/sys/rekey/init', '/v1/secret/x', '/v1/auth/token/lookup-self']) {
      assert.deepEqual((await server.asRoot('GET', path)).body.errors, ['Vault is sealed'])
    }
    await server.unseal(keys.slice(1))
  })

  test('unseal: the texts and the order of section 3.2', async () => {
    const unseal = (body: unknown): Promise<Answer> => server.call('PUT', '/v1/sys/unseal', body)
    assert.deepEqual((await unseal({ reset: true })).body.errors, ['vault is unsealed'])
    assert.equal((await unseal({ key: keys[0] })).body.sealed, false, 'open, any share answers the status')
    await server.asRoot('PUT', '/v1/sys/seal')
    assert.match((await unseal({})).body.errors[0], /'key' must be specified/)
    const first = await unseal({ key: keys[0] })
    assert.deepEqual([first.body.progress, first.body.t, first.body.n], [1, 2, 3])
    assert.notEqual(first.body.nonce, '')
    assert.equal((await unseal({ key: keys[0] })).body.progress, 1)
    const wrong = await unseal({ key: 'ab'.repeat(33) })
    assert.equal(wrong.status, 400)
    assert.match(wrong.body.errors[0], /^invalid key: /)
    assert.equal((await unseal({ reset: true })).body.progress, 0)
    const opened = await server.unseal(keys.slice(0, 2))
    assert.deepEqual([opened.body.sealed, opened.body.progress, opened.body.nonce], [false, 0, ''])
    assert.match(opened.body.cluster_name, /^vault-cluster-[0-9a-f]{8}$/)
  })

  test('health says the state in its status, each to be overridden', async () => {
    const health = (query = ''): Promise<Answer> => server.call('GET', `/v1/sys/health${query}`)
    assert.equal((await health()).status, 200)
    assert.equal((await health('?activecode=299')).status, 299)
    assert.equal((await health('?activecode=notacode')).status, 400)
    assert.equal((await health('?standbyok=zz')).status, 400)
    await server.asRoot('PUT', '/v1/sys/seal')
    assert.equal((await health()).status, 503)
    assert.equal((await health('?sealedcode=299')).status, 299)
    await server.unseal(keys.slice(0, 2))
  })

  test('leader and custody status answer without a token', async () => {
    assert.deepEqual((await server.call('GET', '/v1/sys/leader')).body, { ha_enabled: false })
    const { body } = await server.call('GET', '/v1/sys/custody/status')
    assert.match(body.live.words, /^[a-z]+ [a-z]+$/)
    assert.equal(body.retiring, null)
  })
})

describe('a guarded listener', () => {
  let server: TestServer
  let keys: string[]
  before(async () => {
    server = await TestServer.start({ ceremonyAccess: 'guarded', retireOn: 'proof' })
    keys = await server.open(3, 2)
  })
  after(() => server.close())

  const parameters = { secret_shares: 3, secret_threshold: 2 }

  test('a stranger neither starts nor cancels, on either face, and is told the way in', async () => {
    for (const path of ['/v1/sys/rekey/init', '/sys/rekey/init']) {
      const opened = await server.call('PUT', path, parameters)
      assert.equal(opened.status, 403)
      assert.match(opened.body.errors[0], /token with sudo on sys\/rekey\/init, or a share/)
      const token = await server.call('PUT', path, parameters, { 'x-vault-token': 'hvs.wrong' })
      assert.equal(token.status, 403)
    }
  })

  test('a token with sudo starts it; a stranger cannot cancel it; n - t + 1 holders can', async () => {
    assert.equal((await server.asRoot('PUT', '/sys/rekey/init', parameters)).status, 204)
    assert.equal((await server.call('DELETE', '/sys/rekey/init')).status, 403)
    assert.equal((await server.call('DELETE', '/v1/sys/rekey/init')).status, 403)
    const first = await server.call('DELETE', '/v1/sys/rekey/init', { key: keys[2] })
    assert.deepEqual([first.status, first.body.cancel_progress, first.body.cancel_required], [202, 1, 2])
    const again = await server.call('DELETE', '/v1/sys/rekey/init', { key: keys[2] })
    assert.equal(again.status, 202, 'twice counts once')
    assert.equal((await server.call('DELETE', '/v1/sys/rekey/init', { key: keys[0] })).status, 204)
  })

  test('a live share in the same request starts it; a wrong one does not', async () => {
    const wrong = await server.call('PUT', '/v1/sys/rekey/init', { ...parameters, key: 'ab'.repeat(33) })
    assert.deepEqual([wrong.status, wrong.body.code], [400, 'share_unknown'])
    const opened = await server.call('PUT', '/v1/sys/rekey/init', { ...parameters, key: keys[0] })
    assert.equal(opened.status, 200)
    assert.equal(opened.body.progress, 0, 'starting is not agreeing')
    await server.asRoot('DELETE', '/v1/sys/rekey/init')
  })

  test('everybody may give a share and see the status; the old set stays until the new one is proven', async () => {
    await server.asRoot('PUT', '/sys/rekey/init', parameters)
    await server.call('PUT', '/sys/rekey/update', { key: keys[0] })
    const { body } = await server.call('PUT', '/sys/rekey/update', { key: keys[1] })
    assert.equal(body.complete, true)
    const status = await server.call('GET', '/v1/sys/custody/status')
    assert.deepEqual([status.body.live.number, status.body.retiring?.number], [2, 1])
    assert(await server.reopensWith(body.keys.slice(0, 2)))
    const proven = await server.call('GET', '/v1/sys/custody/status')
    assert.equal(proven.body.retiring, null)
  })
})

test('no share, token or secret is ever in the log, at any level', async () => {
  const server = await TestServer.start()
  const keys = await server.open(2, 2)
  await server.asRoot('PUT', '/v1/secret/canary', { password: 'tiger-canary' })
  await server.asRoot('GET', '/v1/secret/canary')
  await server.call('PUT', '/v1/sys/unseal', { key: `${keys[0]!.slice(0, 20)}zz` })
  await server.call('PUT', '/sys/rekey/init', { secret_shares: 2, secret_threshold: 2 })
  for (const key of keys) await server.call('PUT', '/sys/rekey/update', { key })
  const log = server.logged.join('\n')
  for (const secret of [...keys, server.rootToken, 'tiger-canary', 'secret/canary']) {
    assert(!log.includes(secret), 'a secret is in the log')
  }
  await server.close()
})

test('a stored value comes back byte for byte: 1.0, 2^53 + 1, the order of members', async () => {
  const server = await TestServer.start()
  await server.open(1, 1)
  const sent = '{"b":1.0,"a":9007199254740993,"c":"\\u00e9 <tag>","d":[1e400,-0]}'
  await server.asRoot('PUT', '/v1/secret/exact', sent)
  const response = await fetch(`${server.origin}/v1/secret/exact`, {
    headers: { 'x-vault-token': server.rootToken, connection: 'close' },
  })
  assert((await response.text()).includes(`"data":${sent},`))
  await server.close()
})

test('a revoked token is dead at once, and what it kept in its cubbyhole is gone', async () => {
  const server = await TestServer.start()
  await server.open(1, 1)
  assert.equal((await server.asRoot('PUT', '/v1/cubbyhole/mine', { a: 1 })).status, 204)
  assert.deepEqual((await server.asRoot('GET', '/v1/cubbyhole/mine')).body.data, { a: 1 })
  assert.equal((await server.asRoot('PUT', '/v1/auth/token/revoke-self')).status, 204)
  assert.equal((await server.asRoot('GET', '/v1/cubbyhole/mine')).status, 403)
  assert.equal((await server.asRoot('GET', '/v1/auth/token/lookup-self')).status, 403)
  await server.close()
})
