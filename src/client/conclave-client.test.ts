import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fromUtf8 } from '../base/encoding.ts'
import { SecretBytes } from '../base/secret-bytes.ts'
import { ConclaveClient } from './conclave-client.ts'
import { ApiError, TransportError } from './errors.ts'

interface Seen {
  readonly line: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
  /** The port of the client: its connection. */
  readonly from: number | undefined
}

const seen: Seen[] = []
const sockets: Socket[] = []
const answers = new Map<string, { status: number; body: string; headers?: Record<string, string> }>()
const server = createServer(async (request, response) => {
  const pieces: Buffer[] = []
  for await (const piece of request) pieces.push(piece)
  const line = `${request.method} ${request.url}`
  const from = request.socket.remotePort
  seen.push({ line, headers: request.headers, body: Buffer.concat(pieces).toString(), from })
  const answer = answers.get(line) ?? { status: 404, body: '{"errors":[]}' }
  response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers })
  response.end(answer.body)
})
server.on('connection', (socket) => sockets.push(socket))
server.listen(0, '127.0.0.1')
await once(server, 'listening')
const listening = server.address()
const port = typeof listening === 'object' && listening !== null ? listening.port : 0
const address = `http://127.0.0.1:${port}`
const client = new ConclaveClient({ address, token: 'hvs.t', namespace: 'team' })
after(() => {
  client.close()
  server.close()
})

test('sends the headers of the contract', async () => {
  answers.set('GET /v1/sys/seal-status', { status: 200, body: '{"sealed":true,"t":3,"n":5,"progress":1}' })
  const status = await client.sealStatus()
  assert.deepEqual([status.sealed, status.threshold, status.shares, status.progress], [true, 3, 5, 1])
  const headers = seen.at(-1)?.headers
  assert.equal(headers?.['x-vault-request'], 'true')
  assert.equal(headers?.['x-vault-token'], 'hvs.t')
  assert.equal(headers?.['x-vault-namespace'], 'team')
})

test('gives a share as hex and reads the new shares as bytes', async () => {
  using share = SecretBytes.take(Uint8Array.of(1, 2, 0xfe))
  answers.set('PUT /v1/sys/rekey/update', {
    status: 200,
    body: '{"nonce":"n1","complete":true,"keys":["0a","0b"],"keys_base64":["Cg==","Cw=="]}',
  })
  const update = await client.rekey().update(share, 'n1')
  assert.equal(seen.at(-1)?.body, '{"key":"0102fe","nonce":"n1"}')
  assert.ok(update.complete)
  assert.deepEqual(
    update.keys.map((key) => key.lend(fromUtf8)),
    ['0a', '0b'],
  )
})

test('acknowledges new shares by the next request on their connection, and by nothing else', async () => {
  using share = SecretBytes.take(Uint8Array.of(1))
  const path = '/v1/sys/rekey/update'
  answers.set(`PUT ${path}`, { status: 200, body: '{"nonce":"n1","complete":true,"keys":["0a"]}' })
  answers.set('GET /v1/sys/custody/status', { status: 200, body: '{"serial":4,"retiring":null}' })
  const update = await client.rekey().update(share, 'n1')
  assert.ok(update.complete)
  const shown = seen.at(-1)
  assert.equal(shown?.headers['x-conclave-acknowledge'], 'request')
  await client.custodyStatus()
  assert.notEqual(seen.at(-1)?.from, shown?.from, 'other requests go elsewhere')
  const before = seen.length
  client.close()
  const status = await update.delivery.acknowledge()
  assert.deepEqual([status.serial, status.retiring], [4, null])
  assert.deepEqual([seen.length, seen.at(-1)?.from], [before + 1, shown?.from])
  update.delivery[Symbol.dispose]()
})

test('breaks the connection of new shares that were not acknowledged', async () => {
  using share = SecretBytes.take(Uint8Array.of(1))
  answers.set('PUT /v1/sys/rekey/update', { status: 200, body: '{"complete":true,"keys":["0a"]}' })
  const update = await client.rekey().update(share, 'n1')
  assert.ok(update.complete)
  const broken = new Promise((resolve) => sockets.at(-1)?.once('error', resolve))
  update.delivery[Symbol.dispose]()
  assert.equal(((await broken) as NodeJS.ErrnoException).code, 'ECONNRESET')
})

test('speaks the original face without a nonce', async () => {
  using share = SecretBytes.take(Uint8Array.of(7))
  answers.set('PUT /sys/rekey/update', { status: 200, body: '{"complete":false,"keys":null}' })
  answers.set('GET /sys/rekey/init', {
    status: 200,
    body: '{"started":true,"t":2,"n":4,"progress":1,"required":3}',
  })
  const update = await client.originalRekey().update(share)
  assert.deepEqual([update.complete, !update.complete && update.status.progress], [false, 1])
  answers.set('PUT /sys/rekey/init', { status: 204, body: '' })
  assert.equal((await client.originalRekey().start({ shares: 4, threshold: 2 })).required, 3)
})

test('tells an error in the words of the contract, with its code', async () => {
  answers.set('PUT /v1/sys/seal', {
    status: 403,
    body: '{"errors":["permission denied"],"code":"permission_denied"}',
  })
  await assert.rejects(client.seal(), (error) => {
    assert.ok(error instanceof ApiError)
    const url = `URL: PUT ${address}/v1/sys/seal`
    const text = `Error making API request.\n\n${url}\nCode: 403. Errors:\n\n* permission denied`
    assert.equal(error.message, text)
    assert.equal(error.code, 'permission_denied')
    return true
  })
})

test('finds nothing on an empty 404, and keeps numbers as they were sent', async () => {
  assert.equal(await client.logical.read('secret/none'), null)
  const body = '{"data":{"a":1.0,"b":9007199254740993}}'
  answers.set('GET /v1/secret/a%20b', { status: 200, body })
  const answer = await client.logical.read('secret/a b')
  assert.equal(JSON.stringify(answer?.members), body)
  answers.set('GET /v1/secret/?list=true', { status: 200, body: '{"data":{"keys":["a b"]}}' })
  assert.deepEqual((await client.logical.list('secret'))?.members, { data: { keys: ['a b'] } })
})

test('counts the states of health as answers', async () => {
  answers.set('GET /v1/sys/health', { status: 501, body: '{"initialized":false,"sealed":true}' })
  assert.deepEqual([(await client.health()).status, (await client.health()).initialized], [501, false])
})

test('follows one redirect with the body, and not a second', async () => {
  const there = { status: 307, body: '', headers: { location: `${address}/v1/secret/there` } }
  answers.set('PUT /v1/secret/here', there)
  answers.set('PUT /v1/secret/there', { status: 204, body: '' })
  assert.equal(await client.logical.write('secret/here', { a: 1 }), null)
  assert.equal(seen.at(-1)?.body, '{"a":1}')
  answers.set('PUT /v1/secret/there', there)
  await assert.rejects(client.logical.write('secret/here', { a: 1 }), ApiError)
})

test('refuses an answer that is not JSON', async () => {
  answers.set('GET /v1/sys/leader', { status: 200, body: '<html>' })
  await assert.rejects(
    client.leader(),
    (error) => error instanceof TransportError && error.code === 'answer_invalid',
  )
})

test('says where nobody answers, and what to do', async () => {
  const nobody = new ConclaveClient({ address: 'http://127.0.0.1:1' })
  await assert.rejects(nobody.sealStatus(), (error) => {
    assert.ok(error instanceof TransportError)
    assert.equal(error.message, 'connection refused at http://127.0.0.1:1')
    assert.match(error.hint, /conclave server/)
    return true
  })
})

test('does not wait longer than it was told to', async () => {
  const silent = createServer(() => {})
  silent.listen(0, '127.0.0.1')
  await once(silent, 'listening')
  const place = silent.address()
  const silentPort = typeof place === 'object' && place !== null ? place.port : 0
  const patient = new ConclaveClient({ address: `http://127.0.0.1:${silentPort}`, timeoutMs: 50 })
  await assert.rejects(
    patient.sealStatus(),
    (error) => error instanceof TransportError && error.code === 'timed_out',
  )
  silent.closeAllConnections()
  silent.close()
})

test('speaks over a socket', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'conclave-client-'))
  const local = createServer((_request, response) => response.end('{"initialized":true}'))
  local.listen(join(folder, 's'))
  await once(local, 'listening')
  const here = new ConclaveClient({ address: `unix://${join(folder, 's')}` })
  assert.equal(await here.initStatus(), true)
  here.close()
  local.close()
  await rm(folder, { recursive: true })
})
