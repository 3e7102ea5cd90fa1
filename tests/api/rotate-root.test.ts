import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Answer, TestServer } from './in-process.ts'

const INIT = '/v1/sys/rotate/root/init'
const UPDATE = '/v1/sys/rotate/root/update'
const VERIFY = '/v1/sys/rotate/root/verify'

describe('the rekey behind a token (key-lifecycle.md section 6)', () => {
  let server: TestServer
  let keys: string[]
  before(async () => {
    server = await TestServer.start()
    keys = await server.open(3, 2)
  })
  after(() => server.close())

  const refused = (answer: Answer): [number, string] => [answer.status, answer.body.errors[0]]

  test('idle it has four members, and asks for a token', async () => {
    assert.deepEqual(refused(await server.call('GET', INIT)), [403, 'permission denied'])
    const { body } = await server.asRoot('GET', INIT)
    assert.deepEqual(body.data, { n: 0, required: 2, started: false, t: 0 })
    const nothing = { key: keys[0], nonce: 'x' }
    assert.deepEqual(refused(await server.asRoot('PUT', UPDATE, nothing)), [400, 'no rotation in progress'])
    assert.deepEqual(refused(await server.asRoot('PUT', VERIFY, nothing)), [400, 'no rotation in progress'])
    assert.deepEqual(refused(await server.asRoot('GET', VERIFY)), [400, 'no rotation configuration found'])
  })

  test('numbers may be texts; a bad one is refused in a whole sentence', async () => {
    const bad = await server.asRoot('PUT', INIT, { secret_shares: '2', secret_threshold: '3' })
    const text = 'invalid rotate seal configuration: threshold cannot be larger than shares'
    assert.deepEqual(refused(bad), [400, text])
  })

  test('it is the machine of sys/rekey: either face shows it and moves it', async () => {
    const parameters = { secret_shares: '3', secret_threshold: 2, require_verification: 'true' }
    const { body } = await server.asRoot('PUT', INIT, parameters)
    const { nonce, ...rest } = body.data
    assert.deepEqual(rest, {
      n: 3,
      progress: 0,
      required: 2,
      started: true,
      t: 2,
      verification_nonce: '',
      verification_required: true,
    })
    assert.deepEqual(refused(await server.asRoot('PUT', INIT, {})), [400, 'rotation already in progress'])
    assert.equal((await server.call('GET', '/v1/sys/rekey/init')).body.nonce, nonce)
    const stranger = await server.call('DELETE', '/v1/sys/rekey/init')
    assert.equal(stranger.status, 403, 'opened with a token, it is not for everybody to cancel')
    await server.call('PUT', '/v1/sys/rekey/update', { key: keys[0], nonce })
    const twice = await server.asRoot('PUT', UPDATE, { key: keys[0], nonce })
    const repeated = 'given key has already been provided during this rotation'
    assert.deepEqual(refused(twice), [400, repeated])
    const done = await server.asRoot('PUT', UPDATE, { key: keys[1], nonce })
    assert.deepEqual(Object.keys(done.body.data).sort(), [
      'backup',
      'complete',
      'keys',
      'keys_base64',
      'nonce',
      'pgp_fingerprints',
      'verification_nonce',
      'verification_required',
    ])
    const { keys: fresh, verification_nonce } = done.body.data
    const first = await server.asRoot('PUT', VERIFY, { key: fresh[0], nonce: verification_nonce })
    assert.deepEqual(first.body.data, {
      n: 3,
      nonce: verification_nonce,
      progress: 1,
      started: true,
      t: 2,
    })
    const last = await server.asRoot('PUT', VERIFY, { key: fresh[1], nonce: verification_nonce })
    assert.deepEqual(last.body.data, { complete: true, nonce: verification_nonce })
    assert(await server.reopensWith(fresh.slice(1)))
    keys = fresh
  })

  test('missing fields have their sentences, and the nonce is told', async () => {
    const { body } = await server.asRoot('PUT', INIT, { secret_shares: 2, secret_threshold: 2 })
    const { nonce } = body.data
    assert.deepEqual(refused(await server.asRoot('PUT', UPDATE, { nonce })), [
      400,
      "missing required field 'key'",
    ])
    assert.deepEqual(refused(await server.asRoot('PUT', UPDATE, { key: keys[0] })), [
      400,
      "missing required field 'nonce'",
    ])
    const wrong = await server.asRoot('PUT', UPDATE, { key: keys[0], nonce: 'x' })
    assert.deepEqual(refused(wrong), [400, `incorrect nonce supplied; nonce for rotation is "${nonce}"`])
    assert.equal((await server.asRoot('DELETE', INIT)).status, 204)
    assert.equal((await server.asRoot('DELETE', INIT)).status, 204)
  })

  test('a direct one retires the old set once its answer was read', async () => {
    const { body } = await server.asRoot('PUT', INIT, { secret_shares: 2, secret_threshold: 2 })
    const { nonce } = body.data
    for (const key of keys.slice(0, 1)) await server.asRoot('PUT', UPDATE, { key, nonce })
    const done = await server.asRoot('PUT', UPDATE, { key: keys[2], nonce })
    assert.equal((await server.call('GET', '/v1/sys/custody/status')).body.retiring, null)
    keys = done.body.data.keys
  })

  test('nothing was kept, and there are no recovery keys', async () => {
    for (const path of ['rekey/backup', 'rotate/root/backup', 'rekey/recovery-key-backup']) {
      const answer = await server.asRoot('GET', `/v1/sys/${path}`)
      assert.deepEqual(refused(answer), [400, 'no backed-up keys found'])
      assert.equal((await server.asRoot('DELETE', `/v1/sys/${path}`)).status, 204)
    }
    const recovery = await server.asRoot('GET', '/v1/sys/rotate/recovery/init')
    assert.deepEqual(refused(recovery), [400, 'recovery keys not supported'])
  })

  test('a root token behind a token shares its state with sys/generate-root, and decodes', async () => {
    const attempt = '/v1/sys/generate-root-token/attempt'
    const idle = { complete: false, otp: '', otp_length: 28, progress: 0, required: 2, started: false }
    assert.deepEqual((await server.asRoot('GET', attempt)).body.data, idle)
    const { otp, nonce } = (await server.asRoot('PUT', attempt)).body.data
    assert.equal((await server.call('GET', '/v1/sys/generate-root/attempt')).body.nonce, nonce)
    const update = '/v1/sys/generate-root-token/update'
    assert.deepEqual(refused(await server.asRoot('PUT', update, { key: keys[0] })), [
      400,
      'nonce is required',
    ])
    assert.deepEqual(refused(await server.asRoot('PUT', update, { nonce })), [400, 'key is required'])
    const wrong = await server.asRoot('PUT', update, { key: 'ab'.repeat(33), nonce })
    assert.match(refused(wrong)[1], /^1 error occurred:\n\t\* invalid key: unknown share[^\n]*\n\n$/)
    await server.asRoot('PUT', update, { key: keys[0], nonce })
    const { body } = await server.asRoot('PUT', update, { key: keys[1], nonce })
    const { encoded_token, ...rest } = body.data
    assert.deepEqual(rest, {
      complete: true,
      nonce,
      pgp_fingerprint: '',
      progress: 2,
      required: 2,
      started: true,
    })
    const decoded = await server.call('PUT', '/v1/sys/decode-token', { encoded_token, otp })
    assert.match(decoded.body.data.token, /^hvs\.[0-9A-Za-z]{24}$/)
    const self = await server.call('GET', '/v1/auth/token/lookup-self', undefined, {
      'x-vault-token': decoded.body.data.token,
    })
    assert.deepEqual(self.body.data.policies, ['root'])
    const short = await server.call('PUT', '/v1/sys/decode-token', { encoded_token, otp: 'x' })
    const text = 'error xoring token: length of byte slices is not equivalent: 28 != 1'
    assert.deepEqual(refused(short), [400, text])
    const empty = await server.call('PUT', '/v1/sys/decode-token', {})
    assert.deepEqual(refused(empty), [400, "provided 'encoded_token' or 'otp' is empty"])
  })
})
