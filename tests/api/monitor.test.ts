import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { MAX_LOG_FOLLOWERS } from '../../src/base/limits.ts'
import { TestServer } from './in-process.ts'

let server: TestServer
before(async () => {
  server = await TestServer.start()
  await server.open(1, 1)
})
after(() => server.close())

async function follow(query = ''): Promise<{
  readonly response: Response
  readonly until: (wanted: RegExp) => Promise<string>
  readonly leave: () => void
}> {
  const leaving = new AbortController()
  const response = await fetch(`${server.origin}/v1/sys/monitor${query}`, {
    headers: { 'x-vault-token': server.rootToken },
    signal: leaving.signal,
  })
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  const until = async (wanted: RegExp): Promise<string> => {
    while (!wanted.test(text)) {
      const { value, done } = await reader.read()
      if (done) break
      text += value
    }
    return text
  }
  return { response, until, leave: () => leaving.abort() }
}

test('shows lines of the log as they are written, from the level that was asked for', async () => {
  const debug = await follow('?log_level=debug&log_format=json')
  assert.equal(debug.response.status, 200)
  assert.match(String(debug.response.headers.get('content-type')), /^text\/plain/)
  await server.asRoot('GET', '/v1/secret/none')
  const line = (await debug.until(/\n/)).split('\n')[0]
  assert.equal(JSON.parse(String(line)).level !== undefined, true)
  debug.leave()
})

test('shows no token, no value, and no path below a mount', async () => {
  const debug = await follow('?log_level=trace')
  await server.asRoot('POST', '/v1/secret/canary-path', { canary: 'canary-value' })
  await server.asRoot('GET', '/v1/secret/canary-none')
  await server.call('PUT', '/v1/sys/unseal', { key: 'canary-key' })
  const text = await debug.until(/share_malformed|unseal.*400/)
  assert.doesNotMatch(text, /canary/)
  assert.ok(!text.includes(server.rootToken))
  debug.leave()
})

test('refuses what is no level and no form (surface.md section 12)', async () => {
  const refusal = async (query: string): Promise<unknown> =>
    (await server.asRoot('GET', `/v1/sys/monitor?${query}`)).body.errors[0]
  assert.equal(await refusal('log_level=zzz'), 'unknown log level')
  assert.equal(await refusal('log_format=zzz'), 'unknown log format')
  assert.equal((await server.call('GET', '/v1/sys/monitor')).status, 403)
})

test('takes no more followers than it may, and takes one again when one has left', async () => {
  const all = []
  for (let count = 0; count < MAX_LOG_FOLLOWERS; count++) all.push(await follow())
  assert.equal((await server.asRoot('GET', '/v1/sys/monitor')).status, 503)
  all[0]!.leave()
  let again = await follow()
  while (again.response.status === 503) again = await follow()
  assert.equal(again.response.status, 200)
  for (const one of [...all, again]) one.leave()
})

test('ends when the store is sealed', async () => {
  const one = await follow()
  await server.asRoot('PUT', '/v1/sys/seal')
  // Resolves at the end of the answer.
  await one.until(/never/)
})
