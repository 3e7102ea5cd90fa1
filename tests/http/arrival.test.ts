import assert from 'node:assert/strict'
import { connect, type Socket } from 'node:net'
import { after, before, beforeEach, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect as connectTls } from 'node:tls'
import type { RunningListener } from '../../src/http/listener.ts'
import type { BareHandler } from '../../src/logical/bare-route.ts'
import { firstBytes, HOST, listen } from './peer.ts'
import { selfSigned } from './self-signed.ts'

const order: string[] = []
const routes: Readonly<Record<string, BareHandler>> = {
  '/v1/shares': async () => {
    await sleep(30)
    return { status: 200, body: { keys: ['x'] }, onArrived: () => order.push('arrived') }
  },
  '/v1/next': async () => {
    order.push('next')
    return { status: 200, body: {} }
  },
}

let listener: RunningListener
before(async () => {
  listener = (await listen(routes)).listener
})
after(() => listener.close(0))
beforeEach(() => void order.splice(0))

const BY_REQUEST = 'X-Conclave-Acknowledge: request\r\n'
const ask = (path: string, header = ''): string => `GET ${path} HTTP/1.1\r\n${HOST}${header}\r\n`
const open = (): Socket => connect({ port: listener.address.port, host: '127.0.0.1', allowHalfOpen: true })

for (const header of ['', 'Connection: close\r\n']) {
  test(`a reader that ends in order has it${header === '' ? '' : ', also where it asked us to close'}`, async () => {
    const socket = open()
    socket.write(ask('/v1/shares', header))
    await firstBytes(socket)
    await sleep(30)
    assert.deepEqual(order, [], 'handing it over is no evidence')
    socket.end()
    await sleep(60)
    assert.deepEqual(order, ['arrived'])
    socket.destroy()
  })

  test(`a reset is no evidence${header === '' ? '' : ', also where it asked us to close'}`, async () => {
    const socket = open()
    socket.on('error', () => undefined)
    socket.write(ask('/v1/shares', header))
    await sleep(100)
    socket.resetAndDestroy()
    await sleep(60)
    assert.deepEqual(order, [])
  })
}

test('a client that goes without reading is no evidence', async () => {
  // Paused before the first byte: the kernel holds the answer, and closing over unread bytes is a reset.
  const socket = connect({ port: listener.address.port, host: '127.0.0.1' })
  socket.pause()
  socket.on('error', () => undefined)
  socket.write(ask('/v1/shares', 'Connection: close\r\n'))
  await sleep(100)
  socket.destroy()
  await sleep(60)
  assert.deepEqual(order, [])
})

test('a client that had closed its half before is no evidence', async () => {
  const socket = open()
  socket.end(ask('/v1/shares'))
  await sleep(150)
  socket.destroy()
  assert.deepEqual(order, [])
})

test('the next request on the connection is, before it is handled, and counts once', async () => {
  const socket = open()
  socket.write(ask('/v1/shares'))
  await firstBytes(socket)
  socket.write(ask('/v1/next'))
  await firstBytes(socket)
  socket.end()
  await sleep(60)
  assert.deepEqual(order, ['arrived', 'next'])
})

test('a request that was sent along with the first is no evidence', async () => {
  const socket = open()
  socket.write(ask('/v1/shares') + ask('/v1/next'))
  await sleep(100)
  assert.deepEqual(order, ['next'])
  socket.resetAndDestroy()
  socket.on('error', () => undefined)
  await sleep(40)
  assert.deepEqual(order, ['next'])
})

test('who announces a request as evidence gives it by that request', async () => {
  const socket = open()
  socket.write(ask('/v1/shares', BY_REQUEST))
  await firstBytes(socket)
  socket.write(ask('/v1/next'))
  await firstBytes(socket)
  assert.deepEqual(order, ['arrived', 'next'])
  socket.destroy()
})

test('who announces a request as evidence gives none by ending in order: kernels do that for the dead', async () => {
  for (const header of [BY_REQUEST, `${BY_REQUEST}Connection: close\r\n`]) {
    const socket = open()
    socket.write(ask('/v1/shares', header))
    await firstBytes(socket)
    socket.end()
    await sleep(60)
    assert.deepEqual(order, [])
    socket.destroy()
  }
})

test('refuses an announcement that it does not know, before anything is done', async () => {
  const socket = open()
  socket.write(ask('/v1/shares', 'X-Conclave-Acknowledge: pigeon\r\n'))
  const answer = await firstBytes(socket)
  assert.match(answer, /^HTTP\/1\.1 400 /)
  assert.match(answer, /X-Conclave-Acknowledge/)
  socket.destroy()
})

test('our own close is no evidence', async () => {
  const other = (await listen(routes)).listener
  const socket = connect(other.address.port, '127.0.0.1')
  socket.write(ask('/v1/shares'))
  await firstBytes(socket)
  await other.close(0)
  await sleep(40)
  assert.deepEqual(order, [])
})

test('over TLS a reader that ends in order has it', async () => {
  const tls = selfSigned()
  const secure = (await listen(routes, { tls })).listener
  const socket = connectTls({ port: secure.address.port, ca: tls.cert, servername: 'localhost' })
  socket.write(ask('/v1/shares', 'Connection: close\r\n'))
  await firstBytes(socket)
  socket.end()
  await sleep(80)
  assert.deepEqual(order, ['arrived'])
  await secure.close(0)
})
