import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Answer, TestServer } from './in-process.ts'

const INIT = '/v1/sys/rekey/init'
const UPDATE = '/v1/sys/rekey/update'
const VERIFY = '/v1/sys/rekey/verify'
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

describe('the verified rekey (key-lifecycle.md sections 5.6 and 5.7)', () => {
  let server: TestServer
  let old: string[]
  let fresh: string[]
  let nonce: string
  let verification: string
  before(async () => {
    server = await TestServer.start()
    old = await server.open(3, 2)
  })
  after(() => server.close())

  const errors = (answer: Answer): [number, string] => [answer.status, answer.body.errors[0]]

  test('verify says that nothing is running, each method in its words', async () => {
    assert.deepEqual(errors(await server.call('GET', VERIFY)), [400, 'no rekey configuration found'])
    assert.deepEqual(errors(await server.call('DELETE', VERIFY)), [400, 'no rekey configuration found'])
    const put = await server.call('PUT', VERIFY, { key: old[0], nonce: 'x' })
    assert.deepEqual(errors(put), [400, 'no rekey in progress'])
  })

  test('it starts; verify is there and has not started', async () => {
    const parameters = { secret_shares: 4, secret_threshold: 3, require_verification: true }
    const { status, body } = await server.call('PUT', INIT, parameters)
    assert.equal(status, 200)
    assert.equal(body.verification_required, true)
    assert.equal('verification_nonce' in body, false, 'absent until the update completes')
    nonce = body.nonce
    const state = await server.call('GET', VERIFY)
    assert.deepEqual(state.body, { nonce: '', started: false, t: 3, n: 4, progress: 0 })
    const early = await server.call('PUT', VERIFY, { key: old[0], nonce })
    assert.deepEqual(errors(early), [400, 'no rekey verification in progress'])
  })

  test('the last update hands out new shares, which are not live', async () => {
    await server.call('PUT', UPDATE, { key: old[0], nonce })
    const { body } = await server.call('PUT', UPDATE, { key: old[2], nonce })
    assert.deepEqual(Object.keys(body).sort(), [
      'backup',
      'complete',
      'keys',
      'keys_base64',
      'nonce',
      'pgp_fingerprints',
      'verification_nonce',
      'verification_required',
    ])
    assert.equal(body.complete, true)
    assert.match(body.verification_nonce, UUID)
    fresh = body.keys
    verification = body.verification_nonce
    const { body: status } = await server.call('GET', '/v1/sys/custody/status')
    assert.deepEqual([status.live.number, status.retiring], [1, null], 'the old set is live')
  })

  test('the same share gets the same answer again; another is told what is missing', async () => {
    const again = await server.call('PUT', UPDATE, { key: old[2], nonce })
    assert.deepEqual(again.body.keys, fresh)
    assert.equal(again.body.verification_nonce, verification)
    const text = `verification must be performed; nonce for the verification operation is "${verification}"`
    const other = await server.call('PUT', UPDATE, { key: old[1], nonce })
    assert.deepEqual(errors(other), [400, `rekey operation already finished; ${text}`])
  })

  test('while it waits, the status has the first nonce and the verification nonce', async () => {
    const { body } = await server.call('GET', INIT)
    assert.deepEqual([body.nonce, body.verification_nonce], [nonce, verification])
    assert.deepEqual([body.progress, body.required, body.t, body.n], [0, 2, 3, 4])
    assert.deepEqual([body.pending.number, body.pending.threshold, body.pending.shares], [2, 3, 4])
  })

  test('the status says which shares agreed, by number', async () => {
    const live = (await server.call('GET', '/v1/sys/custody/status')).body.live.id
    const { agreed_by } = (await server.call('GET', INIT)).body
    assert.deepEqual(
      agreed_by,
      [1, 3].map((share) => ({ key_set: live, share })),
    )
  })

  test('shares of the wrong set, wrong nonces and repetitions are refused alone', async () => {
    const give = (key: string, at = verification): Promise<Answer> =>
      server.call('PUT', VERIFY, { key, nonce: at })
    const wrong = await give(fresh[0]!, 'no')
    const told = `incorrect nonce supplied; nonce for this verify operation is "${verification}"`
    assert.deepEqual(errors(wrong), [400, told])
    const live = await give(old[0]!)
    assert.deepEqual([live.status, live.body.code], [400, 'share_other_set'])
    assert.equal((await give('ab'.repeat(33))).body.code, 'share_unknown')
    const one = await give(fresh[0]!)
    assert.deepEqual([one.status, one.body.progress], [200, 1])
    const twice = await give(fresh[0]!)
    const repeated = 'given key has already been provided during this verify operation'
    assert.deepEqual(errors(twice), [400, repeated])
    assert.equal((await server.call('GET', VERIFY)).body.progress, 1, 'progress is kept')
  })

  test('DELETE starts the verification over, with a new nonce and the same shares', async () => {
    const { status, body } = await server.call('DELETE', VERIFY)
    assert.deepEqual([status, body.started, body.progress], [200, true, 0])
    assert.notEqual(body.nonce, verification)
    verification = body.nonce
  })

  test('a new share given to the wrong end is told that it is not live yet', async () => {
    const { body } = await server.call('PUT', UPDATE, { key: fresh[0], nonce })
    assert.equal(body.code, 'share_pending')
    assert.match(body.errors[0], /is not live yet: its rekey is not finished/)
  })

  test('a threshold of new shares completes it: they are live, and the old ones are dead at once', async () => {
    for (const key of fresh.slice(1, 3)) await server.call('PUT', VERIFY, { key, nonce: verification })
    const { status, body } = await server.call('PUT', VERIFY, { key: fresh[3], nonce: verification })
    assert.deepEqual([status, body], [200, { nonce: verification, complete: true }])
    const again = await server.call('PUT', VERIFY, { key: fresh[0], nonce: verification })
    assert.deepEqual(again.body, body, 'who lost the answer hears it again, with any of the new shares')
    const late = await server.call('PUT', VERIFY, { key: old[0], nonce: verification })
    assert.equal(late.status, 400)
    const custody = (await server.call('GET', '/v1/sys/custody/status')).body
    assert.deepEqual([custody.live.number, custody.retiring], [2, null])
    assert.equal((await server.call('GET', INIT)).body.started, false)
    assert(!(await server.reopensWith(old.slice(0, 2))))
    assert(await server.reopensWith(fresh.slice(0, 3)))
  })

  test('verify "all" asks for every new share', async () => {
    const parameters = { secret_shares: 3, secret_threshold: 2, verify: 'all' }
    const { body } = await server.call('PUT', INIT, parameters)
    assert.equal(body.verification_required, true)
    let answer: Answer | null = null
    for (const key of fresh.slice(0, 3)) {
      answer = await server.call('PUT', UPDATE, { key, nonce: body.nonce })
    }
    const { keys, verification_nonce } = answer!.body
    for (const key of keys.slice(0, 2)) {
      const given = await server.call('PUT', VERIFY, { key, nonce: verification_nonce })
      assert.equal(given.body.complete, undefined)
      assert.equal(given.body.required, 3)
    }
    const last = await server.call('PUT', VERIFY, { key: keys[2], nonce: verification_nonce })
    assert.equal(last.body.complete, true)
    fresh = keys
  })

  test('cancelled, the new shares are told what became of them, and the old ones live', async () => {
    const parameters = { secret_shares: 3, secret_threshold: 2, require_verification: true }
    const { body } = await server.call('PUT', INIT, parameters)
    await server.call('PUT', UPDATE, { key: fresh[0], nonce: body.nonce })
    const dealt = await server.call('PUT', UPDATE, { key: fresh[1], nonce: body.nonce })
    assert.equal((await server.call('DELETE', INIT)).status, 204)
    await server.asRoot('PUT', '/v1/sys/seal')
    const refused = await server.call('PUT', '/v1/sys/unseal', { key: dealt.body.keys[0] })
    assert.equal(refused.body.code, 'share_retired')
    assert.match(refused.body.errors[0], /its rekey was cancelled/)
    assert.equal((await server.unseal(fresh.slice(0, 2))).body.sealed, false)
  })

  test('the recovery variants say that there are none', async () => {
    for (const name of ['init', 'update', 'verify']) {
      const answer = await server.call('PUT', `/v1/sys/rekey-recovery-key/${name}`, {})
      assert.deepEqual(errors(answer), [400, 'recovery rekeying not supported'])
    }
  })
})
