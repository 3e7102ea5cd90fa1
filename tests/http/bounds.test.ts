import assert from 'node:assert/strict'
import { connect, type Socket } from 'node:net'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock } from '../../src/base/clock.ts'
import {
  HEAD_TIMEOUT_MS,
  IDLE_TIMEOUT_MS,
  MAX_CONNECTIONS,
  MAX_HEAD_BYTES,
  MAX_HEADER_LINES,
  MAX_REQUESTS_PER_CONNECTION,
  REQUEST_TIMEOUT_MS,
  STALL_TIMEOUT_MS,
} from '../../src/base/limits.ts'
import { SecretBytes } from '../../src/base/secret-bytes.ts'
import { BodyBudget } from '../../src/http/body-budget.ts'
import type { Service } from '../../src/http/exchange.ts'
import type { ListenerBounds, RunningListener } from '../../src/http/listener.ts'
import { SecretText } from '../../src/logical/json.ts'
import { systemClock } from '../../src/server/system-ports.ts'
import { firstBytes, HOST, serve, talk } from './peer.ts'

/** Short ones, looked at often, so that a test of each ends soon. */
const SHORT: Partial<ListenerBounds> = { checkMs: 20 }
const LONG_MS = 30_000

interface Watched {
  readonly text: () => string
  /** How long the connection lasted, in milliseconds. */
  readonly lasted: Promise<number>
  readonly socket: Socket
}

function open({ address }: RunningListener): Watched {
  const socket = connect(address.port, '127.0.0.1')
  const began = performance.now()
  let text = ''
  socket.on('data', (bytes) => {
    text += String(bytes)
  })
  socket.on('error', () => undefined)
  const closed = new Promise((resolve) => void socket.once('close', resolve))
  const lasted = closed.then(() => performance.now() - began)
  return { text: () => text, lasted, socket }
}

/** Sends a byte at a time until the connection is gone. */
async function drip(socket: Socket, text: string, everyMs: number): Promise<void> {
  for (const letter of text) {
    if (socket.destroyed) return
    socket.write(letter)
    await sleep(everyMs)
  }
}

test('the usual bounds are those of the security model', () => {
  assert.deepEqual(
    [HEAD_TIMEOUT_MS, REQUEST_TIMEOUT_MS, IDLE_TIMEOUT_MS, STALL_TIMEOUT_MS],
    [10_000, 30_000, 300_000, 90_000],
  )
  assert.deepEqual(
    [MAX_CONNECTIONS, MAX_HEAD_BYTES, MAX_HEADER_LINES, MAX_REQUESTS_PER_CONNECTION],
    [4096, 16_384, 128, 100_000],
  )
})

test('a head that comes in drops is cut off in time, however steadily it drips', async (t) => {
  const { listener, dispatched } = await serve(t, { bounds: { ...SHORT, headMs: 300, requestMs: LONG_MS } })
  const { socket, lasted, text } = open(listener)
  void drip(socket, `GET /v1/s/a HTTP/1.1\r\n${HOST}X-Slow: ${'a'.repeat(1000)}`, 20)
  const ms = await lasted
  assert.match(text(), /^HTTP\/1\.1 408 /)
  assert.ok(ms >= 300 && ms < 2000, `${ms} ms`)
  assert.deepEqual(dispatched, [])
  t.diagnostic(`cut off after ${ms.toFixed(0)} ms; the bound is 300 ms`)
})

test('a connection that never says anything is cut off like one that says it slowly', async (t) => {
  const { listener } = await serve(t, { bounds: { ...SHORT, headMs: 300, requestMs: LONG_MS } })
  const ms = await open(listener).lasted
  assert.ok(ms >= 300 && ms < 2000, `${ms} ms`)
})

test('a body that comes in drops is cut off in time, and the request is not handled', async (t) => {
  const { listener, dispatched } = await serve(t, { bounds: { ...SHORT, headMs: 300, requestMs: 600 } })
  const { socket, lasted, text } = open(listener)
  socket.write(`PUT /v1/s/a HTTP/1.1\r\n${HOST}X-Vault-Token: t\r\nContent-Length: 1000\r\n\r\n`)
  void drip(socket, 'x'.repeat(1000), 20)
  const ms = await lasted
  assert.match(text(), /^HTTP\/1\.1 4\d\d /)
  assert.ok(ms >= 600 && ms < 2500, `${ms} ms`)
  assert.deepEqual(dispatched, [])
  t.diagnostic(`cut off after ${ms.toFixed(0)} ms; the bound is 600 ms`)
})

test('an idle connection is closed in time, and no earlier', async (t) => {
  const { listener } = await serve(t, { bounds: { ...SHORT, idleMs: 300 } })
  const { socket, lasted } = open(listener)
  socket.write(`GET /v1/s/a HTTP/1.1\r\n${HOST}\r\n`)
  const ms = await lasted
  // node:http gives a second more, so that a client that knows the bound is not cut off in its last moment.
  assert.ok(ms >= 300 && ms < 3000, `${ms} ms`)
})

/** More than the kernel takes off our hands. */
const LARGE = 24 * 1024 * 1024

/** What answers with as much and a secret, and the memory that answers have for it. */
function largeAnswers(): Pick<Service, 'dispatch' | 'answers'> & { readonly secrets: SecretBytes[] } {
  const secrets: SecretBytes[] = []
  const dispatch = async () => {
    const secret = SecretBytes.copyOf(Buffer.from('0badc0de'))
    secrets.push(secret)
    return { data: { filler: 'x'.repeat(LARGE), key: new SecretText(secret) } }
  }
  return { dispatch, answers: new BodyBudget({ allBytes: 3 * LARGE, keptForSmallBytes: 0 }), secrets }
}

/** Asks for it by a token, and takes the beginning of the answer only. */
async function takeSome(listener: RunningListener, token = 't'): Promise<Socket> {
  const socket = connect(listener.address.port, '127.0.0.1')
  socket.on('error', () => undefined)
  socket.write(`GET /v1/s/large HTTP/1.1\r\n${HOST}X-Vault-Token: ${token}\r\n\r\n`)
  assert.match(await firstBytes(socket), /^HTTP\/1\.1 200 /)
  socket.pause()
  return socket
}

function isFree({ answers }: Pick<Service, 'answers'>): boolean {
  try {
    const room = answers.open('nobody else')
    room.cover(3 * LARGE)
    room[Symbol.dispose]()
    return true
  } catch {
    return false
  }
}

test('a peer that does not take its answer is left in time, and what it was to get is forgotten', async (t) => {
  const { secrets, ...service } = largeAnswers()
  const { listener } = await serve(t, { service, bounds: { ...SHORT, stallMs: 500 } })
  const socket = await takeSome(listener)
  const began = performance.now()
  assert.ok(secrets[0]?.isWiped === true, 'what the answer was made of is not kept beside it')
  assert.equal(isFree(service), false)
  while (!isFree(service) && performance.now() - began < LONG_MS) await sleep(10)
  const ms = performance.now() - began
  t.diagnostic(`left after ${ms.toFixed(0)} ms without a byte; the bound is 500 ms`)
  assert.ok(ms >= 300 && ms < 5000, `${ms} ms`)
  socket.destroy()
})

test('a large answer has a minute, and a second more for each 128 KiB: then its peer is left', async (t) => {
  const late: (() => void)[] = []
  const asked: number[] = []
  const sleeping: Clock['sleep'] = (delay, signal) => {
    const { promise, resolve } = Promise.withResolvers<void>()
    asked.push(delay)
    late.push(resolve)
    signal?.addEventListener('abort', () => resolve())
    return promise
  }
  const { secrets: _, ...service } = largeAnswers()
  const { listener } = await serve(t, {
    service,
    clock: { now: systemClock.now, monotonic: systemClock.monotonic, sleep: sleeping },
  })
  const socket = await takeSome(listener)
  assert.deepEqual(
    asked.map((ms) => Math.round(ms / 1000)),
    [60 + 24 * 8],
  )
  assert.equal(isFree(service), false)
  for (const pass of late) pass()
  for (let turn = 0; !isFree(service) && turn < 500; turn++) await sleep(10)
  assert.ok(isFree(service))
  socket.destroy()
})

test('answers that nobody takes have a bound together, and one token has half of it', async (t) => {
  const { secrets: _, ...service } = largeAnswers()
  const { listener } = await serve(t, { service })
  const ask = (token: string): Promise<string> =>
    talk(listener.address.port, `GET /v1/s/large HTTP/1.1\r\n${HOST}X-Vault-Token: ${token}\r\n\r\n`)
  const first = await takeSome(listener, 'a')
  const refused = await ask('a')
  assert.match(refused, /^HTTP\/1\.1 503 /)
  assert.match(refused, /\r\nRetry-After: 1\r\n/)
  assert.match(refused, /"code":"overloaded"/)
  const second = await takeSome(listener, 'b')
  assert.match(await ask('c'), /^HTTP\/1\.1 503 /)
  for (const socket of [first, second]) socket.destroy()
  for (let turn = 0; !isFree(service) && turn < 500; turn++) await sleep(10)
  assert.ok(isFree(service))
})

test('one connection more than there may be is closed before anything is read', async (t) => {
  let full = 0
  const { listener, dispatched } = await serve(t, { bounds: { connections: 3 }, onFull: () => full++ })
  const held = [open(listener), open(listener), open(listener)]
  await sleep(50)
  assert.equal(await talk(listener.address.port, `GET /v1/s/a HTTP/1.1\r\n${HOST}\r\n`), '')
  assert.deepEqual([dispatched, full], [[], 1])
  held[0]?.socket.destroy()
  await sleep(50)
  assert.match(await talk(listener.address.port, `GET /v1/s/a HTTP/1.1\r\n${HOST}\r\n`), /^HTTP\/1\.1 200 /)
  for (const { socket } of held) socket.destroy()
})

test('a head of the most bytes and lines is taken; one more of either is refused', async (t) => {
  const { listener, dispatched } = await serve(t)
  const lines = (count: number): string => 'X-A: b\r\n'.repeat(count - 1)
  const ask = (headers: string): Promise<string> =>
    talk(listener.address.port, `GET /v1/s/a HTTP/1.1\r\n${HOST}${headers}\r\n`)
  assert.match(await ask(lines(MAX_HEADER_LINES)), /^HTTP\/1\.1 200 /)
  const refused = await ask(lines(MAX_HEADER_LINES + 1))
  assert.match(refused, /^HTTP\/1\.1 400 .*more than 128 header lines/s)
  // Many more than the 2,000 above which node:http leaves lines away without a word.
  assert.match(await ask('a:\r\n'.repeat(3000)), /^HTTP\/1\.1 400 .*more than 128 header lines/s)
  assert.match(await ask(`X-Long: ${'x'.repeat(MAX_HEAD_BYTES)}\r\n`), /^HTTP\/1\.1 431 /)
  assert.match(await ask(`X-Long: ${'x'.repeat(MAX_HEAD_BYTES - 200)}\r\n`), /^HTTP\/1\.1 200 /)
  assert.deepEqual(dispatched, ['read s/a', 'read s/a'])
})

test('64 peers that drip do not keep an honest one waiting', async (t) => {
  const { listener } = await serve(t, { bounds: { ...SHORT, headMs: 2000, requestMs: LONG_MS } })
  const drips = Array.from({ length: 64 }, () => open(listener))
  for (const { socket } of drips) void drip(socket, `GET / HTTP/1.1\r\nX: ${'a'.repeat(200)}`, 10)
  await sleep(50)
  const times: number[] = []
  for (let round = 0; round < 100; round++) {
    const socket = connect(listener.address.port, '127.0.0.1')
    const began = performance.now()
    socket.write(`GET /v1/s/a HTTP/1.1\r\n${HOST}\r\n`)
    assert.match(await firstBytes(socket), /^HTTP\/1\.1 200 /)
    times.push(performance.now() - began)
    socket.destroy()
  }
  for (const { socket } of drips) socket.destroy()
  const p99 = times.sort((left, right) => left - right)[98] ?? 0
  t.diagnostic(`H5: p99 ${p99.toFixed(1)} ms of 100 requests beside 64 slow peers; target below 200 ms`)
  assert.ok(p99 < 1000, `${p99} ms`)
})
