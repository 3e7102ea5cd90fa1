import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect as connectPlain, type Socket } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import type { RunningListener } from '../../src/http/listener.ts'
import { Authority, type Pair } from './authority.ts'
import { firstBytes, HOST, serve, TLS_DEFAULTS } from './peer.ts'

const GET = `GET /v1/s/a HTTP/1.1\r\n${HOST}\r\n`

let authority: Authority
let stranger: Authority
let server: Pair
before(() => {
  authority = new Authority('ours')
  stranger = new Authority('another')
  server = authority.issue('localhost')
})
after(() => {
  authority.remove()
  stranger.remove()
})

function dial({ address }: RunningListener, options: ConnectionOptions = {}): TLSSocket {
  const socket = connect({ port: address.port, ca: authority.cert, servername: 'localhost', ...options })
  socket.on('error', () => undefined)
  return socket
}

/** Whatever it ends with: `once` of `node:events` would reject where an error comes first. */
function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => void socket.once('close', () => resolve()))
}

/** The status of one request, or `none` where no connection came about. */
async function ask(listener: RunningListener, options: ConnectionOptions = {}): Promise<string> {
  const socket = dial(listener, options)
  socket.write(GET)
  const answer = await Promise.race([firstBytes(socket), closed(socket).then(() => 'HTTP/1.1 none ')])
  socket.destroy()
  return answer.split(' ')[1] ?? ''
}

/** The messages of a handshake, as OpenSSL names them. */
async function messages({ address }: RunningListener): Promise<string> {
  const words = ['s_client', '-msg', '-connect', `127.0.0.1:${address.port}`]
  const client = spawn('openssl', words, { stdio: ['ignore', 'pipe', 'ignore'] })
  let text = ''
  client.stdout.on('data', (bytes) => {
    text += String(bytes)
  })
  await once(client, 'close')
  return text
}

describe('versions of TLS', () => {
  const versions = ['TLSv1.1', 'TLSv1.2', 'TLSv1.3'] as const
  const spoken = async (listener: RunningListener): Promise<readonly string[]> => {
    const taken: string[] = []
    for (const version of versions) {
      // The client itself has to be willing: level 0 is where OpenSSL still speaks TLS 1.1.
      const options = { minVersion: version, maxVersion: version, ciphers: 'DEFAULT@SECLEVEL=0' }
      if ((await ask(listener, options)) === '200') taken.push(version)
    }
    return taken
  }
  for (const [minVersion, maxVersion, expected] of [
    ['TLSv1.2', 'TLSv1.3', ['TLSv1.2', 'TLSv1.3']],
    ['TLSv1.3', 'TLSv1.3', ['TLSv1.3']],
    ['TLSv1.2', 'TLSv1.2', ['TLSv1.2']],
  ] as const) {
    test(`from ${minVersion} to ${maxVersion}, and no other`, async (t) => {
      const { listener } = await serve(t, { tls: { ...server, minVersion, maxVersion } })
      assert.deepEqual(await spoken(listener), expected)
    })
  }
})

describe('client certificates', () => {
  const from = (issuer: Authority, dates?: { to: string }): ConnectionOptions => issuer.issue('client', dates)

  test('are asked for and not needed, and anybody’s is taken', async (t) => {
    const { listener, dispatched } = await serve(t, { tls: server })
    assert.match(await messages(listener), /CertificateRequest/)
    assert.equal(await ask(listener), '200')
    assert.equal(await ask(listener, from(stranger)), '200')
    assert.equal(dispatched.length, 2)
  })

  test('are not asked for where that is switched off', async (t) => {
    const { listener } = await serve(t, { tls: { ...server, clientCertificates: 'none' } })
    const seen = await messages(listener)
    assert.match(seen, /ServerHello/)
    assert.doesNotMatch(seen, /CertificateRequest/)
    assert.equal(await ask(listener, from(authority)), '200')
  })

  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    const only = { minVersion: version, maxVersion: version }

    test(`where they are required, only one that our authority vouches for gets in, with ${version}`, async (t) => {
      const required = { clientCertificates: 'required', clientCa: authority.cert } as const
      const { listener, dispatched } = await serve(t, { tls: { ...server, ...required } })
      assert.equal(await ask(listener, { ...only, ...from(authority) }), '200')
      assert.equal(await ask(listener, only), 'none')
      assert.equal(await ask(listener, { ...only, ...from(stranger) }), 'none')
      assert.equal(await ask(listener, { ...only, ...from(authority, { to: '20240101000000Z' }) }), 'none')
      assert.deepEqual(dispatched, ['read s/a'])
    })

    test(`where they are required, no session is resumed without one, with ${version}`, async (t) => {
      const required = { clientCertificates: 'required', clientCa: authority.cert } as const
      const { listener, dispatched } = await serve(t, { tls: { ...server, ...required } })
      for (const first of [from(authority), from(stranger), {}]) {
        const sessions: Buffer[] = []
        const socket = dial(listener, { ...only, ...first })
        socket.on('session', (session: Buffer) => void sessions.push(session))
        socket.write(GET)
        await Promise.race([closed(socket), sleep(150)])
        socket.destroy()
        const before = dispatched.length
        for (const session of sessions) assert.equal(await ask(listener, { ...only, session }), 'none')
        assert.equal(dispatched.length, before)
      }
    })
  }
})

describe('a certificate that is renewed', () => {
  const shown = async (socket: TLSSocket): Promise<string> => {
    if (socket.connecting || !socket.getPeerCertificate().fingerprint256) await once(socket, 'secureConnect')
    return socket.getPeerCertificate().fingerprint256
  }

  test('is what new connections get; those that are open go on', async (t) => {
    const { listener } = await serve(t, { tls: server })
    const old = dial(listener)
    const before = await shown(old)
    listener.renew({ ...TLS_DEFAULTS, ...authority.issue('localhost') })
    const fresh = dial(listener)
    assert.notEqual(await shown(fresh), before)
    for (const socket of [old, fresh]) {
      socket.write(GET)
      assert.match(await firstBytes(socket), /^HTTP\/1\.1 200 /)
      socket.destroy()
    }
  })

  test('and cannot be served leaves the old one in place', async (t) => {
    const { listener } = await serve(t, { tls: server })
    const key = authority.issue('localhost').key
    assert.throws(() => listener.renew({ ...TLS_DEFAULTS, cert: server.cert, key }))
    assert.equal(await ask(listener), '200')
  })

  test('with another authority for clients takes theirs, and no longer those of the old one', async (t) => {
    const required = { clientCertificates: 'required', clientCa: authority.cert } as const
    const { listener } = await serve(t, { tls: { ...server, ...required } })
    listener.renew({ ...TLS_DEFAULTS, ...server, ...required, clientCa: stranger.cert })
    assert.equal(await ask(listener, stranger.issue('client')), '200')
    assert.equal(await ask(listener, authority.issue('client')), 'none')
  })
})

test('who speaks plain HTTP to a port with TLS is cut off', async (t) => {
  const { listener, dispatched } = await serve(t, { tls: server })
  const socket = connectPlain(listener.address.port, '127.0.0.1')
  socket.on('error', () => undefined)
  socket.write(GET)
  socket.resume()
  await closed(socket)
  assert.deepEqual(dispatched, [])
})

test('a handshake that does not go on is cut off in time', async (t) => {
  const { listener } = await serve(t, { tls: server, bounds: { headMs: 300 } })
  const began = performance.now()
  const socket = connectPlain(listener.address.port, '127.0.0.1')
  socket.on('error', () => undefined)
  socket.resume()
  await closed(socket)
  const ms = performance.now() - began
  assert.ok(ms >= 290 && ms < 3000, `${ms} ms`)
})
