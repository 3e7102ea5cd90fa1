import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import type { Millis } from '../base/clock.ts'
import { DEFAULT_CONFIG, type ListenerTimeouts, type ServerConfig, type TcpListenerConfig } from './config.ts'
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

/** The listeners of the network. */
function network({ listeners }: ServerConfig): readonly TcpListenerConfig[] {
  return listeners.filter((listener) => listener.type === 'tcp')
}

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
  tls_min_version = "tls13"
  tls_client_ca_file = "tls/ca.pem"
  tls_require_and_verify_client_cert = 1
  max_request_size = 0x400
  ceremony_access  = "open"
  http_read_header_timeout = "5s"
  http_read_timeout = 60
  http_idle_timeout = "1h"
  http_write_timeout = "2m"
  max_connections = 100
  max_connections_per_source = 7
  telemetry {
    metrics_only = true
    unauthenticated_metrics_access = true
    metrics_path = "/metrics"
  }
}
listener "unix" {
  address      = "conclave.sock"
  max_connections = 1
  tls_disable  = true
  socket_mode  = "0660"
  socket_user  = "conclave"
  socket_group = "1234"
  telemetry { disallow_metrics = true }
}
seal "shamir" {}
log_level        = "debug"
log_format       = "json"
cluster_name     = "vault-cluster-test"
init_secret_file = "init.secret"
ceremony_expiry  = "1h30m"
dealt_expiry     = "2d"
unjoined_expiry  = 90
default_lease_ttl = "1h"
max_lease_ttl    = "10d"
pid_file         = "/run/conclave.pid"
telemetry {
  metrics_prefix            = "conclave"
  usage_gauge_period        = "1m"
  prometheus_retention_time = 0
  disable_hostname          = true
}
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
        tls_min_version: 'tls13',
        tls_client_ca_file: 'tls/ca.pem',
        tls_require_and_verify_client_cert: 'true',
        max_request_size: '1024',
        ceremony_access: 'open',
        http_read_header_timeout: 5,
        http_read_timeout: '1m',
        http_idle_timeout: '3600s',
        http_write_timeout: '120',
        max_connections: '100',
        max_connections_per_source: 7,
        telemetry: [{ metrics_only: 1, unauthenticated_metrics_access: 'true', metrics_path: '/metrics' }],
      },
    },
    {
      unix: {
        address: 'conclave.sock',
        max_connections: 1,
        socket_mode: '660',
        socket_user: 'conclave',
        socket_group: '1234',
        telemetry: { disallow_metrics: true },
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
  default_lease_ttl: 3600,
  max_lease_ttl: '240h',
  pid_file: '/run/conclave.pid',
  telemetry: {
    metrics_prefix: 'conclave',
    usage_gauge_period: 60,
    prometheus_retention_time: '0s',
    disable_hostname: true,
  },
}

function timeouts(head: number, request: number, idle: number, stall: number): ListenerTimeouts {
  return { head, request, idle, stall } as ListenerTimeouts
}

const OPEN = { ceremonyAccess: 'open', rekeyAccess: 'open', generateRootAccess: 'open' } as const

/** What both say, with paths relative to the file that they stand in. */
function everything(place: string): ServerConfig {
  return {
    storage: { type: 'sqlite', folder: join(place, 'data') },
    listeners: [
      {
        type: 'tcp',
        host: '127.0.0.1',
        port: 8201,
        tls: null,
        ...OPEN,
        retireOn: 'proof',
        serverNames: ['vault.example.com', 'localhost'],
        maxRequestBytes: 33_554_432,
        timeouts: timeouts(10_000, 30_000, 300_000, 90_000),
        maxConnections: 4096,
        maxConnectionsPerSource: null,
        metrics: { access: 'token', onlyAt: null },
      },
      {
        type: 'tcp',
        host: '::',
        port: 8202,
        tls: {
          certificate: { certFile: join(place, 'tls/cert.pem'), keyFile: '/etc/key.pem' },
          minVersion: 'tls13',
          maxVersion: 'tls13',
          clientCertificates: 'required',
          clientCaFile: join(place, 'tls/ca.pem'),
        },
        ...OPEN,
        retireOn: 'acknowledgement',
        serverNames: [],
        maxRequestBytes: 1024,
        timeouts: timeouts(5000, 60_000, 3_600_000, 120_000),
        maxConnections: 100,
        maxConnectionsPerSource: 7,
        metrics: { access: 'anyone', onlyAt: '/metrics' },
      },
      {
        type: 'unix',
        path: join(place, 'conclave.sock'),
        mode: 0o660,
        user: 'conclave',
        group: '1234',
        ...OPEN,
        retireOn: 'acknowledgement',
        serverNames: [],
        maxRequestBytes: 33_554_432,
        timeouts: timeouts(10_000, 30_000, 300_000, 90_000),
        maxConnections: 1,
        metrics: { access: 'nobody', onlyAt: null },
      },
    ],
    logLevel: 'debug',
    logFormat: 'json',
    clusterName: 'vault-cluster-test',
    initSecretFile: join(place, 'init.secret'),
    ceremonyExpiry: 5_400_000 as Millis,
    dealtExpiry: 172_800_000 as Millis,
    unjoinedExpiry: 90_000 as Millis,
    leases: { defaultTtl: 3600, maxTtl: 864_000 },
    pidFile: '/run/conclave.pid',
    telemetry: { prefix: 'conclave', prometheus: false, usagePeriod: 60_000 as Millis },
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
    const [first, second, third] = network(read(STORAGE + spelling).config)
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
    network(config)[1]?.tls,
    config.listeners[2]?.timeouts,
    config.listeners[0]?.serverNames,
  ]
  assert.ok(parts.every((part) => Object.isFrozen(part)))
})

test('where only the most is set, leases live no longer by default', () => {
  const { config } = read(`${STORAGE}max_lease_ttl = "24h"`)
  assert.deepEqual(config.leases, { defaultTtl: 86_400, maxTtl: 86_400 })
  assert.deepEqual(read(STORAGE).config.leases, { defaultTtl: 2_764_800, maxTtl: 2_764_800 })
  // A limit of 0 is none for the peers, and for us the usual one.
  assert.deepEqual(read(`${STORAGE}max_lease_ttl = 0`).config.leases.maxTtl, 2_764_800)
})

describe('a key that has no effect is told once, where it stands:', () => {
  test('at the top and in a listener', () => {
    const { warnings, place } = read(`${STORAGE}ui = true
imprecise_lease_role_tracking = true
user_lockout "all" { lockout_threshold = 3 }
user_lockout "ldap" {}
listener "tcp" {
  tls_disable = true
  cluster_address = "x"
}
telemetry {
  prometheus_retention_time = "24h"
  disable_hostname = false
  statsd_address = "127.0.0.1:8125"
}
plugin "auth" "x" {}`)
    assert.deepEqual(
      warnings.map((warning) => warning.replace(`${place}/`, '')),
      [
        'c.hcl:2:1: "ui" has no effect: this version has no pages',
        'c.hcl:3:1: "imprecise_lease_role_tracking" has no effect: leases are not counted by role',
        'c.hcl:4:1: "user_lockout" has no effect: there is no login by a password',
        'c.hcl:15:1: "plugin" has no effect: there are no plugins',
        'c.hcl:8:3: "listener.tcp.cluster_address" has no effect: this server is alone',
        'c.hcl:13:3: "telemetry.statsd_address" has no effect: metrics are read, and sent nowhere',
        'c.hcl:12:3: "telemetry.disable_hostname" has no effect: no metric has the name of the host in it',
        'c.hcl:11:3: "telemetry.prometheus_retention_time" has no effect but for 0: numbers do not age',
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
      config.listeners.map((listener) => listener.type === 'tcp' && [listener.host, listener.port]),
      [['127.0.0.2', 9]],
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

describe('a listener with TLS', () => {
  const tls = (lines: string, flags: ConfigFlags = {}): TcpListenerConfig['tls'] | undefined =>
    network(read(`${STORAGE}listener "tcp" {\n${lines}\n}`, flags).config)[0]?.tls
  const files = 'tls_cert_file = "/c"\ntls_key_file = "/k"\n'

  test('takes TLS 1.2 and 1.3, and asks clients for a certificate that they need not have', () => {
    assert.deepEqual(tls(files), {
      certificate: { certFile: '/c', keyFile: '/k' },
      minVersion: 'tls12',
      maxVersion: 'tls13',
      clientCertificates: 'asked',
      clientCaFile: null,
    })
  })

  test('does not ask where that is switched off', () => {
    assert.equal(tls(`${files}tls_disable_client_certs = true`)?.clientCertificates, 'none')
  })

  test('is served up to the version that is the most', () => {
    assert.equal(tls(`${files}tls_max_version = "tls12"`)?.maxVersion, 'tls12')
  })

  test('has a certificate of its own making where the command line says so', () => {
    assert.equal(tls('', { tlsSelfSigned: true })?.certificate, 'self-signed')
    const bare = readConfig({ paths: [], flags: { tlsSelfSigned: true }, environment: {} }).config
    assert.equal(network(bare)[0]?.tls?.certificate, 'self-signed')
    const abroad = { tlsSelfSigned: true, address: '0.0.0.0:1' }
    const moved = readConfig({ paths: [], flags: abroad, environment: {} }).config
    assert.deepEqual(
      network(moved).map(({ host, tls, ceremonyAccess }) => [host, tls?.certificate, ceremonyAccess]),
      [['0.0.0.0', 'self-signed', 'guarded']],
    )
  })

  test('only the first of the network has it', () => {
    const { config } = read(
      `${STORAGE}listener "unix" { address = "/s" }\nlistener "tcp" {}\nlistener "tcp" { tls_disable = 1 }`,
      { tlsSelfSigned: true },
    )
    assert.deepEqual(
      network(config).map(({ tls }) => tls?.certificate),
      ['self-signed', undefined],
    )
  })
})

test('a time-out of 0, which is none for the peers, is the usual one', () => {
  const { config } = read(`${STORAGE}listener "tcp" {\n tls_disable = 1\n http_write_timeout = 0 }`)
  assert.equal(config.listeners[0]?.timeouts.stall, 90_000)
})

test('a socket that nobody described is for the user of the server', () => {
  const { config } = read(`${STORAGE}listener "unix" { address = "/run/c.sock" }`)
  const [listener] = config.listeners
  assert.ok(listener?.type === 'unix')
  assert.deepEqual([listener.path, listener.mode, listener.user], ['/run/c.sock', 0o600, null])
})
