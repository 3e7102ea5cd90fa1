import assert from 'node:assert/strict'
import { createPublicKey, verify } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { AccountsEngine } from '../lease/accounts-engine.ts'
import { type Answer, TestServer } from './in-process.ts'

/** The transcript "cubby/wrap" of surface.md, appendix A, and what section 6.2 says besides. */

const accounts = new AccountsEngine()
let server: TestServer

before(async () => {
  server = await TestServer.start({}, {}, { accounts })
  await server.open(1, 1)
  await server.asRoot('POST', '/v1/sys/mounts/db', { type: 'accounts' })
  await server.asRoot('POST', '/v1/secret/app', { password: 'pa"ss\\word <é>', n: 1 })
})
after(async () => await server.close())

const INVALID = 'wrapping token is not valid or does not exist'

async function wrapped(
  method: string,
  path: string,
  { body, ttl = '60', format }: { body?: unknown; ttl?: string; format?: string } = {},
): Promise<Answer> {
  return await server.call(method, path, body, {
    'x-vault-token': server.rootToken,
    'x-vault-wrap-ttl': ttl,
    ...(format === undefined ? {} : { 'x-vault-wrap-format': format }),
  })
}

async function secret(options: { ttl?: string; format?: string } = {}): Promise<string> {
  return (await wrapped('GET', '/v1/secret/app', options)).body.wrap_info.token
}

const ask = (name: string, token: string): Promise<Answer> =>
  server.asRoot('POST', `/v1/sys/wrapping/${name}`, { token })

/** Without a token of one's own. */
const lookup = (token: string): Promise<Answer> => server.call('POST', '/v1/sys/wrapping/lookup', { token })

function refused(answer: Answer, text: string, status = 400): void {
  assert.deepEqual([answer.status, answer.body.errors], [status, [text]])
}

describe('how long an answer is kept', () => {
  test('less than a second is refused, and what was asked for is not given in plain', async () => {
    const answer = await wrapped('GET', '/v1/secret/app', { ttl: '500ms' })
    refused(
      answer,
      'error parsing X-Vault-Wrap-TTL header: ' +
        'the time must be at least a second, or 0 for an answer that is not wrapped',
    )
    assert.equal(JSON.stringify(answer.body).includes('word'), false)
  })

  test('never longer than the max TTL of the system, also once it is wrapped again', async () => {
    const DAYS_32 = 2_764_800
    const made = await wrapped('GET', '/v1/secret/app', { ttl: '10000h' })
    assert.equal(made.body.wrap_info.ttl, DAYS_32)
    assert.deepEqual(made.body.warnings, [
      'TTL of "10000h" exceeded the effective max_ttl of "768h"; TTL value is capped accordingly',
    ])
    const { token } = made.body.wrap_info
    assert.equal((await lookup(token)).body.data.creation_ttl, DAYS_32)
    const again = await ask('rewrap', token)
    assert.equal(again.body.wrap_info.ttl, DAYS_32)
    const { accessor } = again.body.wrap_info
    const { data } = (await server.asRoot('POST', '/v1/auth/token/lookup-accessor', { accessor })).body
    assert.deepEqual([data.explicit_max_ttl, data.creation_ttl, data.renewable], [DAYS_32, DAYS_32, false])
    assert.equal((await wrapped('GET', '/v1/secret/app', { ttl: '768h' })).body.warnings, null)
  })
})

describe('wrapping', () => {
  test('what is sent, as the transcript has it', async () => {
    const made = await wrapped('POST', '/v1/sys/wrapping/wrap', { body: { hello: 'w' } })
    assert.equal(made.status, 200)
    const { wrap_info: info, ...rest } = made.body
    assert.deepEqual(rest, {
      request_id: '',
      lease_id: '',
      renewable: false,
      lease_duration: 0,
      data: null,
      warnings: null,
      auth: null,
    })
    assert.deepEqual(Object.keys(info), ['token', 'accessor', 'ttl', 'creation_time', 'creation_path'])
    assert.deepEqual([info.ttl, info.creation_path], [60, 'sys/wrapping/wrap'])
    assert.match(info.token, /^hvs\.[0-9A-Za-z]{24}$/)
    assert.match(info.accessor, /^[0-9A-Za-z]{24}$/)

    const facts = await lookup(info.token)
    assert.deepEqual(facts.body.data, {
      creation_path: 'sys/wrapping/wrap',
      creation_time: info.creation_time,
      creation_ttl: 60,
    })
    const again = (await ask('rewrap', info.token)).body
    assert.equal(again.request_id, '')
    assert.deepEqual([again.wrap_info.ttl, again.wrap_info.creation_path], [60, 'sys/wrapping/wrap'])
    refused(await lookup(info.token), INVALID)

    const found = await ask('unwrap', again.wrap_info.token)
    assert.deepEqual([found.status, found.body.data], [200, { hello: 'w' }])
    refused(await ask('unwrap', again.wrap_info.token), INVALID)
    refused(await lookup(again.wrap_info.token), INVALID)
    refused(
      await server.asRoot('POST', '/v1/sys/wrapping/wrap', { a: 1 }),
      'endpoint requires response wrapping to be used',
    )
  })

  test('any answer, which comes back to the byte, with the id of the request that made it', async () => {
    const token = await secret()
    const found = await ask('unwrap', token)
    assert.match(found.body.request_id, /^[0-9a-f-]{36}$/)
    assert.deepEqual(found.body.data, { password: 'pa"ss\\word <é>', n: 1 })
    assert.deepEqual(Object.keys(found.body), [
      'request_id',
      'lease_id',
      'renewable',
      'lease_duration',
      'data',
      'wrap_info',
      'warnings',
      'auth',
    ])
    assert.equal(found.body.wrap_info, null)
  })

  test('a token, whose accessor is told', async () => {
    const made = await wrapped('POST', '/v1/auth/token/create', { body: { ttl: '1h' }, ttl: '5m' })
    const { wrapped_accessor, ttl, creation_path, token } = made.body.wrap_info
    assert.deepEqual([ttl, creation_path], [300, 'auth/token/create'])
    const { auth } = (await ask('unwrap', token)).body
    assert.equal(auth.accessor, wrapped_accessor)
    const self = await server.call('GET', '/v1/auth/token/lookup-self', undefined, {
      'x-vault-token': auth.client_token,
    })
    assert.equal(self.status, 200)
  })

  test('a secret that ends, with its lease', async () => {
    const made = await wrapped('GET', '/v1/db/creds/app')
    const { lease_id, data } = (await ask('unwrap', made.body.wrap_info.token)).body
    assert.ok(accounts.alive.has(data.username))
    assert.equal((await server.asRoot('POST', '/v1/sys/leases/revoke', { lease_id })).status, 204)
    assert.ok(!accounts.alive.has(data.username))
  })

  test('nothing, which is unwrapped to nothing', async () => {
    const made = await wrapped('POST', '/v1/sys/wrapping/wrap')
    const found = await ask('unwrap', made.body.wrap_info.token)
    assert.deepEqual([found.status, found.body], [204, null])
  })

  test('what was wrapped, once more', async () => {
    const made = await wrapped('POST', '/v1/sys/wrapping/unwrap', { body: { token: await secret() } })
    assert.equal(made.body.wrap_info.creation_path, 'sys/wrapping/unwrap')
    const found = await ask('unwrap', made.body.wrap_info.token)
    assert.equal(found.body.data.n, 1)
  })

  test('without the copies that old paths have beside `data`', async () => {
    const made = await wrapped('GET', '/v1/sys/mounts')
    const found = await ask('unwrap', made.body.wrap_info.token)
    assert.ok('secret/' in found.body.data && !('secret/' in found.body))
  })
})

describe('is not wrapped', () => {
  test('what has no body, is not there, or is refused', async () => {
    assert.deepEqual([(await wrapped('POST', '/v1/secret/x', { body: { a: 1 } })).status], [204])
    const none = await wrapped('GET', '/v1/secret/none')
    assert.deepEqual([none.status, none.body.errors], [404, []])
    refused(await wrapped('LIST', '/v1/secret/none/'), 'unsupported path', 404)
    assert.equal((await wrapped('GET', '/v1/nowhere/x')).status, 404)
  })

  test('what a stranger asks for: he could fill the store', async () => {
    const token = await secret()
    const headers = { 'x-vault-wrap-ttl': '60' }
    const facts = await server.call('POST', '/v1/sys/wrapping/lookup', { token }, headers)
    assert.equal(facts.body.wrap_info, null)
    assert.equal(facts.body.data.creation_ttl, 60)
  })

  test('an answer that may hold new shares, before anything is done', async () => {
    const answer = await wrapped('POST', '/v1/sys/rotate/root/update', { body: { key: 'x', nonce: 'x' } })
    refused(answer, 'what this path answers is kept in no store: it is not wrapped')
  })
})

describe('a wrapping token', () => {
  test('serves once, however many unwrap at the same time (Z10)', async () => {
    const rounds = process.env['CONCLAVE_SLOW'] === '1' ? 200 : 20
    for (let round = 0; round < rounds; round++) {
      const token = await secret()
      const answers = await Promise.all(Array.from({ length: 64 }, () => ask('unwrap', token)))
      const statuses = answers.map(({ status }) => status)
      assert.equal(statuses.filter((status) => status === 200).length, 1)
      assert.equal(statuses.filter((status) => status === 400).length, 63)
    }
  })

  test('is unwrapped or rewrapped, never both', async () => {
    for (let round = 0; round < 20; round++) {
      const token = await secret()
      const answers = await Promise.all(
        ['unwrap', 'rewrap', 'unwrap', 'rewrap'].map((name) => ask(name, token)),
      )
      assert.equal(answers.filter(({ status }) => status === 200).length, 1)
    }
  })

  test('is not looked up by whoever names it in the header, nor used up by that', async () => {
    const token = await secret()
    for (let times = 0; times < 3; times++) {
      const found = await server.call('GET', '/v1/sys/wrapping/lookup', undefined, {
        'x-vault-token': token,
      })
      assert.equal(found.body.data.creation_path, 'secret/app')
    }
    assert.equal((await ask('unwrap', token)).status, 200)
  })

  test('is unknown once its time is over', async () => {
    const token = await secret({ ttl: '1' })
    await setTimeout(1100)
    refused(await lookup(token), INVALID)
    refused(await ask('unwrap', token), INVALID)
  })

  test('leaves nothing in the store once it was used', async () => {
    const keys = async (): Promise<unknown[]> => {
      const paths = ['auth/token/accessors', 'sys/leases/lookup/secret/app/']
      const listed = await Promise.all(paths.map((path) => server.asRoot('LIST', `/v1/${path}`)))
      return listed.map(({ body }) => body.data?.keys.length)
    }
    const kept = await secret()
    const before = await keys()
    await ask('unwrap', await secret())
    assert.deepEqual(await keys(), before)
    await ask('unwrap', kept)
    assert.notDeepEqual(await keys(), before)
  })

  test('cannot be any other token: one of root is none', async () => {
    for (const token of [server.rootToken, 'hvs.AAAAAAAAAAAAAAAAAAAAAAAA', 'x']) {
      for (const name of ['unwrap', 'rewrap', 'lookup']) refused(await ask(name, token), INVALID)
    }
    refused(await server.asRoot('POST', '/v1/sys/wrapping/unwrap'), INVALID)
    refused(await server.call('GET', '/v1/sys/wrapping/lookup'), INVALID)
  })

  test('takes a caller: a stranger gets nothing for it, and it stays good', async () => {
    const token = await secret()
    const stranger = await server.call('POST', '/v1/sys/wrapping/unwrap', { token })
    refused(stranger, 'permission denied', 403)
    assert.equal((await ask('unwrap', token)).status, 200)
  })

  test('that is used up, and comes by itself, is told so', async () => {
    const token = await secret()
    await ask('unwrap', token)
    const answer = await server.call('POST', '/v1/sys/wrapping/unwrap', undefined, { 'x-vault-token': token })
    refused(answer, INVALID)
  })

  test('is used up by a request that is refused', async () => {
    const token = await secret()
    const self = await server.call('GET', '/v1/auth/token/lookup-self', undefined, { 'x-vault-token': token })
    refused(self, '1 error occurred:\n\t* permission denied\n\n', 403)
    refused(await ask('unwrap', token), INVALID)
  })
})

describe('a wrapping token as a JWT', () => {
  test('is signed by the key that is published, and says what it is', async () => {
    const { token } = (await wrapped('GET', '/v1/secret/app', { ttl: '5m', format: 'jwt' })).body.wrap_info
    const [header, payload, signature] = token.split('.')
    const text = (part: string): string => Buffer.from(part, 'base64url').toString()
    assert.deepEqual(JSON.parse(text(header)), { alg: 'ES512', typ: 'JWT' })
    const claims = JSON.parse(text(payload))
    assert.deepEqual(Object.keys(claims).sort(), ['accessor', 'addr', 'exp', 'iat', 'jti', 'nbf', 'type'])
    assert.equal(claims.type, 'wrapping')
    assert.equal(claims.exp - claims.iat, 300)
    assert.equal(claims.iat - claims.nbf, 5)
    assert.match(claims.jti, /^hvs\./)
    const { data } = (await server.call('GET', '/v1/sys/wrapping/pubkey')).body
    assert.equal(data.jwt_curve, 'p521')
    const coordinate = (decimal: string): string =>
      Buffer.from(BigInt(decimal).toString(16).padStart(132, '0'), 'hex').toString('base64url')
    const jwk = { kty: 'EC', crv: 'P-521', x: coordinate(data.jwt_x), y: coordinate(data.jwt_y) }
    const key = createPublicKey({ key: jwk, format: 'jwk' })
    const isSigned = verify(
      'sha512',
      Buffer.from(`${header}.${payload}`),
      { key, dsaEncoding: 'ieee-p1363' },
      Buffer.from(signature, 'base64url'),
    )
    assert.ok(isSigned)
  })

  test('is looked up, rewrapped and unwrapped as the token within', async () => {
    const jwt = await secret({ format: 'jwt' })
    assert.equal((await lookup(jwt)).body.data.creation_path, 'secret/app')
    const next = (await ask('rewrap', jwt)).body.wrap_info.token
    refused(await ask('unwrap', jwt), INVALID)
    assert.equal((await ask('unwrap', next)).body.data.n, 1)
    assert.equal((await ask('unwrap', await secret({ format: 'jwt' }))).body.data.n, 1)
  })

  test('that was changed, or signed by nobody, is none', async () => {
    const jwt = await secret({ format: 'jwt' })
    const [header, payload, signature = ''] = jwt.split('.')
    const none = Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url')
    const other = `${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`
    const swapped = Buffer.from(payload ?? '', 'base64url')
      .toString()
      .replace('"wrapping"', '"wrappinG"')
    for (const token of [
      `${header}.${payload}.${other}`,
      `${header}.${payload}.`,
      `${header}.${payload}`,
      `${none}.${payload}.`,
      `${none}.${payload}.${signature}`,
      `${header}.${Buffer.from(swapped).toString('base64url')}.${signature}`,
      `${header}.${payload}.${signature}.${signature}`,
    ]) {
      refused(await ask('unwrap', token), INVALID)
    }
    assert.equal((await ask('unwrap', jwt)).status, 200)
  })
})
