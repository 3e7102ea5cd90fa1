import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { TestServer } from './in-process.ts'

let server: TestServer
before(async () => {
  server = await TestServer.start()
  await server.open(2, 2)
})
after(() => server.close())

/** Facts of the lines with this event that a call leaves behind. */
async function lines(event: string, call: () => Promise<unknown>): Promise<Record<string, unknown>[]> {
  const before = server.logged.length
  await call()
  return server.logged
    .slice(before)
    .filter((line) => line.startsWith(`${event} {`))
    .map((line) => JSON.parse(line.slice(event.length)))
}

test('a refused share leaves a line with its code and where it came from', async () => {
  await server.asRoot('PUT', '/v1/sys/seal')
  const give = (): Promise<unknown> => server.call('PUT', '/v1/sys/unseal', { key: 'ab'.repeat(33) })
  const [refused, ...more] = await lines('info request refused', give)
  assert.deepEqual(
    [refused?.['code'], refused?.['source'], refused?.['route'], refused?.['status'], more.length],
    ['share_unknown', '127.0.0.1', '/v1/sys/unseal', 400, 0],
  )
})

test('what was only not there, or not open, is no refusal', async () => {
  const nothing = await lines('info request refused', () => server.asRoot('GET', '/v1/secret/none'))
  const sealed = await lines('info request refused', () => server.call('GET', '/v1/sys/rekey/init'))
  assert.deepEqual([nothing, sealed], [[], []])
})

test('the line of every request has the code of its error', async () => {
  const [sealed] = await lines('debug request', () => server.call('GET', '/v1/secret/a'))
  assert.deepEqual([sealed?.['status'], sealed?.['code']], [503, 'sealed'])
  const [health] = await lines('debug request', () => server.call('GET', '/v1/sys/seal-status'))
  assert.deepEqual([health?.['status'], 'code' in (health ?? {})], [200, false])
})
