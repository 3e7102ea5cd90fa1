import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect, type TLSSocket } from 'node:tls'
import { Authority, type Pair } from '../http/authority.ts'
import { firstBytes } from '../http/peer.ts'
import { request } from './request.ts'
import { MAIN, ServerProcess, temporaryFolder } from './server-process.ts'

const work = temporaryFolder()
after(work.remove)

let authority: Authority
before(() => {
  authority = new Authority()
})
after(() => authority.remove())

let count = 0

/** A configuration in a folder of its own. */
function config(listeners: string, top = ''): string {
  const path = join(work.path, `c${count++}.hcl`)
  writeFileSync(path, `storage "inmem" {}\n${top}\n${listeners}`)
  return path
}

async function run(t: TestContext, ...flags: readonly string[]): Promise<ServerProcess> {
  const server = await ServerProcess.run(flags)
  t.after(() => server.stop())
  return server
}

/** A start that is to fail: what was said. */
function refused(...flags: readonly string[]): string {
  const words = ['--disable-warning=ExperimentalWarning', MAIN, 'server', ...flags]
  const { status, stderr } = spawnSync(process.execPath, words, { encoding: 'utf8', timeout: 20_000 })
  assert.equal(status, 1, stderr)
  return stderr.replaceAll(`${work.path}/`, '')
}

const urls = ({ talk }: ServerProcess): readonly string[] =>
  [...talk.matchAll(/Listener \d+: (\S+)/g)].map((match) => match[1] ?? '')
const health = { method: 'GET', path: '/v1/sys/health' } as const
const portOf = (url: string): number => Number(new URL(url).port)

async function until(isSo: () => boolean): Promise<void> {
  for (let waited = 0; !isSo() && waited < 10_000; waited += 20) await sleep(20)
  assert.ok(isSo())
}

function write(name: string, { cert, key }: { cert: string | Uint8Array; key: string | Uint8Array }): void {
  writeFileSync(join(work.path, `${name}.pem`), cert)
  writeFileSync(join(work.path, `${name}.key`), key)
  chmodSync(join(work.path, `${name}.key`), 0o600)
}

describe('a certificate of the server’s own making', () => {
  test('is shown by its fingerprint, trusted by what the banner says, and the same at the next start', async (t) => {
    const folder = join(work.path, 'own')
    const flags = ['-tls-self-signed', `-data=${folder}`, '-address=127.0.0.1:0']
    const fingerprints: string[] = []
    for (const start of ['first', 'second']) {
      const server = await ServerProcess.run(flags)
      const shown = /SHA-256: (\S+)/.exec(server.talk)?.[1] ?? ''
      const variable = /export CONCLAVE_CACERT=(\S+)/.exec(server.talk)?.[1] ?? ''
      const ca = readFileSync(variable)
      const socket = connect({ port: portOf(server.origin), ca, host: '127.0.0.1' })
      await once(socket, 'secureConnect')
      assert.equal(socket.getPeerCertificate().fingerprint256, shown, start)
      socket.destroy()
      assert.equal((await request({ url: server.origin, ca }, health)).status, 501)
      const environment = { ...process.env, CONCLAVE_ADDR: server.origin, CONCLAVE_CACERT: variable }
      const words = ['--disable-warning=ExperimentalWarning', MAIN, 'status', '-format=json']
      const status = spawnSync(process.execPath, words, { env: environment, encoding: 'utf8' })
      assert.equal(JSON.parse(status.stdout).initialized, false)
      fingerprints.push(shown)
      assert.equal(await server.stop(), 0)
    }
    assert.equal(fingerprints[1], fingerprints[0])
    for (const name of ['self-signed.pem', 'self-signed.key']) {
      assert.equal(statSync(join(folder, name)).mode & 0o777, 0o600)
    }
    t.diagnostic(`fingerprint ${fingerprints[0]}`)
  })

  test('is not what a client trusts by itself', async (t) => {
    const server = await run(
      t,
      '-tls-self-signed',
      `-config=${config('listener "tcp" { address = "127.0.0.1:0" }')}`,
    )
    await assert.rejects(request({ url: server.origin }, health), /self-signed certificate/)
    assert.match(server.talk, /Certificate: self-signed, in memory/)
  })
})

describe('a Unix socket', () => {
  const path = (): string => join(work.path, `s${count++}`)

  test('serves beside the network, and its peers are "unix" in the journal', async (t) => {
    const [one, two] = [path(), path()]
    const server = await run(
      t,
      `-config=${config(`listener "unix" { address = "${one}" }
listener "tcp" {
  address = "127.0.0.1:0"
  tls_disable = true
}
listener "unix" {
  address = "${two}"
  socket_mode = "660"
}
listener "tcp" {
  address = "127.0.0.1:0"
  tls_disable = true
}`)}`,
    )
    const all = urls(server)
    assert.deepEqual([all[0], all[2]], [`unix://${one}`, `unix://${two}`])
    for (const url of all) assert.equal((await request({ url }, health)).status, 501)
    assert.deepEqual(
      [one, two].map((file) => statSync(file).mode & 0o777),
      [0o600, 0o660],
    )
    const socket = { url: `unix://${one}` }
    const counts = { secret_shares: 2, secret_threshold: 2 }
    const { body } = await request(socket, { method: 'PUT', path: '/v1/sys/init', body: counts })
    for (const key of body.keys)
      await request(socket, { method: 'PUT', path: '/v1/sys/unseal', body: { key } })
    // Without a credential: access is open where the file says who connects.
    const rekey = { method: 'PUT', path: '/v1/sys/rekey/init', body: counts }
    assert.equal((await request(socket, rekey)).status, 200)
    const token = body.root_token
    const journal = await request(socket, { method: 'GET', path: '/v1/sys/custody/journal', token })
    const sources: readonly string[] = journal.body.data.entries.map(
      (entry: { source: string }) => entry.source,
    )
    assert.ok(sources.length >= 3)
    assert.ok(
      sources.every((source) => source === 'unix'),
      sources.join(),
    )
  })

  test('of a server that was killed is taken over, and that of one that lives is not', async (t) => {
    const socket = path()
    const file = config(`listener "unix" { address = "${socket}" }`)
    const killed = await ServerProcess.run([`-config=${file}`])
    await killed.kill()
    assert.ok(existsSync(socket))
    const server = await run(t, `-config=${file}`)
    assert.match(
      refused(`-config=${file}`),
      /^Error starting the server: cannot listen on s\d+: something listens there already; stop it/,
    )
    assert.equal((await request({ url: server.origin }, health)).status, 501)
  })

  test('goes with its server, and no other file is taken for it', async () => {
    const socket = path()
    const file = config(`listener "unix" { address = "${socket}" }`)
    const server = await ServerProcess.run([`-config=${file}`])
    await server.stop()
    assert.equal(existsSync(socket), false)
    writeFileSync(socket, 'mine')
    assert.match(refused(`-config=${file}`), /s\d+ is there and is no socket/)
    assert.equal(readFileSync(socket, 'utf8'), 'mine')
  })

  test('is refused in a folder that is not there, or for a user that is not, before a store is made', () => {
    const there = `listener "unix" { address = "${join(work.path, 'none', 's')}" }`
    assert.match(refused(`-config=${config(there)}`), /there is no folder none; make it first/)
    const whose = `listener "unix" { address = "${path()}"\n socket_user = "nobody-here" }`
    assert.match(refused(`-config=${config(whose)}`), /socket_user: "nobody-here" is not in \/etc\/passwd/)
  })
})

describe('SIGHUP', () => {
  const listener = (name: string, more = ''): string => `listener "tcp" {
  address       = "127.0.0.1:0"
  tls_cert_file = "${name}.pem"
  tls_key_file  = "${name}.key"
  ${more}
}`
  const dial = async (server: ServerProcess): Promise<TLSSocket> => {
    const options = { port: portOf(server.origin), ca: authority.cert, servername: 'localhost' }
    const socket = connect({ ...options, host: '127.0.0.1' })
    await once(socket, 'secureConnect')
    return socket
  }
  const shown = (socket: TLSSocket): string => socket.getPeerCertificate().fingerprint256
  const asks = async (socket: TLSSocket): Promise<string> => {
    socket.write('GET /v1/sys/health HTTP/1.1\r\nHost: localhost\r\n\r\n')
    return (await firstBytes(socket)).split(' ')[1] ?? ''
  }
  const log = ({ talk }: ServerProcess): string => talk.replaceAll(`${work.path}/`, '')

  test('gives new connections the new certificate, and lets those that are open go on', async (t) => {
    write('renewed', authority.issue('localhost'))
    const server = await run(t, `-config=${config(listener('renewed'))}`)
    const old = await dial(server)
    write('renewed', authority.issue('localhost'))
    process.kill(server.pid, 'SIGHUP')
    await until(() => /listener-1: certificate read again/.test(server.talk))
    const fresh = await dial(server)
    assert.notEqual(shown(fresh), shown(old))
    assert.deepEqual([await asks(old), await asks(fresh)], ['501', '501'])
    for (const socket of [old, fresh]) socket.destroy()
  })

  test('with files that cannot be served keeps the certificate, and the log says what to do', async (t) => {
    const good = authority.issue('localhost')
    const bad: readonly (readonly [string, Pair | { cert: string; key: string }, RegExp])[] = [
      ['no PEM', { cert: 'nonsense', key: 'nonsense' }, /bad\.pem holds no certificate in PEM/],
      ['another key', { ...good, key: authority.issue('x').key }, /key in bad\.key does not belong/],
      [
        'expired',
        authority.issue('localhost', { to: '20240101000000Z' }),
        /the new one expired at 2024-01-01/,
      ],
    ]
    write('bad', good)
    const server = await run(t, `-config=${config(listener('bad'))}`)
    const first = await dial(server)
    for (const [what, pair, why] of bad) {
      write('bad', pair)
      process.kill(server.pid, 'SIGHUP')
      await until(() => why.test(log(server)))
      assert.match(
        log(server),
        /\[ERROR\] listener-1 goes on with the certificate that it has: .*send SIGHUP/,
        what,
      )
      const socket = await dial(server)
      assert.equal(shown(socket), shown(first), what)
      assert.equal(await asks(socket), '501')
      socket.destroy()
    }
    write('bad', authority.issue('localhost'))
    process.kill(server.pid, 'SIGHUP')
    await until(() => /certificate read again/.test(server.talk))
    const socket = await dial(server)
    assert.notEqual(shown(socket), shown(first))
    for (const one of [first, socket]) one.destroy()
  })

  test('takes the level of the log from the file, and a broken file changes nothing', async (t) => {
    const plain = 'listener "tcp" {\n  address = "127.0.0.1:0"\n  tls_disable = true\n}'
    const file = config(plain, 'log_level = "warn"')
    const server = await run(t, `-config=${file}`)
    await server.call('GET', '/v1/sys/health')
    assert.doesNotMatch(server.talk, /\[INFO\]|\[DEBUG\]/)
    writeFileSync(file, `storage "inmem" {}\nlog_level = "debug"\n${plain}`)
    process.kill(server.pid, 'SIGHUP')
    await until(() => /got SIGHUP: log_level=debug/.test(server.talk))
    await server.call('GET', '/v1/sys/health')
    await until(() => /\[DEBUG\] request: .*health/.test(server.talk))
    writeFileSync(file, 'log_levle = "info"')
    process.kill(server.pid, 'SIGHUP')
    await until(() =>
      /cannot be read again; the log stays at its level: .*"log_levle" is not/.test(server.talk),
    )
    assert.equal((await server.call('GET', '/v1/sys/health')).status, 501)
  })
})

describe('a start is refused', () => {
  const listener = (name: string): string =>
    config(
      `listener "tcp" {
 address = "127.0.0.1:0"
 tls_cert_file = "${name}.pem"
 tls_key_file = "${name}.key"
}`,
    )

  test('with a key that belongs to another certificate', () => {
    write('wrong', { ...authority.issue('localhost'), key: authority.issue('localhost').key })
    assert.match(
      refused(`-config=${listener('wrong')}`),
      /^Error starting the server: the TLS key in wrong\.key does not/,
    )
  })

  test('with a key that OpenSSL finds too small', () => {
    const [cert, key] = [join(work.path, 'small.pem'), join(work.path, 'small.key')]
    const words = ['req', '-x509', '-newkey', 'rsa:1024', '-nodes', '-days', '2', '-subj', '/CN=localhost']
    spawnSync('openssl', [...words, '-keyout', key, '-out', cert])
    assert.match(
      refused(`-config=${listener('small')}`),
      /OpenSSL does not take small\.pem and its key \(ERR_SSL_EE_KEY_TOO_SMALL\): make another pair/,
    )
  })

  test('and with an expired one it starts, warns, and can still be reached to be mended', async (t) => {
    write('old', authority.issue('localhost', { to: '20240101000000Z' }))
    const server = await run(t, `-config=${listener('old')}`)
    await until(() =>
      /\[WARN\] {2}listener-1: the certificate in .*old\.pem expired at 2024-01-01/.test(server.talk),
    )
  })
})
