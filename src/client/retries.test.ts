import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { after, beforeEach, test } from 'node:test'
import { ConclaveClient } from './conclave-client.ts'
import { ApiError, TransportError } from './errors.ts'

const statuses: number[] = []
const lines: string[] = []
const server = createServer((request, response) => {
  lines.push(`${request.method} ${request.url}`)
  response.writeHead(statuses.shift() ?? 200, { 'content-type': 'application/json' }).end('{"data":{}}')
})
server.listen(0, '127.0.0.1')
await once(server, 'listening')
const listening = server.address()
const address = `http://127.0.0.1:${typeof listening === 'object' ? listening?.port : 0}`
const clients: ConclaveClient[] = []
after(() => {
  for (const client of clients) client.close()
  server.close()
})
beforeEach(() => {
  statuses.length = 0
  lines.length = 0
  waits.length = 0
})

const waits: number[] = []

function clientOf(times: number, place = address): ConclaveClient {
  const pause = async (waitMs: number): Promise<void> => void waits.push(waitMs)
  const client = new ConclaveClient({ address: place, retries: { times, pause } })
  clients.push(client)
  return client
}

test('asks again for what is read while the server fails, and waits longer each time, to 8 s', async () => {
  statuses.push(500, 503, 502, 500, 500)
  assert.equal((await clientOf(9).logical.read('secret/a'))?.status, 200)
  assert.deepEqual([lines.length, waits], [6, [1000, 2000, 4000, 8000, 8000]])
  lines.length = 0
  statuses.push(503)
  await clientOf(1).logical.list('secret')
  assert.deepEqual(lines, ['GET /v1/secret/?list=true', 'GET /v1/secret/?list=true'])
})

test('gives the last answer where it is a failure still, and asks not once more than it was told', async () => {
  statuses.push(503, 503, 503, 503)
  await assert.rejects(
    clientOf(2).logical.read('secret/a'),
    (error) => error instanceof ApiError && error.status === 503,
  )
  assert.deepEqual([lines.length, waits], [3, [1000, 2000]])
})

test('never asks again for a write, nor where the server said why it will not', async () => {
  const client = clientOf(5)
  for (const [status, ask] of [
    [500, () => client.logical.write('secret/a', {})],
    [503, () => client.logical.delete('secret/a')],
    [502, () => client.logical.patch('secret/a', {})],
    [501, () => client.logical.read('secret/a')],
    [403, () => client.logical.read('secret/a')],
    [429, () => client.logical.read('secret/a')],
  ] as const) {
    lines.length = 0
    statuses.push(status)
    await assert.rejects(ask(), (error) => error instanceof ApiError && error.status === status)
    assert.deepEqual([lines.length, waits], [1, []])
  }
})

test('asks again where nobody listens, and for reads alone', async () => {
  const nobody = clientOf(2, 'http://127.0.0.1:1')
  const isRefused = (error: unknown): boolean =>
    error instanceof TransportError && error.code === 'connection_failed'
  await assert.rejects(nobody.logical.read('secret/a'), isRefused)
  assert.deepEqual(waits, [1000, 2000])
  await assert.rejects(nobody.logical.write('secret/a', {}), isRefused)
  assert.deepEqual(waits, [1000, 2000])
})

test('ends with the time of the whole request, however often it was to be asked again', async () => {
  let pauses = 0
  const pause = async (_waitMs: number, signal: AbortSignal): Promise<void> => {
    pauses++
    if (!signal.aborted) await once(signal, 'abort')
  }
  const client = new ConclaveClient({ address, timeoutMs: 50, retries: { times: 100, pause } })
  clients.push(client)
  statuses.push(503)
  await assert.rejects(
    client.logical.read('secret/a'),
    (error) => error instanceof TransportError && error.code === 'timed_out',
  )
  assert.deepEqual([pauses, lines.length], [1, 1])
})
