import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { after, before, beforeEach, test } from 'node:test'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { firstBytes, HOST, listen, talk } from '../../tests/http/peer.ts'
import { selfSigned } from '../../tests/http/self-signed.ts'
import type { RunningListener } from './listener.ts'

const list = (headers = ''): string => `LIST /v1/s/a HTTP/1.1\r\n${HOST}${headers}\r\n`
const GET = `GET /v1/s/b HTTP/1.1\r\n${HOST}\r\n`

let listener: RunningListener
let dispatched: string[]
before(async () => {
  const started = await listen({})
  listener = started.listener
  dispatched = started.dispatched
})
after(() => listener.close(0))
beforeEach(() => void dispatched.splice(0))

const statuses = (text: string): string[] =>
  [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map((match) => match[1] ?? '')

const ask = async (...packets: string[]): Promise<string[]> =>
  statuses(await talk(listener.address.port, ...packets))

test('takes a LIST with the headers that clients send, also of a body without bytes', async () => {
  assert.deepEqual(await ask(list('X-Vault-Token: t\r\nAccept: */*\r\nContent-Length: 0\r\n')), ['200'])
  assert.deepEqual(dispatched, ['list s/a/'])
})

test('refuses a LIST with a body, in the same packet or in a later one', async () => {
  const declared = list('Content-Length: 2\r\n')
  const chunked = list('Transfer-Encoding: chunked\r\n')
  for (const packets of [[`${declared}{}`], [declared, '{}'], [chunked, '2\r\n{}\r\n0\r\n\r\n'], [chunked]]) {
    assert.deepEqual(await ask(...packets, GET), ['400'], packets.join(' | '))
  }
  assert.deepEqual(dispatched, [])
})

test('refuses a LIST whose headers leave two readings of where it ends', async () => {
  const both = 'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n'
  const twice = 'Content-Length: 0\r\nContent-Length: 5\r\n'
  const odd = ['Transfer-Encoding: xchunked\r\n', 'Content-Length : 5\r\n', 'Content-Length: +0\r\n']
  for (const headers of [both, twice, ...odd]) {
    // What follows the refusal is refused as well, or not read any more.
    const answers = await ask(list(headers), `0\r\n\r\n${GET}`)
    assert.ok(answers.length > 0 && answers.every((status) => status === '400'), `${headers}: ${answers}`)
  }
  assert.deepEqual(dispatched, [])
})

test('refuses a LIST whose first letters end the body of another request', async () => {
  // Refused before it was read, so that no answer is pending when the second packet comes.
  for (const length of [1, 2, 3]) {
    const refused = `PUT /v1/s/a/ HTTP/1.1\r\n${HOST}Content-Length: ${length}\r\n\r\n`
    const answers = await ask(refused, list())
    assert.ok(!answers.includes('200'), `${length}: ${answers}`)
  }
  assert.deepEqual(dispatched, [])
})

test('refuses a LIST in two packets, wherever it is cut', async () => {
  const whole = list()
  for (const cut of [1, 4, 5, 12, whole.length - 1]) {
    assert.deepEqual(await ask(whole.slice(0, cut), whole.slice(cut)), ['400'], String(cut))
  }
  assert.deepEqual(dispatched, [])
})

test('closes after a refusal', async () => {
  const socket = connect(listener.address.port, '127.0.0.1')
  socket.write(list() + GET)
  socket.resume()
  await once(socket, 'end')
  socket.destroy()
})

test('keeps nothing on a connection, however many LISTs it carries', async () => {
  const warnings: string[] = []
  const note = (warning: Error): void => void warnings.push(warning.message)
  process.on('warning', note)
  const socket = connect(listener.address.port, '127.0.0.1')
  socket.setNoDelay(true)
  for (let round = 0; round < 40; round++) {
    socket.write(round % 3 === 2 ? GET : list())
    assert.match(await firstBytes(socket), /^HTTP\/1\.1 200 /)
  }
  socket.destroy()
  await new Promise((resolve) => setImmediate(resolve))
  process.off('warning', note)
  assert.deepEqual(warnings, [])
  assert.equal(dispatched.length, 40)
})

test('lets go of an idle connection that carried a LIST when the listener closes', async () => {
  const other = await listen({})
  const socket = connect(other.listener.address.port, '127.0.0.1')
  socket.write(list())
  await firstBytes(socket)
  const began = performance.now()
  await other.listener.close(5000)
  assert.ok(performance.now() - began < 2000)
  socket.destroy()
})

test('does all that over TLS too, mixed with others on one connection', async () => {
  const tls = selfSigned()
  const secure = await listen({}, { tls })
  const { port } = secure.listener.address
  const open = (): TLSSocket => connectTls({ port, ca: tls.cert, servername: 'localhost' })
  const socket = open()
  for (const packet of [list(), GET, list(), list()]) {
    socket.write(packet)
    assert.match(await firstBytes(socket), /^HTTP\/1\.1 200 /)
  }
  socket.destroy()
  assert.deepEqual(secure.dispatched, ['list s/a/', 'read s/b', 'list s/a/', 'list s/a/'])

  const split = open()
  split.write('GE')
  await new Promise((resolve) => setTimeout(resolve, 40))
  split.write(list())
  assert.match(await firstBytes(split), /^HTTP\/1\.1 400 /)
  split.destroy()
  await secure.listener.close(0)
  assert.equal(secure.dispatched.length, 4)
})
