import assert from 'node:assert/strict'
import { connect, type Socket } from 'node:net'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect as connectTls } from 'node:tls'
import type { RunningListener } from '../../src/http/listener.ts'
import { firstBytes, HOST, serve } from './peer.ts'
import { selfSigned } from './self-signed.ts'

const EACH = 8
const ALL = 3 * EACH
const REQUEST = `GET /v1/s/a HTTP/1.1\r\n${HOST}\r\n`

/** A connection of the machine 127.0.0.`last`: all of 127.0.0.0/8 is ours to come from. */
function open({ address }: RunningListener, last: number): Socket {
  const socket = connect({ port: address.port, host: '127.0.0.1', localAddress: `127.0.0.${last}` })
  socket.on('error', () => undefined)
  return socket
}

function many(listener: RunningListener, last: number, count: number): readonly Socket[] {
  return Array.from({ length: count }, () => open(listener, last))
}

/** The answer's first line, or nothing when the connection was closed instead. */
async function ask(socket: Socket, request = REQUEST): Promise<string> {
  const closed = new Promise<string>((resolve) => void socket.once('close', () => resolve('')))
  socket.write(request)
  const [line = ''] = (await Promise.race([firstBytes(socket), closed])).split('\r\n')
  return line
}

async function closedOf(sockets: readonly Socket[]): Promise<number> {
  await sleep(100)
  for (const socket of sockets) socket.resume()
  await sleep(100)
  return sockets.filter(({ closed }) => closed).length
}

function leave(sockets: readonly Socket[]): void {
  for (const socket of sockets) socket.destroy()
}

test('a stranger who opens all the connections they can leaves the rest to others', async (t) => {
  const told: string[] = []
  const { listener, dispatched } = await serve(t, {
    bounds: { connections: ALL, connectionsPerSource: EACH },
    onFull: (source) => void told.push(source),
  })
  const strangers = many(listener, 2, 2 * ALL)
  assert.equal(await closedOf(strangers), 2 * ALL - EACH)
  assert.deepEqual([new Set(told), told.length], [new Set(['127.0.0.2']), 2 * ALL - EACH])
  const honest = open(listener, 3)
  assert.equal(await ask(honest), 'HTTP/1.1 200 OK')
  assert.deepEqual(dispatched, ['read s/a'])
  t.diagnostic(`of ${2 * ALL} connections of one source ${EACH} stay; the limit of all is ${ALL}`)
  leave([...strangers, honest])
})

test('a source that gives a connection back gets another one', async (t) => {
  const { listener } = await serve(t, { bounds: { connectionsPerSource: 2 } })
  const [first, second] = [open(listener, 2), open(listener, 2)]
  assert.equal(await ask(first), 'HTTP/1.1 200 OK')
  assert.equal(await ask(second), 'HTTP/1.1 200 OK')
  assert.equal(await ask(open(listener, 2)), '')
  first.destroy()
  await sleep(50)
  const third = open(listener, 2)
  assert.equal(await ask(third), 'HTTP/1.1 200 OK')
  leave([second, third])
})

test('a connection that asks by LIST, and is put back for it, counts once', async (t) => {
  const { listener } = await serve(t, { bounds: { connectionsPerSource: 2 } })
  const socket = open(listener, 2)
  for (let asked = 0; asked < 5; asked++) {
    assert.equal(await ask(socket, `LIST /v1/s/ HTTP/1.1\r\n${HOST}\r\n`), 'HTTP/1.1 200 OK')
  }
  const second = open(listener, 2)
  assert.equal(await ask(second), 'HTTP/1.1 200 OK')
  assert.equal(await ask(open(listener, 2)), '')
  leave([socket, second])
})

test('a source beyond its limit gets no TLS handshake', async (t) => {
  const tls = selfSigned()
  const { listener } = await serve(t, { tls, bounds: { connectionsPerSource: 1 } })
  const held = open(listener, 2)
  await sleep(50)
  const shaken = (last: number): Promise<string> => {
    const { promise, resolve } = Promise.withResolvers<string>()
    const socket = connectTls({ socket: open(listener, last), rejectUnauthorized: false })
    socket.once('secureConnect', () => {
      socket.destroy()
      resolve('shaken hands')
    })
    socket.once('error', () => resolve('closed'))
    return promise
  }
  assert.equal(await shaken(2), 'closed')
  assert.equal(await shaken(3), 'shaken hands')
  leave([held])
})

test('where addresses tell nobody apart, only the limit of all holds', async (t) => {
  const told: string[] = []
  const { listener } = await serve(t, {
    bounds: { connections: ALL, connectionsPerSource: null },
    onFull: (source) => void told.push(source),
  })
  const sockets = many(listener, 2, ALL + 1)
  assert.equal(await closedOf(sockets), 1)
  assert.deepEqual(told, ['all'])
  leave(sockets)
})
