import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Answer, TestServer } from './in-process.ts'
import { Holder } from './pgp-holder.ts'

const SHARE = /^[0-9a-f]{66}$/

describe('shares and tokens for people with OpenPGP keys (key-lifecycle.md sections 2.3, 5.6, 7.2, 8.2)', () => {
  let server: TestServer
  let holders: readonly Holder[]
  let shares: readonly string[]
  const errors = (answer: Answer): [number, string] => [answer.status, answer.body.errors[0]]

  before(async () => {
    server = await TestServer.start()
    holders = await Promise.all([Holder.make(), Holder.make(), Holder.make()])
  })
  after(() => server.close())

  const readAll = (messages: readonly string[]): Promise<string[]> =>
    Promise.all(messages.map((message, index) => holders[index]!.read(message)))
  const keys = (): string[] => holders.map(({ key }) => key)

  test('a key that can only sign is refused at init, and nothing is initialised', async () => {
    const signer = await Holder.make({ signsOnly: true })
    const [status, sentence] = errors(
      await server.call('PUT', '/v1/sys/init', {
        secret_shares: 3,
        secret_threshold: 2,
        pgp_keys: [...keys().slice(1), signer.key],
      }),
    )
    assert.equal(status, 400)
    assert.match(sentence, /^invalid seal configuration: error parsing given PGP key: .* it can only sign;/)
    assert.equal((await server.call('GET', '/v1/sys/init')).body.initialized, false)
  })

  test('init: each share goes to its holder, the token to a fourth, and they open the store', async () => {
    const keeper = await Holder.make()
    const { status, body } = await server.call('PUT', '/v1/sys/init', {
      secret_shares: 3,
      secret_threshold: 2,
      pgp_keys: keys(),
      root_token_pgp_key: keeper.key,
    })
    assert.equal(status, 200)
    shares = await readAll(body.keys_base64)
    for (const share of shares) assert.match(share, SHARE)
    const inHex = body.keys.map((message: string) => Buffer.from(message, 'hex').toString('base64'))
    assert.deepEqual(inHex, body.keys_base64)
    server.rootToken = await keeper.read(body.root_token)
    assert.equal((await server.unseal([shares[2]!, shares[0]!])).body.sealed, false)
    assert.equal((await server.asRoot('GET', '/v1/auth/token/lookup-self')).status, 200)
  })

  test('rekey: the new shares go to their holders in order, and they alone open', async () => {
    holders = await Promise.all([Holder.make(), Holder.make()])
    const parameters = { secret_shares: 2, secret_threshold: 2, pgp_keys: keys() }
    const { body } = await server.call('PUT', '/v1/sys/rekey/init', parameters)
    const fingerprints = holders.map(({ fingerprint }) => fingerprint)
    assert.deepEqual(body.pgp_fingerprints, fingerprints)
    const { nonce } = body
    await server.call('PUT', '/v1/sys/rekey/update', { key: shares[0], nonce })
    const done = await server.call('PUT', '/v1/sys/rekey/update', { key: shares[1], nonce })
    assert.equal(done.body.complete, true)
    assert.deepEqual(done.body.pgp_fingerprints, fingerprints)
    shares = await readAll(done.body.keys_base64)
    assert.ok(await server.reopensWith(shares))
  })

  test('generate-root: the token goes to the key, as ASCII', async () => {
    const keeper = await Holder.make()
    const attempt = await server.call('PUT', '/v1/sys/generate-root/attempt', { pgp_key: keeper.key })
    assert.equal(attempt.body.pgp_fingerprint, keeper.fingerprint)
    const { nonce } = attempt.body
    await server.call('PUT', '/v1/sys/generate-root/update', { key: shares[0], nonce })
    const done = await server.call('PUT', '/v1/sys/generate-root/update', { key: shares[1], nonce })
    const token = await keeper.read(done.body.encoded_token)
    const headers = { 'x-vault-token': token }
    assert.equal((await server.call('GET', '/v1/auth/token/lookup-self', undefined, headers)).status, 200)
  })

  test('rekey and generate-root refuse what is no key, in the words of the peers', async () => {
    const parameters = { secret_shares: 1, secret_threshold: 1 }
    const rekey = (key: string): Promise<Answer> =>
      server.call('PUT', '/v1/sys/rekey/init', { ...parameters, pgp_keys: [key] })
    const attempt = (key: string): Promise<Answer> =>
      server.call('PUT', '/v1/sys/generate-root/attempt', { pgp_key: key })
    for (const [call, prefix] of [
      [rekey, 'invalid rekey seal configuration: '],
      [attempt, 'error parsing PGP key: '],
    ] as const) {
      const [status, sentence] = errors(await call('!'))
      const decoding = `${prefix}error decoding given PGP key: illegal base64 data at input byte 0`
      assert.ok(status === 400 && sentence.startsWith(decoding), sentence)
      const noPacket = 'openpgp: invalid data: tag byte does not have MSB set'
      const parsing = `${prefix}error parsing given PGP key: ${noPacket}`
      assert.ok(errors(await call('AAAA'))[1].startsWith(parsing))
    }
  })
})

test('a request with the keys of many people is longer than what a stranger may send elsewhere', async () => {
  const server = await TestServer.start()
  const { key } = await Holder.make()
  const pgp_keys = Array<string>(200).fill(key)
  const body = { secret_shares: 200, secret_threshold: 3, pgp_keys }
  assert.ok(JSON.stringify(body).length > 64 * 1024)
  const init = await server.call('PUT', '/v1/sys/init', body)
  assert.deepEqual([init.status, init.body.keys.length], [200, 200])
  const elsewhere = await server.call('PUT', '/v1/sys/unseal', { ...body, key: 'x' })
  assert.equal(elsewhere.status, 413)
  await server.close()
})
