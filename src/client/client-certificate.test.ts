import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type ServerOptions } from 'node:https'
import { after, test } from 'node:test'
import { Authority } from '../../tests/http/authority.ts'
import { ConclaveClient } from './conclave-client.ts'
import { TransportError, transportError } from './errors.ts'

const authority = new Authority()
after(() => authority.remove())

for (const [version, told] of [
  ['TLSv1.3', /^the server at https:\S+ wants a client certificate$/],
  ['TLSv1.2', /^the server at https:\S+ refuses the handshake$/],
] as const) {
  test(`a server that wants a certificate by ${version} is told as that, with the flags`, async (t) => {
    const options: ServerOptions = {
      ...authority.issue('localhost'),
      ca: authority.cert,
      maxVersion: version,
    }
    const server = createServer({ ...options, requestCert: true, rejectUnauthorized: true })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const place = server.address()
    assert.ok(typeof place === 'object' && place !== null)
    const address = `https://127.0.0.1:${place.port}`
    const client = new ConclaveClient({ address, tls: { ca: authority.cert, serverName: 'localhost' } })
    t.after(() => {
      client.close()
      server.close()
    })
    await assert.rejects(client.sealStatus(), (error) => {
      assert.ok(error instanceof TransportError)
      assert.equal(error.code, 'certificate_wanted')
      assert.match(error.message, told)
      assert.match(error.hint, /client certificate|If you have one/)
      assert.match(error.hint, /-client-cert=FILE and -client-key=FILE/)
      assert.doesNotMatch(error.hint, /-ca-cert/)
      return true
    })
  })
}

test('the alert of a peer for the same, "bad certificate", is told as that too', () => {
  // Of a server in Go by TLS 1.2; the text is OpenSSL's.
  const text = 'error:0A000412:SSL routines:ssl3_read_bytes:ssl/tls alert bad certificate:SSL alert number 42'
  const { code, hint } = transportError(new Error(text), 'https://vault.example.com', false)
  assert.equal(code, 'certificate_wanted')
  assert.match(hint, /-client-cert=FILE and -client-key=FILE/)
})

test('another alert is not taken for it', () => {
  const text = 'error:0A00042E:SSL routines:ssl3_read_bytes:tlsv1 alert protocol version:SSL alert number 70'
  const cause = Object.assign(new Error(text), { code: 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION' })
  assert.equal(transportError(cause, 'https://vault.example.com', false).code, 'tls_failed')
})
