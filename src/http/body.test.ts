import assert from 'node:assert/strict'
import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { test } from 'node:test'
import { fromUtf8, utf8 } from '../base/encoding.ts'
import { hasCode } from '../base/errors.ts'
import { type BodyBounds, parseBody, readBody, wipeUnread } from './body.ts'
import { BodyBudget } from './body-budget.ts'

/** A request as the parser leaves it: head read, and `chunks` behind it. */
function request(
  chunks: readonly Uint8Array[],
  headers: Readonly<Record<string, string>> = {},
): IncomingMessage {
  const message = new IncomingMessage(new Socket())
  Object.assign(message.headers, { 'transfer-encoding': 'chunked' }, headers)
  for (const chunk of chunks) message.push(chunk)
  message.push(null)
  return message
}

const bounds = (maxBytes: number): BodyBounds => ({
  maxBytes,
  budget: new BodyBudget(),
  reserves: false,
  owner: null,
})

const isWiped = (bytes: Uint8Array): boolean => bytes.every((byte) => byte === 0)

test('reads a body into memory of its own, and wipes it and every chunk it came in', async () => {
  const chunks = [Buffer.from('{"key":"0bad'), Buffer.from('c0de"}')]
  const body = await readBody(request(chunks), bounds(100))
  assert.equal(fromUtf8(body.bytes), '{"key":"0badc0de"}')
  assert.equal(body.bytes.buffer.byteLength, body.bytes.length)
  assert.ok(chunks.every(isWiped))
  body[Symbol.dispose]()
  assert.ok(isWiped(body.bytes))
})

test('listens to nothing more once a body has ended: the close behind it breaks nothing off', async () => {
  const message = request([Buffer.from('{}')])
  const read = readBody(message, bounds(100))
  const left = new Promise((resolve) => message.once('end', () => resolve(message.listenerCount('close'))))
  await read
  assert.equal(await left, 0)
})

test('takes a body of just the bound and refuses one byte more, its chunks wiped', async () => {
  const full = await readBody(request([Buffer.alloc(64, 'x'), Buffer.alloc(36, 'x')]), bounds(100))
  assert.equal(full.bytes.length, 100)
  const chunks = [Buffer.alloc(64, 'x'), Buffer.alloc(37, 'x')]
  await assert.rejects(readBody(request(chunks), bounds(100)), (error: unknown) =>
    hasCode(error, 'too_large'),
  )
  assert.ok(chunks.every(isWiped))
})

test('refuses by the length that is declared, before reading', async () => {
  const chunk = Buffer.from('x')
  const message = request([chunk], { 'content-length': '101' })
  await assert.rejects(readBody(message, bounds(100)), (error: unknown) => hasCode(error, 'too_large'))
  assert.equal(fromUtf8(chunk), 'x')
})

test('refuses an encoded body: nothing is ever decompressed', async () => {
  for (const encoding of ['gzip', 'br', 'identity, gzip']) {
    const message = request([Buffer.from('{}')], { 'content-encoding': encoding })
    await assert.rejects(readBody(message, bounds(100)), (error: unknown) =>
      hasCode(error, 'unsupported_media_type'),
    )
  }
  const plain = await readBody(request([Buffer.from('{}')], { 'content-encoding': 'identity' }), bounds(100))
  assert.equal(plain.bytes.length, 2)
})

test("calls a body that breaks off the client's fault, and wipes what came", async () => {
  const chunk = Buffer.from('{"key":"0bad')
  const message = new IncomingMessage(new Socket())
  message.headers['transfer-encoding'] = 'chunked'
  message.push(chunk)
  const read = readBody(message, bounds(100))
  setImmediate(() => message.destroy(new Error('aborted')))
  await assert.rejects(read, (error: unknown) => hasCode(error, 'bad_request'))
  assert.ok(isWiped(chunk))
})

test('gives its part of the budget back when it is wiped, and at once when it is refused', async () => {
  const budget = new BodyBudget({ allBytes: 100, keptForSmallBytes: 0 })
  const small = { maxBytes: 100, budget, reserves: false, owner: null }
  const body = await readBody(request([Buffer.alloc(60)]), small)
  const refused = readBody(request([Buffer.alloc(30), Buffer.alloc(30)]), small)
  await assert.rejects(refused, (error: unknown) => hasCode(error, 'overloaded'))
  body[Symbol.dispose]()
  assert.equal((await readBody(request([Buffer.alloc(100)]), small)).bytes.length, 100)
})

test('calls a body too large that would never fit, instead of having it tried again', async () => {
  const budget = new BodyBudget({ allBytes: 100, keptForSmallBytes: 40 })
  const message = request([], { 'content-length': '61' })
  const read = readBody(message, { maxBytes: 1000, budget, reserves: true, owner: null })
  await assert.rejects(read, (error: unknown) => hasCode(error, 'too_large'))
})

test('does not wait for a body whose client has gone', async () => {
  const message = new IncomingMessage(new Socket())
  message.headers['transfer-encoding'] = 'chunked'
  message.destroy()
  await new Promise(setImmediate)
  await assert.rejects(readBody(message, bounds(100)), (error: unknown) => hasCode(error, 'bad_request'))
})

test('wipes what came of a body that nobody read', async () => {
  const chunks = [Buffer.from('{"key":"0bad'), Buffer.from('c0de"}')]
  wipeUnread(request(chunks))
  await new Promise(setImmediate)
  assert.ok(chunks.every(isWiped))
})

test('takes nothing but white space for no body, and null for an empty object', () => {
  assert.equal(parseBody(utf8('')), null)
  assert.equal(parseBody(utf8(' \r\n\t')), null)
  assert.equal(parseBody(utf8('null'))?.members.size, 0)
  assert.equal(parseBody(utf8(' {"a":1} '))?.members.size, 1)
})

test('refuses a body that is no object, and names only its kind', () => {
  const canaries = { array: '["canary"]', string: '"canary"', number: '4711', boolean: 'true' }
  for (const [kind, text] of Object.entries(canaries)) {
    const named = kind === 'array' ? 'an array' : `a ${kind}`
    const message = `failed to decode JSON input: the body must be an object, not ${named}`
    assert.throws(
      () => parseBody(utf8(text)),
      (error: unknown) => hasCode(error, 'bad_request') && error.message === message,
    )
  }
})
