import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { readConfig } from './read.ts'

const folder = mkdtempSync(join(tmpdir(), 'conclave-config-'))
after(() => rmSync(folder, { recursive: true }))

const STORAGE = 'storage "inmem" {}\n'
const PLAIN = 'listener "tcp" {\ntls_disable = true\n'

/** The refusal of a file, without the folder that it stands in. */
function refusal(content: string, name = 'c.hcl'): string {
  writeFileSync(join(folder, name), content)
  try {
    readConfig({ paths: [join(folder, name)], flags: {}, environment: {} })
  } catch (error) {
    assert.ok(error instanceof Error && 'code' in error && error.code === 'config_invalid', String(error))
    return error.message.replaceAll(`${folder}/`, '')
  }
  return 'it was taken'
}

describe('refuses, with file, line and column,', () => {
  const listener = (line: string): string => `${STORAGE}listener "tcp" {\n  tls_disable = true\n  ${line}\n}`
  const refusals = [
    [
      'a key of no table',
      `${STORAGE}log_levle = "x"`,
      'c.hcl:2:1: "log_levle" is not a known key; did you mean "log_level"?',
    ],
    [
      'one in a listener',
      listener('adress = "x"'),
      'c.hcl:4:3: "listener.tcp.adress" is not a known key; did you mean "address"?',
    ],
    [
      'one that is like no other',
      `${STORAGE}\n  colour = "red"`,
      'c.hcl:3:3: "colour" is not a known key; docs/operating.md has the known ones',
    ],
    [
      'one of the top in a listener',
      listener('log_level = "info"'),
      'c.hcl:4:3: "listener.tcp.log_level" is not a known key; it belongs at the top, outside of this block',
    ],
    [
      'one of a listener at the top',
      `${STORAGE}tls_disable = true`,
      'c.hcl:2:1: "tls_disable" is not a known key; it belongs in a "listener" block',
    ],
    [
      'one in a storage',
      'storage "sqlite" {\n  paht = "x" }',
      'c.hcl:2:3: "storage.sqlite.paht" is not a known key; did you mean "path"?',
    ],
    [
      'a path for what is in memory',
      'storage "inmem" { path = "x" }',
      'c.hcl:1:19: "storage.inmem.path" is not a known key; docs/operating.md has the known ones',
    ],
    [
      'a storage that there is not',
      'storage "raft" { path = "x" }',
      'c.hcl:1:9: "storage.raft" is not there in this version; what is: sqlite, inmem, file',
    ],
    [
      'a listener that there is not',
      `${STORAGE}listener "http" {}`,
      'c.hcl:2:10: "listener.http" is not there in this version; what is: tcp, unix',
    ],
    [
      'a second storage',
      `${STORAGE}storage "file" { path = "x" }`,
      'c.hcl:2:1: only one "storage" block is permitted; the first is at c.hcl:1:1',
    ],
    [
      'a second storage under its old name',
      `${STORAGE}backend "inmem" {}`,
      'c.hcl:2:1: only one "storage" block is permitted; the first is at c.hcl:1:1',
    ],
    [
      'two storages in one',
      'storage { inmem {}\n sqlite { path = "x" } }',
      'c.hcl:2:2: only one "storage" block is permitted',
    ],
    [
      'metrics for everybody and for nobody',
      `${STORAGE}${PLAIN}telemetry {\ndisallow_metrics = true\nmetrics_only = true } }`,
      'c.hcl:5:1: "listener.tcp.telemetry.disallow_metrics" is the opposite of what stands beside it; ' +
        'take one of the two away',
    ],
    [
      'a place for metrics beside all else',
      `${STORAGE}${PLAIN}telemetry { metrics_path = "/metrics" } }`,
      'c.hcl:4:13: "listener.tcp.telemetry.metrics_path" needs "metrics_only" beside it',
    ],
    [
      'a place for metrics that readers could take for another',
      `${STORAGE}${PLAIN}telemetry {\nmetrics_only = true\nmetrics_path = "/a/../b" } }`,
      'c.hcl:6:1: "listener.tcp.telemetry.metrics_path" must be letters, digits, "_" and "-" ' +
        'between slashes, for example "/metrics"',
    ],
    [
      'a server that serves nothing but metrics',
      `${STORAGE}${PLAIN}telemetry { metrics_only = true } }`,
      'every listener has "metrics_only": nobody could open the store. Add another listener',
    ],
    [
      'a prefix that is no name',
      `${STORAGE}telemetry { metrics_prefix = "9-lives" }`,
      'c.hcl:2:13: "telemetry.metrics_prefix" must be 64 letters, digits and "_" at most, no digit first',
    ],
    [
      'a misspelt key of telemetry',
      `${STORAGE}telemetry { metric_prefix = "x" }`,
      'c.hcl:2:13: "telemetry.metric_prefix" is not a known key; did you mean "metrics_prefix"?',
    ],
    ['a label of telemetry', `${STORAGE}telemetry "x" {}`, 'c.hcl:2:11: "telemetry" takes no label'],
    [
      'a second telemetry',
      `${STORAGE}telemetry {}\ntelemetry {}`,
      'c.hcl:3:1: only one "telemetry" block is permitted; the first is at c.hcl:2:1',
    ],
    [
      'a storage without its folder',
      'storage "sqlite" {}',
      'c.hcl:1:9: "storage.sqlite.path" is missing: the folder of the store',
    ],
    [
      'no storage',
      'log_level = "info"',
      'A storage backend must be specified: write storage "sqlite" { path = "data" }, or give -data=FOLDER',
    ],
    [
      'a storage without a type',
      'storage = "inmem"',
      'c.hcl:1:11: "storage" must be a block with a type: storage "TYPE" { … }',
    ],
    ['a block with two labels', 'storage "inmem" "x" {}', 'c.hcl:1:17: "storage" takes one label, its type'],
    [
      'a block where a value belongs',
      `${STORAGE}log_level {}`,
      'c.hcl:2:1: "log_level" is a value and no block: write "=" behind it',
    ],
    [
      'a number where a text belongs',
      `${STORAGE}cluster_name = 7`,
      'c.hcl:2:1: "cluster_name" must be a text in quotes',
    ],
    [
      'a word that is none of the choices',
      `${STORAGE}log_format = "none"`,
      'c.hcl:2:1: "log_format" must be one of: "standard", "json"',
    ],
    [
      'a duration that is none',
      `${STORAGE}ceremony_expiry = "1w"`,
      'c.hcl:2:1: "ceremony_expiry" must be a duration from 1s to 8760h, for example "30s" or "1m"',
    ],
    [
      'one below the least',
      `${STORAGE}ceremony_expiry = "999ms"`,
      'c.hcl:2:1: "ceremony_expiry" must be a duration from 1s to 8760h, for example "30s" or "1m"',
    ],
    [
      'one above the most',
      `${STORAGE}dealt_expiry = 31536001`,
      'c.hcl:2:1: "dealt_expiry" must be a duration from 1s to 8760h, for example "30s" or "1m"',
    ],
    [
      'a default for leases above their most',
      `${STORAGE}default_lease_ttl = "48h"\nmax_lease_ttl = "24h"`,
      'c.hcl:2:1: "default_lease_ttl" must not be longer than "max_lease_ttl", which is 768h by default',
    ],
    [
      'a default for leases above the most that nobody set',
      `${STORAGE}default_lease_ttl = "769h"`,
      'c.hcl:2:1: "default_lease_ttl" must not be longer than "max_lease_ttl", which is 768h by default',
    ],
    [
      'leases without an end',
      `${STORAGE}max_lease_ttl = "876001h"`,
      'c.hcl:2:1: "max_lease_ttl" must be a duration from 1s to 876000h, for example "30s" or "1m"',
    ],
    [
      'a switch that is neither',
      listener('disable_unauthed_rekey_endpoints = "yes"'),
      'c.hcl:4:3: "listener.tcp.disable_unauthed_rekey_endpoints" must be true or false',
    ],
    [
      'a size out of range',
      listener('max_request_size = 1023'),
      'c.hcl:4:3: "listener.tcp.max_request_size" must be a whole number from 1024 to 1073741824',
    ],
    [
      'no connection at all',
      listener('max_connections = 0'),
      'c.hcl:4:3: "listener.tcp.max_connections" must be a whole number from 1 to 65536',
    ],
    [
      'more connections of a source than there may be',
      listener('max_connections_per_source = 65537'),
      'c.hcl:4:3: "listener.tcp.max_connections_per_source" must be a whole number from 1 to 65536',
    ],
    [
      'a limit by source where there is one source',
      `${STORAGE}listener "unix" {\n address = "a.sock"\n max_connections_per_source = 1 }`,
      'c.hcl:4:2: "listener.unix.max_connections_per_source" is not a known key; docs/operating.md has the ' +
        'known ones',
    ],
    [
      'an address without a port',
      listener('address = "localhost"'),
      'c.hcl:4:3: "listener.tcp.address" must be host:port, for example 127.0.0.1:8200',
    ],
    [
      'names that are no list',
      listener('server_names = "a"'),
      'c.hcl:4:18: "listener.tcp.server_names" must be a list of texts, for example ["a", "b"]',
    ],
    [
      'a name that is an address of a page',
      listener('server_names = ["a",\n"https://b"]'),
      'c.hcl:5:1: "listener.tcp.server_names" must hold names of hosts, without scheme, port or path',
    ],
    [
      'a certificate without its key',
      `${STORAGE}listener "tcp" {\n tls_cert_file = "x" }`,
      'c.hcl:2:10: "listener.tcp.tls_key_file" is missing beside "tls_cert_file"',
    ],
    [
      'a listener that says nothing of TLS',
      `${STORAGE}listener "tcp" {}`,
      'c.hcl:2:10: "listener.tcp.tls_cert_file" is missing; "tls_disable = true" serves without TLS, ' +
        'for this machine only; -tls-self-signed makes a certificate',
    ],
    [
      'a time-out below the least',
      listener('http_idle_timeout = "999ms"'),
      'c.hcl:4:3: "listener.tcp.http_idle_timeout" must be a duration from 1s to 1h, ' +
        'for example "30s" or "1m"',
    ],
    [
      'a time-out above the most',
      listener('http_read_header_timeout = 61'),
      'c.hcl:4:3: "listener.tcp.http_read_header_timeout" must be a duration from 1s to 1m, ' +
        'for example "30s" or "1m"',
    ],
    [
      'a socket without its path',
      `${STORAGE}listener "unix" {}`,
      'c.hcl:2:10: "listener.unix.address" is missing: the path of the socket',
    ],
    [
      'a path that is longer than a socket has room for',
      `${STORAGE}listener "unix" {\n address = "/${'x'.repeat(107)}"\n}`,
      'c.hcl:3:2: "listener.unix.address" is longer than 107 bytes, the limit of the system',
    ],
    [
      'a mode that is no octal text',
      `${STORAGE}listener "unix" {\n address = "/s"\n socket_mode = "rw" }`,
      'c.hcl:4:2: "listener.unix.socket_mode" must be three octal digits in quotes, for example "660"',
    ],
    [
      'a certificate for a socket',
      `${STORAGE}listener "unix" {\n address = "/s"\n tls_cert_file = "c" }`,
      'c.hcl:4:2: "listener.unix.tls_cert_file" asks for TLS, which a Unix socket does without: ' +
        'its file says who connects. Take it away',
    ],
    [
      'a certificate that is not used',
      listener('tls_cert_file = "x"\n  tls_key_file = "y"'),
      'c.hcl:3:3: "listener.tcp.tls_disable" is true beside a certificate; take one of the two away',
    ],
    [
      'the two words for access',
      listener('ceremony_access = "open"\n  disable_unauthed_rekey_endpoints = true'),
      'c.hcl:5:3: "listener.tcp.disable_unauthed_rekey_endpoints" stands beside "ceremony_access"; ' +
        'take one of the two away',
    ],
    ['what is no HCL', 'storage "inmem" {', 'c.hcl:1:18: expected a name, and found the end'],
    [
      'a name that is set twice',
      `${STORAGE}ui = true\nui = true`,
      'c.hcl:3:1: "ui" stands at c.hcl:2:1 already; keep one',
    ],
  ] as const
  for (const [what, content, message] of refusals) {
    test(what, () => assert.equal(refusal(content), message))
  }

  test('a key of no table in JSON', () => {
    const content = '{\n  "storage": {"inmem": {}},\n  "log_levle": "x"\n}'
    assert.equal(
      refusal(content, 'c.json'),
      'c.json:3:3: "log_levle" is not a known key; did you mean "log_level"?',
    )
  })

  test('what is no JSON, told by the name of the file', () => {
    assert.equal(
      refusal('ui = true', 'c.json'),
      'c.json:1:1: a document in JSON is one object: "{" is missing',
    )
  })
})

describe('refuses what would be less safe without a word:', () => {
  const listener = (line: string): string => `${STORAGE}listener "tcp" {\n  tls_disable = true\n  ${line}\n}`
  const secure = (line: string): string =>
    `${STORAGE}listener "tcp" {\n  tls_cert_file = "c"\n  tls_key_file = "k"\n  ${line}\n}`
  const noSeal = 'is not a seal of this version: holders open the store with their shares. Take it away'
  const noProxy =
    'asks for client addresses as a proxy tells them, which this version does not read. Take it away'
  const refusals = [
    [
      'an audit device',
      `${STORAGE}audit "file" "f" {}`,
      '2:1: "audit"',
      'asks for an audit device, which this version does not have: requests would go unrecorded. ' +
        'Take it away to run without',
    ],
    ['another seal', `${STORAGE}seal "transit" { address = "x" }`, '2:6: "seal.transit"', noSeal],
    [
      'another seal to migrate from',
      `${STORAGE}seal "awskms" { disabled = 1 }`,
      '2:6: "seal.awskms"',
      noSeal,
    ],
    [
      'an initialisation',
      `${STORAGE}initialize "x" {}`,
      '2:1: "initialize"',
      'asks for an initialisation, which this version does not do by itself: the store would stay empty, ' +
        'for anyone who reaches it to initialise. Take it away and use "conclave operator init"',
    ],
    [
      'high availability',
      `${STORAGE}ha_storage "raft" {}`,
      '2:1: "ha_storage"',
      'asks for high availability, which this version does not have: two servers would be two stores. ' +
        'Take it away',
    ],
    [
      'client certificates that any authority may vouch for',
      secure('tls_require_and_verify_client_cert = true'),
      '2:10: "listener.tcp.tls_client_ca_file"',
      'is missing: without it, whoever any public authority knows could connect',
    ],
    [
      'client certificates beside plain HTTP',
      listener('tls_client_ca_file = "ca"\n  tls_require_and_verify_client_cert = true'),
      '3:3: "listener.tcp.tls_disable"',
      'is true beside "tls_require_and_verify_client_cert"; take one of the two away',
    ],
    [
      'client certificates that are required and switched off',
      secure('tls_require_and_verify_client_cert = true\n  tls_disable_client_certs = true'),
      '6:3: "listener.tcp.tls_disable_client_certs"',
      'is true beside "tls_require_and_verify_client_cert"; take one of the two away',
    ],
    [
      'a version that is broken',
      secure('tls_min_version = "tls11"'),
      '5:3: "listener.tcp.tls_min_version"',
      'asks for tls11, which is never served. Write "tls12" or "tls13"',
    ],
    [
      'versions that leave none',
      secure('tls_min_version = "tls13"\n  tls_max_version = "tls12"'),
      '6:3: "listener.tcp.tls_max_version"',
      'is less than "tls_min_version": no client could connect',
    ],
    [
      'chosen ciphers',
      listener('tls_cipher_suites = "x"'),
      '4:3: "listener.tcp.tls_cipher_suites"',
      'asks for a choice of ciphers, which this version does not make: Node.js has its own. Take it away',
    ],
    [
      'addresses by the PROXY protocol',
      listener('proxy_protocol_behavior = "use_always"'),
      '4:3: "listener.tcp.proxy_protocol_behavior"',
      noProxy,
    ],
    [
      'addresses by a header',
      listener('x_forwarded_for_authorized_addrs = "10.0.0.0/8"'),
      '4:3: "listener.tcp.x_forwarded_for_authorized_addrs"',
      noProxy,
    ],
  ] as const
  for (const [what, content, key, why] of refusals) {
    test(what, () => assert.equal(refusal(content), `c.hcl:${key} ${why}`))
  }
})

describe('-tls-self-signed is refused', () => {
  const refused = (content: string): string => {
    writeFileSync(join(folder, 'c.hcl'), content)
    try {
      const flags = { tlsSelfSigned: true }
      readConfig({ paths: [join(folder, 'c.hcl')], flags, environment: {} })
    } catch (error) {
      return error instanceof Error ? error.message.replaceAll(`${folder}/`, '') : ''
    }
    return 'it was taken'
  }
  const refusals = [
    [
      'beside a certificate',
      'listener "tcp" {\n tls_cert_file = "c"\n tls_key_file = "k" }',
      'c.hcl:3:2: "listener.tcp.tls_cert_file" stands beside -tls-self-signed; take one of the two away',
    ],
    [
      'beside plain HTTP',
      'listener "tcp" { tls_disable = true }',
      'c.hcl:2:18: "listener.tcp.tls_disable" is true beside -tls-self-signed; take one of the two away',
    ],
    [
      'where nothing listens on the network',
      'listener "unix" { address = "/s" }',
      '-tls-self-signed needs a listener "tcp", and the configuration has none',
    ],
  ] as const
  for (const [what, listener, message] of refusals) {
    test(what, () => assert.equal(refused(STORAGE + listener), message))
  }
})
