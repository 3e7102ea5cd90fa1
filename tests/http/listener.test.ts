import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { OperatingError } from '../../src/base/errors.ts'
import { SecretBytes } from '../../src/base/secret-bytes.ts'
import { BodyBudget } from '../../src/http/body-budget.ts'
import { SecretText } from '../../src/logical/json.ts'
import { firstBytes, HOST, listen, serve, talk } from './peer.ts'

test('wipes the shares of an answer whose client left before it was made', async (t) => {
  const secret = SecretBytes.copyOf(Buffer.from('0badc0de'))
  const routes = {
    '/v1/slow': async () => {
      await sleep(80)
      return { status: 200, body: { keys: [new SecretText(secret)] } }
    },
  }
  const { listener } = await serve(t, { routes })
  const socket = connect(listener.address.port, '127.0.0.1')
  socket.write(`GET /v1/slow HTTP/1.1\r\n${HOST}\r\n`)
  await sleep(20)
  socket.destroy()
  for (let waited = 0; !secret.isWiped && waited < 5000; waited += 10) await sleep(10)
  assert.equal(secret.isWiped, true)
})

test('stops as soon as what is under way has been answered, and answers it', async () => {
  const slow = async (): Promise<{ status: number; body: object & Record<string, never> }> => {
    await sleep(100)
    return { status: 200, body: {} }
  }
  const { listener } = await listen({ '/v1/slow': slow })
  const socket = connect(listener.address.port, '127.0.0.1')
  socket.write(`GET /v1/slow HTTP/1.1\r\n${HOST}\r\n`)
  const answer = firstBytes(socket)
  await sleep(30)
  const began = performance.now()
  await listener.close(5000)
  assert.match(await answer, /^HTTP\/1\.1 200 /)
  assert.ok(performance.now() - began < 2000)
})

test('stops at once when it is told to hurry, and cuts off what is under way', async () => {
  const { listener, dispatched } = await listen({})
  const socket = connect(listener.address.port, '127.0.0.1')
  socket.on('error', () => undefined)
  const hurry = new AbortController()
  const cut = new Promise((resolve) => void socket.once('close', resolve))
  socket.write(`GET /v1/s/a HTTP/1.1\r\n${HOST}\r\nPUT /v1/s/b HTTP/1.1\r\n${HOST}Content-Length: 2\r\n\r\n{`)
  await firstBytes(socket)
  // Longer than a test may take.
  const closed = listener.close(600_000, hurry.signal)
  hurry.abort()
  await closed
  await cut
  assert.deepEqual(dispatched, ['read s/a'])
})

test('answers every method of a route that needs an open server with 503 while it is sealed', async () => {
  const gate = (): never => {
    throw new OperatingError('sealed', 'Vault is sealed')
  }
  const { listener } = await listen(
    { '/v1/open': async () => ({ status: 200, body: {} }) },
    { service: { gate } },
  )
  for (const method of ['GET', 'PUT', 'DELETE']) {
    assert.match(
      await talk(listener.address.port, `${method} /v1/open HTTP/1.1\r\n${HOST}\r\n`),
      /^HTTP\/1\.1 503 /,
    )
  }
  await listener.close(0)
})

test('refuses a document from who shows no token, before reading it', async () => {
  const { listener, dispatched } = await listen({})
  const head = (token: string): string =>
    `PUT /v1/s/a HTTP/1.1\r\n${HOST}${token}Content-Length: 65537\r\n\r\n`
  assert.match(await talk(listener.address.port, head('')), /^HTTP\/1\.1 413 /)
  assert.deepEqual(dispatched, [])
  const body = `{"a":"${'x'.repeat(65_529)}"}`
  assert.match(await talk(listener.address.port, head('X-Vault-Token: t\r\n') + body), /^HTTP\/1\.1 200 /)
  await listener.close(0)
})

test('refuses a document from who shows a token that nobody knows, before reading it', async () => {
  const standingOf = async (token: string) => (token === 't' ? 'writer' : 'stranger')
  const { listener, dispatched } = await listen({}, { service: { standingOf } })
  const ask = (framing: string): Promise<string> =>
    talk(listener.address.port, `PUT /v1/s/a HTTP/1.1\r\n${HOST}X-Vault-Token: x\r\n${framing}\r\n\r\n`)
  assert.match(await ask('Content-Length: 65537'), /^HTTP\/1\.1 413 /)
  const chunk = 'a'.repeat(0x10001)
  const chunked = await ask(`Transfer-Encoding: chunked\r\n\r\n10001\r\n${chunk}\r\n0`)
  assert.match(chunked, /^HTTP\/1\.1 413 /)
  assert.deepEqual(dispatched, [])
  assert.match(await ask('Content-Length: 2\r\n\r\n{}'), /^HTTP\/1\.1 200 /, 'a login is small')
  await listener.close(0)
})

const LARGE = 100_000
const large = `X-Vault-Token: t\r\nContent-Length: ${LARGE}\r\n\r\n`

test('large bodies that do not fit together: 503 with Retry-After, before reading; small ones pass', async () => {
  const bodies = new BodyBudget({ allBytes: 2 * LARGE, keptForSmallBytes: LARGE / 2 })
  const { listener, dispatched } = await listen({}, { service: { bodies } })
  const { port } = listener.address
  const slow = connect(port, '127.0.0.1')
  slow.write(`PUT /v1/s/slow HTTP/1.1\r\n${HOST}${large}`)
  await sleep(30)
  const refused = await talk(port, `PUT /v1/s/more HTTP/1.1\r\n${HOST}${large}`)
  assert.match(refused, /^HTTP\/1\.1 503 /)
  assert.match(refused, /\r\nRetry-After: 1\r\n/)
  assert.match(refused, /"code":"overloaded"/)
  assert.deepEqual(dispatched, [])
  const small = `PUT /v1/s/small HTTP/1.1\r\n${HOST}Content-Length: 2\r\n\r\n{}`
  assert.match(await talk(port, small), /^HTTP\/1\.1 200 /)
  slow.destroy()
  await sleep(30)
  const body = `{"a":"${'x'.repeat(LARGE - 8)}"}`
  assert.match(await talk(port, `PUT /v1/s/more HTTP/1.1\r\n${HOST}${large}${body}`), /^HTTP\/1\.1 200 /)
  assert.deepEqual(dispatched, ['update s/small', 'update s/more'])
  await listener.close(0)
})

test('knows every header by which a proxy gives itself away', async () => {
  const forwarded: boolean[] = []
  const { listener } = await listen({
    '/v1/who': async ({ origin }) => {
      forwarded.push(origin.forwarded)
      return { status: 200, body: {} }
    },
  })
  for (const header of [
    'Forwarded: for=x',
    'X-Forwarded-Port: 1',
    'X-Real-IP: 1.2.3.4',
    'Via: 1.1 p',
    'X-Other: 1',
  ]) {
    await talk(listener.address.port, `GET /v1/who HTTP/1.1\r\n${HOST}${header}\r\nConnection: close\r\n\r\n`)
  }
  assert.deepEqual(forwarded, [true, true, true, true, false])
  await listener.close(0)
})
