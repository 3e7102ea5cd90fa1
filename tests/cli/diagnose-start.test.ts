import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { MAIN, temporaryFolder } from '../api/server-process.ts'
import type { Authority } from '../http/authority.ts'
import { freeAddress, runDiagnose, says, writeCertificates } from './diagnosis.ts'

// Stores are for nobody else.
process.umask(0o077)

const work = temporaryFolder()
let authority: Authority
before(() => {
  authority = writeCertificates(work.path)
  const names = [
    '-subj',
    '/CN=localhost',
    '-keyout',
    join(work.path, 'weak.key'),
    '-out',
    join(work.path, 'weak.pem'),
  ]
  const flags = ['req', '-x509', '-newkey', 'rsa:1024', '-nodes', '-days', '60', ...names]
  execFileSync('openssl', flags, { stdio: 'ignore' })
  writeFileSync(join(work.path, 'garbage'), 'nothing of use\n')
  writeFileSync(join(work.path, 'short'), 'short\n')
  mkdirSync(join(work.path, 'folder'))
})
after(() => {
  authority.remove()
  work.remove()
})

interface Case {
  readonly what: string
  readonly check: string
  /** Of a configuration beside its store, for an address of its own. */
  readonly config: (address: string) => string
  readonly says: RegExp
}

const tcp = (address: string, terms: string): string =>
  `listener "tcp" {\n address = "${address}"\n ${terms}\n}\n`
const tls = (name: string, terms = ''): string =>
  `tls_cert_file = "${name}.pem"\n tls_key_file = "${name === 'cert' ? 'key.pem' : 'weak.key'}"\n ${terms}`
const authorityIn = (file: string): string =>
  tls('cert', `tls_client_ca_file = "${file}"\n tls_require_and_verify_client_cert = true`)
const unix = (path: string, more = ''): string => `listener "unix" {\n address = "${path}"\n ${more}\n}\n`
const plain = 'tls_disable = true'

const CASES: readonly Case[] = [
  {
    what: 'the authority of client certificates is not there',
    check: 'listener 1 tls',
    config: (address) => tcp(address, authorityIn('none.pem')),
    says: /none\.pem does not exist/,
  },
  {
    what: 'the authority of client certificates is none',
    check: 'listener 1 tls',
    config: (address) => tcp(address, authorityIn('garbage')),
    says: /tls_client_ca_file \S+garbage holds no certificate/,
  },
  {
    what: 'OpenSSL finds the key too short',
    check: 'listener 1 tls',
    config: (address) => tcp(address, tls('weak')),
    says: /OpenSSL does not take \S+weak\.pem and its key \(ERR_SSL_EE_KEY_TOO_SMALL\)/,
  },
  {
    what: 'the secret of init is not there',
    check: 'init secret',
    config: (address) => `init_secret_file = "none"\n${tcp(address, plain)}`,
    says: /the init_secret_file \S+none cannot be read/,
  },
  {
    what: 'the secret of init is too short',
    check: 'init secret',
    config: (address) => `init_secret_file = "short"\n${tcp(address, plain)}`,
    says: /the init_secret_file \S+short must hold 16 to 4096 bytes/,
  },
  {
    what: 'there is no folder for the pid file',
    check: 'pid file',
    config: (address) => `pid_file = "none/pid"\n${tcp(address, plain)}`,
    says: /the pid_file \S+none\/pid cannot be written: there is no folder \S+none; make it first/,
  },
  {
    what: 'a folder stands where the pid file is to be',
    check: 'pid file',
    config: (address) => `pid_file = "folder"\n${tcp(address, plain)}`,
    says: /the pid_file \S+folder cannot be written: it is a folder/,
  },
  {
    what: 'there is no folder for a socket',
    check: 'listener 1',
    config: () => unix('none/s'),
    says: /cannot listen on \S+none\/s: there is no folder \S+none; make it first/,
  },
  {
    what: 'a file stands where a socket is to be',
    check: 'listener 1',
    config: () => unix('garbage'),
    says: /garbage is there and is no socket/,
  },
  {
    what: 'the user of a socket is not there',
    check: 'listener 1',
    config: () => unix('s', 'socket_user = "nobody-here"'),
    says: /socket_user: "nobody-here" is not in \/etc\/passwd/,
  },
  {
    what: 'two listeners have one address',
    check: 'listener 2',
    config: (address) => tcp(address, plain) + tcp(address, plain),
    says: /is the place of listener 1 already/,
  },
  {
    what: 'one listener is at every address of the port of another',
    check: 'listeners',
    config: (address) => tcp(address, plain) + tcp(address.replace('127.0.0.1', '0.0.0.0'), tls('cert')),
    says: /cannot listen on 0\.0\.0\.0:\d+: .* on 127\.0\.0\.1:\d+ of this configuration has the same port/,
  },
]

describe('a server that would not start is told before it is started, in its own words, where', () => {
  for (const [index, one] of CASES.entries()) {
    test(one.what, async () => {
      const file = join(work.path, `c${index}.hcl`)
      writeFileSync(file, `storage "sqlite" { path = "store${index}" }\n${one.config(await freeAddress())}`)
      const { exitCode, stdout } = await runDiagnose([`-config=${file}`, '-format=json'])
      assert.equal(exitCode, 1, stdout)
      says(JSON.parse(stdout).checks, one.check, 'failure', one.says)
      assert.doesNotMatch(readdirSync(work.path).join(), new RegExp(`store${index}\\b|none|,s,`))
      const words = ['--disable-warning=ExperimentalWarning', MAIN, 'server', `-config=${file}`]
      const { status, stderr } = spawnSync(process.execPath, words, { encoding: 'utf8', timeout: 20_000 })
      assert.deepEqual([status, /^Error starting the server: /m.test(stderr)], [1, true], stderr)
    })
  }

  test('and a configuration that has all of it right has no failure', async () => {
    const file = join(work.path, 'right.hcl')
    writeFileSync(join(work.path, 'secret'), 'sixteen bytes or more of it\n')
    writeFileSync(
      file,
      `storage "sqlite" { path = "store" }
       init_secret_file = "secret"
       pid_file = "pid"
       ${tcp(await freeAddress(), authorityIn('cert.pem'))}
       ${unix('s', 'socket_user = "0"')}`,
    )
    const { stdout } = await runDiagnose([`-config=${file}`, '-format=json'])
    const { status, checks } = JSON.parse(stdout)
    assert.notEqual(status, 'failure', stdout)
    for (const check of ['init secret', 'pid file', 'listener 2']) says(checks, check, 'ok', /./)
    says(checks, 'listener 1 tls', 'ok', /good until/)
  })
})
