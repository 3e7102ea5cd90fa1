import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Answer, TestServer } from './in-process.ts'

const ATTEMPT = '/v1/sys/generate-root/attempt'
const UPDATE = '/v1/sys/generate-root/update'
const FIELDS = [
  'complete',
  'encoded_root_token',
  'encoded_token',
  'nonce',
  'otp',
  'otp_length',
  'pgp_fingerprint',
  'progress',
  'required',
  'started',
]

/** Section 7.2: unpadded base64, XOR with the ASCII of the one-time password. */
function decode(encoded: string, otp: string): string {
  const hidden = Buffer.from(encoded, 'base64')
  return Buffer.from(hidden.map((byte, index) => byte ^ otp.charCodeAt(index))).toString()
}

describe('a root token by quorum (key-lifecycle.md section 7.1)', () => {
  let server: TestServer
  let keys: string[]
  before(async () => {
    server = await TestServer.start()
    keys = await server.open(3, 2)
  })
  after(() => server.close())

  const refused = (answer: Answer): [number, string] => [answer.status, answer.body.errors[0]]

  test('idle, all ten fields are there', async () => {
    const { body } = await server.call('GET', ATTEMPT)
    assert.deepEqual(Object.keys(body).sort(), FIELDS)
    assert.deepEqual([body.started, body.nonce, body.otp, body.otp_length], [false, '', '', 28])
    const none = await server.call('PUT', UPDATE, { key: keys[0], nonce: 'x' })
    assert.deepEqual(refused(none), [400, 'no root generation in progress'])
  })

  test('a one-time password of the wrong length is refused, and nothing starts', async () => {
    const answer = await server.call('PUT', ATTEMPT, { otp: 'short' })
    assert.deepEqual(refused(answer), [400, 'OTP string has incorrect length'])
    assert.equal((await server.call('GET', ATTEMPT)).body.started, false)
  })

  test('the token decodes with the password that was shown once, and is a root token', async () => {
    const { body: attempt } = await server.call('PUT', ATTEMPT)
    assert.match(attempt.otp, /^[0-9A-Za-z]{28}$/)
    assert.equal((await server.call('GET', ATTEMPT)).body.otp, '', 'never again')
    const running = await server.call('PUT', ATTEMPT)
    assert.deepEqual(refused(running), [400, 'root generation already in progress for this namespace'])
    const first = await server.call('PUT', UPDATE, { key: keys[0], nonce: attempt.nonce })
    assert.deepEqual([first.body.progress, first.body.required, first.body.otp_length], [1, 2, 0])
    const twice = await server.call('PUT', UPDATE, { key: keys[0], nonce: attempt.nonce })
    const repeated = 'given key has already been provided during this generation operation'
    assert.deepEqual(refused(twice), [400, repeated])
    const other = await server.call('PUT', UPDATE, { key: 'ab'.repeat(33), nonce: attempt.nonce })
    assert.match(refused(other)[1], /^invalid key: unknown share/)
    const wrong = await server.call('PUT', UPDATE, { key: keys[1], nonce: 'no' })
    const told = `incorrect nonce supplied; nonce for this root generation operation is "${attempt.nonce}"`
    assert.deepEqual(refused(wrong), [400, told])
    const { body } = await server.call('PUT', UPDATE, { key: keys[2], nonce: attempt.nonce })
    assert.deepEqual(Object.keys(body).sort(), FIELDS)
    assert.deepEqual([body.complete, body.progress], [true, 2])
    assert.equal(body.encoded_token, body.encoded_root_token)
    assert.doesNotMatch(body.encoded_token, /=/)
    const token = decode(body.encoded_token, attempt.otp)
    assert.match(token, /^hvs\.[0-9A-Za-z]{24}$/)
    const self = await server.call('GET', '/v1/auth/token/lookup-self', undefined, { 'x-vault-token': token })
    const { policies, ttl, orphan, display_name, path } = self.body.data
    assert.deepEqual(
      [policies, ttl, orphan, display_name, path],
      [['root'], 0, true, 'root', 'auth/token/root'],
    )
    assert.equal((await server.call('GET', ATTEMPT)).body.started, false)
  })

  test('a password of the caller is never shown, and DELETE is idempotent', async () => {
    const otp = 'abcdefghijklmnopqrstuvwxyz!?'
    assert.equal((await server.call('PUT', ATTEMPT, { otp })).body.otp, '')
    assert.equal((await server.call('DELETE', ATTEMPT)).status, 204)
    assert.equal((await server.call('DELETE', ATTEMPT)).status, 204)
    assert.equal((await server.call('GET', ATTEMPT)).body.started, false)
  })

  test('an explicit seal cancels it', async () => {
    await server.call('PUT', ATTEMPT)
    await server.asRoot('PUT', '/v1/sys/seal')
    assert.equal((await server.call('GET', ATTEMPT)).status, 503)
    await server.unseal(keys.slice(0, 2))
    assert.equal((await server.call('GET', ATTEMPT)).body.started, false)
  })

  test('a rekey that retires the set whose holders agreed ends it', async () => {
    const { body: attempt } = await server.call('PUT', ATTEMPT)
    await server.call('PUT', UPDATE, { key: keys[0], nonce: attempt.nonce })
    await server.call('PUT', '/sys/rekey/init', { secret_shares: 2, secret_threshold: 2 })
    await server.call('PUT', '/sys/rekey/update', { key: keys[0] })
    const { body } = await server.call('PUT', '/sys/rekey/update', { key: keys[1] })
    assert.equal(body.complete, true)
    assert.equal((await server.call('GET', ATTEMPT)).body.started, false)
    keys = body.keys
  })
})
