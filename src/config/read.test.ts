import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { DEFAULT_CONFIG, type ServerConfig } from './config.ts'
import { type ConfigFlags, type ReadConfig, readConfig } from './read.ts'

const folder = mkdtempSync(join(tmpdir(), 'conclave-config-'))
after(() => rmSync(folder, { recursive: true }))

let count = 0

/** A folder of its own with these files. */
function files(contents: Readonly<Record<string, string | Uint8Array>>): string {
  const place = join(folder, String(count++))
  mkdirSync(place)
  for (const [name, content] of Object.entries(contents)) writeFileSync(join(place, name), content)
  return place
}

function read(
  content: string,
  flags: ConfigFlags = {},
  name = 'c.hcl',
): ReadConfig & { readonly place: string } {
  const place = files({ [name]: content })
  return { ...readConfig({ paths: [join(place, name)], flags, environment: {} }), place }
}

const STORAGE = 'storage "inmem" {}\n'

test('without any file: the usual folder, and loopback without TLS', () => {
  const { config, warnings } = readConfig({ paths: [], flags: {}, environment: {} })
  assert.deepEqual(config, DEFAULT_CONFIG)
  assert.deepEqual(warnings, [])
})

const EVERYTHING_HCL = `
storage "sqlite" { path = "data" }
listener "tcp" {
  address      = "127.0.0.1:8201"
  tls_disable  = "true"
  retire_on    = "proof"
  server_names = ["Vault.Example.COM.", "localhost"]
}
listener "tcp" {
  address       = "[::]:8202"
  tls_cert_file = "tls/cert.pem"
  tls_key_file  = "/etc/key.pem"
  tls_min_version = "tls12"
  tls_require_and_verify_client_cert = 0
  max_request_size = 0x400
  ceremony_access  = "open"
}
seal "shamir" {}
log_level        = "debug"
log_format       = "json"
cluster_name     = "vault-cluster-test"
init_secret_file = "init.secret"
ceremony_expiry  = "1h30m"
dealt_expiry     = "2d"
unjoined_expiry  = 90
pid_file         = "/run/conclave.pid"
`

const EVERYTHING_JSON = {
  storage: { sqlite: { path: 'data' } },
  listener: [
    {
      tcp: {
        address: '127.0.0.1:8201',
        tls_disable: 1,
        retire_on: 'proof',
        server_names: ['Vault.Example.COM.', 'localhost'],
      },
    },
    {
      tcp: {
        address: '[::]:8202',
        tls_cert_file: 'tls/cert.pem',
        tls_key_file: '/etc/key.pem',
        tls_min_version: 'tls12',
        tls_require_and_verify_client_cert: 'false',
        max_request_size: '1024',
        ceremony_access: 'open',
      },
    },
  ],
  seal: [{ shamir: {} }],
  log_level: 'debug',
  log_format: 'json',
  cluster_name: 'vault-cluster-test',
  init_secret_file: 'init.secret',
  ceremony_expiry: '1h30m',
  dealt_expiry: '2d',
  unjoined_expiry: '90s',
  pid_file: '/run/conclave.pid',
}

/** What both say, with paths relative to the file that they stand in. */
function everything(place: string): ServerConfig {
  return {
    storage: { type: 'sqlite', folder: join(place, 'data') },
    listeners: [
      {
        host: '127.0.0.1',
        port: 8201,
        tls: null,
        ceremonyAccess: 'open',
        rekeyAccess: 'open',
        generateRootAccess: 'open',
        retireOn: 'proof',
        serverNames: ['vault.example.com', 'localhost'],
        maxRequestBytes: 33_554_432,
      },
      {
        host: '::',
        port: 8202,
        tls: { certFile: join(place, 'tls/cert.pem'), keyFile: '/etc/key.pem' },
        ceremonyAccess: 'open',
        rekeyAccess: 'open',
        generateRootAccess: 'open',
        retireOn: 'acknowledgement',
        serverNames: [],
        maxRequestBytes: 1024,
      },
    ],
    logLevel: 'debug',
    logFormat: 'json',
    clusterName: 'vault-cluster-test',
    initSecretFile: join(place, 'init.secret'),
    ceremonyExpiry: 5_400_000 as ServerConfig['ceremonyExpiry'],
    dealtExpiry: 172_800_000 as ServerConfig['dealtExpiry'],
    unjoinedExpiry: 90_000 as ServerConfig['unjoinedExpiry'],
    pidFile: '/run/conclave.pid',
  }
}

describe('every setting, and no warning,', () => {
  test('in HCL', () => {
    const { config, warnings, place } = read(EVERYTHING_HCL)
    assert.deepEqual([config, warnings], [everything(place), []])
  })

  test('in JSON', () => {
    const { config, warnings, place } = read(JSON.stringify(EVERYTHING_JSON), {}, 'c.json')
    assert.deepEqual([config, warnings], [everything(place), []])
  })

  test('in JSON under a name that ends in .hcl, as HCL 1 allows', () => {
    const { config, place } = read(` \n${JSON.stringify(EVERYTHING_JSON)}`)
    assert.deepEqual(config, everything(place))
  })
})

test('a block is the same block in each of its spellings', () => {
  const spellings = [
    'listener "tcp" { tls_disable = true }\nlistener "tcp" { tls_disable = true }',
    'listener tcp { tls_disable = true }\nlistener { tcp { tls_disable = true } }',
    'listener = { tcp = [{ tls_disable = true }, { tls_disable = true }] }',
    'listener = [{ tcp = { tls_disable = true } }, { tcp { tls_disable = true } }]',
  ]
  for (const spelling of spellings) {
    const [first, second, third] = read(STORAGE + spelling).config.listeners
    assert.deepEqual([first, second, third], [first, first, undefined])
    assert.equal(first?.port, 8200)
  }
})

describe('who may open a ceremony', () => {
  const access = (lines: string): readonly string[] => {
    const [listener] = read(`${STORAGE}listener "tcp" {\n${lines}\n}`).config.listeners
    assert.ok(listener !== undefined)
    return [listener.ceremonyAccess, listener.rekeyAccess, listener.generateRootAccess, listener.retireOn]
  }
  const local = 'tls_disable = true\n'
  const abroad = 'address = "0.0.0.0:8200"\ntls_cert_file = "c"\ntls_key_file = "k"\n'

  test('follows from the address', () => {
    assert.deepEqual(access(local), ['open', 'open', 'open', 'acknowledgement'])
    assert.deepEqual(access(abroad), ['guarded', 'guarded', 'guarded', 'proof'])
  })

  test('is one word for all of them', () => {
    assert.deepEqual(access(`${local}ceremony_access = "guarded"`), [
      'guarded',
      'guarded',
      'guarded',
      'proof',
    ])
    assert.deepEqual(access(`${abroad}ceremony_access = "open"`), ['open', 'open', 'open', 'acknowledgement'])
  })

  test("is the peers' switch for a family, either way, and retiring follows the rekey", () => {
    const rekey = 'disable_unauthed_rekey_endpoints'
    const root = 'disable_unauthed_generate_root_endpoints'
    assert.deepEqual(access(`${local}${rekey} = true`), ['open', 'guarded', 'open', 'proof'])
    assert.deepEqual(access(`${abroad}${rekey} = false`), ['guarded', 'open', 'guarded', 'acknowledgement'])
    assert.deepEqual(access(`${abroad}${root} = "0"`), ['guarded', 'guarded', 'open', 'proof'])
    assert.deepEqual(access(`${local}${root} = 1`), ['open', 'open', 'guarded', 'acknowledgement'])
  })
})

test('the configuration is frozen through and through', () => {
  const { config } = read(EVERYTHING_HCL)
  const parts = [
    config,
    config.storage,
    config.listeners,
    config.listeners[1]?.tls,
    config.listeners[0]?.serverNames,
  ]
  assert.ok(parts.every((part) => Object.isFrozen(part)))
})

describe('a key that has no effect is told once, where it stands:', () => {
  test('at the top and in a listener', () => {
    const { warnings, place } = read(`${STORAGE}ui = true
default_lease_ttl = "1h"
user_lockout "all" { lockout_threshold = 3 }
user_lockout "ldap" {}
listener "tcp" {
  tls_disable = true
  tls_min_version = "tls10"
  tls_max_version = "tls12"
  cluster_address = "x"
}
telemetry { prometheus_retention_time = "24h" }
plugin "auth" "x" {}`)
    assert.deepEqual(
      warnings.map((warning) => warning.replace(`${place}/`, '')),
      [
        'c.hcl:2:1: "ui" has no effect: this version has no pages',
        'c.hcl:3:1: "default_lease_ttl" has no effect: nothing has a lease in this version',
        'c.hcl:4:1: "user_lockout" has no effect: there is no login by a password',
        'c.hcl:12:1: "telemetry" has no effect: there are no metrics',
        'c.hcl:13:1: "plugin" has no effect: there are no plugins',
        'c.hcl:10:3: "listener.tcp.cluster_address" has no effect: this server is alone',
        'c.hcl:8:3: "listener.tcp.tls_min_version" has no effect: TLS 1.2 and TLS 1.3 are served',
        'c.hcl:9:3: "listener.tcp.tls_max_version" has no effect: TLS 1.2 and TLS 1.3 are served',
      ],
    )
  })

  test('in JSON, with line and column of the key', () => {
    const { warnings, place } = read('{"storage": {"inmem": {}},\n  "ui": true}', {}, 'c.json')
    assert.deepEqual(warnings, [`${place}/c.json:2:3: "ui" has no effect: this version has no pages`])
  })
})

describe('flag, environment, file: the first that speaks wins,', () => {
  const place = files({ 'c.hcl': `${STORAGE}log_level = "error"\nlog_format = "json"` })
  const path = join(place, 'c.hcl')
  const log = (flags: ConfigFlags, environment: Record<string, string>): readonly string[] => {
    const { logLevel, logFormat } = readConfig({ paths: [path], flags, environment }).config
    return [logLevel, logFormat]
  }

  test('for the log', () => {
    assert.deepEqual(log({}, {}), ['error', 'json'])
    assert.deepEqual(log({}, { VAULT_LOG_LEVEL: 'warn' }), ['warn', 'json'])
    assert.deepEqual(log({}, { VAULT_LOG_LEVEL: 'warn', BAO_LOG_LEVEL: 'debug' }), ['debug', 'json'])
    assert.deepEqual(log({}, { BAO_LOG_LEVEL: 'debug', CONCLAVE_LOG_LEVEL: 'trace' }), ['trace', 'json'])
    assert.deepEqual(log({ logLevel: 'info' }, { CONCLAVE_LOG_LEVEL: 'trace' }), ['info', 'json'])
    assert.deepEqual(log({ logFormat: 'standard' }, { BAO_LOG_FORMAT: 'json' }), ['error', 'standard'])
  })

  test('and a wrong one is refused under the name that it came by', () => {
    assert.throws(() => log({ logLevel: 'loud' }, {}), {
      message: '-log-level must be one of: trace, debug, info, warn, error',
    })
    assert.throws(() => log({}, { VAULT_LOG_FORMAT: 'xml' }), {
      message: 'VAULT_LOG_FORMAT must be one of: standard, json',
    })
  })

  test('for the files: those of the environment are read only without -config', () => {
    const other = files({ 'c.hcl': 'storage "file" { path = "x" }' })
    const environment = { BAO_CONFIG_PATH: other }
    assert.equal(readConfig({ paths: [], flags: {}, environment }).config.storage.type, 'sqlite')
    assert.equal(readConfig({ paths: [path], flags: {}, environment }).config.storage.type, 'inmem')
  })

  test('for the storage: -data stands in for a block, which is checked all the same', () => {
    const flags = { dataFolder: 'elsewhere' }
    assert.deepEqual(read('ui = false', flags).config.storage, { type: 'sqlite', folder: 'elsewhere' })
    assert.deepEqual(read(STORAGE, flags).config.storage, { type: 'sqlite', folder: 'elsewhere' })
    assert.throws(() => read('storage "raft" {}', flags), /"storage\.raft" is not there/)
  })
})

describe('-address', () => {
  const secured = `${STORAGE}
listener "tcp" {
  tls_cert_file = "c"
  tls_key_file  = "k"
}
listener "tcp" { tls_disable = 1 }`

  test('moves the first listener and leaves no other', () => {
    const { config } = read(secured, { address: '127.0.0.2:9' })
    assert.deepEqual(
      [config.listeners.length, config.listeners[0]?.host, config.listeners[0]?.port],
      [1, '127.0.0.2', 9],
    )
  })

  test('takes what follows from the address with it: away from this machine, ceremonies are guarded', () => {
    const [listener] = read(secured, { address: '0.0.0.0:9' }).config.listeners
    assert.deepEqual(
      [listener?.ceremonyAccess, listener?.rekeyAccess, listener?.retireOn],
      ['guarded', 'guarded', 'proof'],
    )
  })

  test('does not leave this machine without TLS', () => {
    const message = /^-address leaves this machine, so it needs TLS/
    const environment = {}
    assert.throws(() => readConfig({ paths: [], flags: { address: '0.0.0.0:1' }, environment }), { message })
    assert.throws(() => read(`${STORAGE}listener "tcp" { tls_disable = 1 }`, { address: '[::]:1' }), {
      message,
    })
    assert.throws(() => readConfig({ paths: [], flags: { address: 'here' }, environment }), {
      message: '-address must be host:port, for example 127.0.0.1:8200',
    })
  })
})
