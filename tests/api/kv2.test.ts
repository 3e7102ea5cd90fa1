import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { type Answer, TestServer } from './in-process.ts'
import { readTranscript, replay } from './transcript.ts'

let server: TestServer
let keys: readonly string[]
before(async () => {
  server = await TestServer.start()
  keys = await server.open(1, 1)
  await server.asRoot('POST', '/v1/sys/mounts/kv2', { type: 'kv-v2' })
  for (const path of ['top', 'dev/y/z']) {
    await server.asRoot('POST', `/v1/kv2/data/${path}`, { data: { at: path } })
  }
})
after(() => server.close())

const root = (method: string, path: string, body?: unknown): Promise<Answer> =>
  server.asRoot(method, `/v1/${path}`, body)
const patch = (path: string, body: unknown): Promise<Answer> =>
  server.call('PATCH', `/v1/${path}`, body, {
    'x-vault-token': server.rootToken,
    'content-type': 'application/merge-patch+json; charset=utf-8',
  })
const transcript = (name: string): string =>
  readFileSync(new URL(`../vectors/${name}-transcript.txt`, import.meta.url), 'utf8')

describe('the transcript of KV 2 (surface.md Appendix A)', () => {
  replay(readTranscript(transcript('kv2').replaceAll('secret/', 'kv2/')), () => server)
})

describe('the transcript of KV 1, and its upgrade to version 2', () => {
  // The peer says 0 for both, an accident (docs/vault-compatibility.md).
  const named = transcript('kv1').replace('version 0 to version 0', 'version 1 to version 2')
  replay(readTranscript(named), () => server)
})

describe('KV 2 over a socket', () => {
  const numbers = '{"data": {"z":1.0, "big":9007199254740993,"t":"\\u00e9\\/"}}'

  test('values come back byte for byte, also through a patch that does not touch them', async () => {
    await root('PUT', 'kv2/data/bytes', numbers)
    const read = async (): Promise<string> => {
      const response = await fetch(`${server.origin}/v1/kv2/data/bytes`, {
        headers: { connection: 'close', 'x-vault-token': server.rootToken },
      })
      return await response.text()
    }
    assert.ok((await read()).includes(numbers.slice(1, -1).replace('"data": ', '"data":')))
    assert.equal((await patch('kv2/data/bytes', { data: { more: true } })).status, 200)
    const merged = '"data":{"z":1.0,"big":9007199254740993,"t":"\\u00e9\\/","more":true}'
    assert.ok((await read()).includes(merged))
  })

  test('a patch without the type of a merge patch is refused before anything is read', async () => {
    assert.equal((await root('PATCH', 'kv2/data/top', { data: {} })).status, 415)
    assert.equal((await root('GET', 'kv2/data/top')).body.data.metadata.version, 1)
  })

  test('of 64 requests at once that know the same version one has its way, 8 times over', async () => {
    for (let cas = 0; cas < 8; cas++) {
      const bodies = Array.from({ length: 64 }, (_, who) => ({ data: { who }, options: { cas } }))
      const answers = await Promise.all(bodies.map((body) => root('POST', 'kv2/data/cas', body)))
      const made = answers.filter(({ status }) => status === 200)
      assert.deepEqual(
        made.map(({ body }) => body.data.version),
        [cas + 1],
      )
      const text = 'check-and-set parameter did not match the current version'
      for (const { status, body } of answers) if (status !== 200) assert.deepEqual(body.errors, [text])
    }
  })

  test('secrets and settings are there after a seal and an unseal', async () => {
    for (const k of [1, 2]) await root('POST', 'kv2/data/stays', { data: { k } })
    await root('POST', 'kv2/config', { max_versions: 7 })
    const before = await Promise.all(
      ['kv2/data/stays', 'kv2/metadata/stays'].map((path) => root('GET', path)),
    )
    assert.equal(await server.reopensWith(keys), true)
    const after = await Promise.all(['kv2/data/stays', 'kv2/metadata/stays'].map((path) => root('GET', path)))
    assert.deepEqual(
      after.map(({ body }) => body.data),
      before.map(({ body }) => body.data),
    )
    assert.deepEqual((await root('GET', 'kv2/data/stays?version=1')).body.data.data, { k: 1 })
    assert.equal((await root('GET', 'kv2/config')).body.data.max_versions, 7)
  })

  test('unknown members are told of where there is an answer', async () => {
    const { body } = await root('POST', 'kv2/data/warned', { data: {}, optoins: { cas: 0 }, b: 1 })
    assert.deepEqual(body.warnings, ['Endpoint ignored these unrecognized parameters: [b optoins]'])
  })
})

/** What the command lines of the peers send, in their order (surface.md section 15.2). */
describe('the commands of kv', () => {
  test('put, get, patch, delete, undelete, rollback, as the peers send them', async () => {
    const preflight = await root('GET', 'sys/internal/ui/mounts/kv2/app/db')
    assert.deepEqual([preflight.body.data.path, preflight.body.data.options.version], ['kv2/', '2'])
    const put = await root('PUT', 'kv2/data/app/db', { data: { user: 'a' }, options: {} })
    assert.deepEqual([put.status, put.body.data.version], [200, 1])
    assert.equal((await patch('kv2/data/app/db', { data: { password: 'p' } })).body.data.version, 2)
    assert.equal((await root('PUT', 'kv2/delete/app/db', { versions: ['1', '2'] })).status, 204)
    const gone = await root('GET', 'kv2/data/app/db')
    assert.deepEqual([gone.status, gone.body.data.data], [404, null])
    assert.equal((await root('PUT', 'kv2/undelete/app/db', { versions: ['1'] })).status, 204)
    const { body } = await root('GET', 'kv2/metadata/app/db')
    const old = await root('GET', 'kv2/data/app/db?version=1')
    const back = { data: old.body.data.data, options: { cas: body.data.current_version } }
    assert.equal((await root('PUT', 'kv2/data/app/db', back)).body.data.version, 3)
    assert.deepEqual((await root('GET', 'kv2/data/app/db')).body.data.data, { user: 'a' })
  })

  test('metadata put, get, patch, delete, and list in both spellings', async () => {
    const settings = {
      cas_required: false,
      delete_version_after: '0s',
      max_versions: 5,
      custom_metadata: null,
    }
    assert.equal((await root('PUT', 'kv2/metadata/m/a', settings)).status, 204)
    const texts = { custom_metadata: { managed: 'by' } }
    assert.equal((await patch('kv2/metadata/m/a', texts)).status, 204)
    const { body } = await root('GET', 'kv2/metadata/m/a')
    assert.deepEqual(body.data.custom_metadata, texts.custom_metadata)
    for (const [method, path] of [
      ['LIST', 'kv2/metadata/m'],
      ['GET', 'kv2/metadata/m?list=true'],
    ] as const) {
      assert.deepEqual((await root(method, path)).body.data, { keys: ['a'] })
    }
    assert.equal((await root('DELETE', 'kv2/metadata/m/a')).status, 204)
    assert.equal((await root('LIST', 'kv2/metadata/m')).status, 404)
  })
})
