import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { TestServer } from './in-process.ts'

let server: TestServer
before(async () => {
  server = await TestServer.start()
  await server.open(1, 1)
})
after(() => server.close())

const tool = (path: string, body: unknown = {}) => server.asRoot('POST', `/v1/sys/tools/${path}`, body)

test('gives as many random bytes as asked for, in either writing (surface.md section 12)', async () => {
  const random = async (path: string, body?: unknown): Promise<string> =>
    (await tool(path, body)).body.data.random_bytes
  assert.match(await random('random', { format: 'hex' }), /^[0-9a-f]{64}$/)
  assert.equal(Buffer.from(await random('random'), 'base64').length, 32)
  assert.equal(Buffer.from(await random('random/5'), 'base64').length, 5)
  assert.equal(Buffer.from(await random('random/platform/7'), 'base64').length, 7)
  assert.notEqual(await random('random'), await random('random'))
})

test('hashes as the published vectors do (FIPS 180-4 and FIPS 202, "abc")', async () => {
  const input = Buffer.from('abc').toString('base64')
  const sum = async (path: string, body: object = {}): Promise<string> =>
    (await tool(path, { input, ...body })).body.data.sum
  assert.equal(await sum('hash'), 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
  assert.equal(await sum('hash/sha2-224'), '23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7')
  assert.equal(await sum('hash/sha3-256'), '3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532')
  const wanted = '3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532'
  const base64 = await sum('hash', { algorithm: 'sha3-256', format: 'base64' })
  assert.equal(Buffer.from(base64, 'base64').toString('hex'), wanted)
  const empty = await tool('hash', { input: '' })
  assert.equal(empty.body.data.sum, 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
})

test('refuses in the words of the contract', async () => {
  const refused = async (path: string, body: unknown): Promise<unknown> => {
    const answer = await tool(path, body)
    assert.equal(answer.status, 400)
    return answer.body.errors[0]
  }
  const format = 'unsupported encoding format "zz"; must be "hex" or "base64"'
  assert.equal(await refused('random', { format: 'zz' }), format)
  assert.equal(await refused('random', { bytes: 131_073 }), "'bytes' should be less than 131072")
  assert.equal(await refused('random', { bytes: 0 }), '"bytes" cannot be less than 1')
  assert.match(String(await refused('random/seal/5', {})), /^unsupported entropy source "seal"/)
  assert.equal(
    await refused('hash', { input: '%%' }),
    'unable to decode input as base64: illegal base64 data',
  )
  assert.equal(await refused('hash/md5', { input: 'YQ==' }), 'unsupported algorithm "md5"')
})

test('says which members of a body nothing came of', async () => {
  const { body } = await tool('random', { byte: 3, zz: 1 })
  assert.deepEqual(body.warnings, ['Endpoint ignored these unrecognized parameters: [byte zz]'])
})
