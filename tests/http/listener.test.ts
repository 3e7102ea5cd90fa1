import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { OperatingError } from '../../src/base/errors.ts'
import { SecretBytes } from '../../src/base/secret-bytes.ts'
import { SecretText } from '../../src/logical/json.ts'
import { firstBytes, HOST, listen, talk } from './peer.ts'

test('wipes the shares of an answer whose client left before it was made', async () => {
  const secret = SecretBytes.copyOf(Buffer.from('0badc0de'))
  const { listener } = await listen({
    '/v1/slow': async () => {
      await sleep(80)
      return { status: 200, body: { keys: [new SecretText(secret)] } }
    },
  })
  const socket = connect(listener.address.port, '127.0.0.1')
  socket.write(`GET /v1/slow HTTP/1.1\r\n${HOST}\r\n`)
  await sleep(20)
  socket.destroy()
  await sleep(150)
  assert.equal(secret.isWiped, true)
  await listener.close(0)
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
