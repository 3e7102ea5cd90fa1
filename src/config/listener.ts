import { millis } from '../base/clock.ts'
import { utf8 } from '../base/encoding.ts'
import {
  CONNECTIONS_A_SOURCE_DIVISOR,
  HEAD_TIMEOUT_MS,
  IDLE_TIMEOUT_MS,
  MAX_BODY_BYTES,
  MAX_CONNECTIONS,
  MAX_CONNECTIONS_SET,
  MAX_HEAD_TIMEOUT_MS,
  MAX_IDLE_TIMEOUT_MS,
  MAX_REQUEST_TIMEOUT_MS,
  MAX_SERVER_NAMES,
  MAX_SOCKET_PATH_BYTES,
  MAX_STALL_TIMEOUT_MS,
  MIN_TIMEOUT_MS,
  REQUEST_TIMEOUT_MS,
  STALL_TIMEOUT_MS,
} from '../base/limits.ts'
import { type HostPort, isLoopback, parseAddress, parseHostName } from './address.ts'
import {
  type CeremonyAccess,
  DEFAULT_LISTENER,
  type ListenerTerms,
  type ListenerTimeouts,
  type TcpListenerConfig,
  type UnixListenerConfig,
} from './config.ts'
import type { Section } from './section.ts'
import { parseMetricsTerms } from './telemetry.ts'
import { parseTls } from './tls.ts'

const DEFAULT_ADDRESS = '127.0.0.1:8200'
const ACCESS = ['open', 'guarded'] as const
const MIN_REQUEST_SIZE = 1024
const MAX_REQUEST_SIZE = 1024 * 1024 * 1024
/** The families of endpoints that the peers switch off by a name of their own. */
const FAMILIES = ['disable_unauthed_rekey_endpoints', 'disable_unauthed_generate_root_endpoints'] as const

/** Who may connect to a socket that nobody described: the user of the server. */
const DEFAULT_SOCKET_MODE = 0o600

/** What the command line says of the first listener of the network. */
export interface Moved {
  /** Its address instead of the section's: what follows from the address then follows from this one. */
  readonly address: HostPort | null
  /** Whether it is to have a certificate of the server's own making. */
  readonly selfSigned: boolean
}

/** Reads a `listener "tcp"`. Throws `config_invalid`. */
export function parseTcpListener(section: Section, moved: Moved): TcpListenerConfig {
  const address = moved.address ?? ownAddress(section)
  const terms = parseTerms(section, accessBy(address))
  return {
    type: 'tcp',
    ...address,
    tls: parseTls(section, moved.selfSigned),
    ...terms,
    maxConnectionsPerSource:
      section.integer('max_connections_per_source', { min: 1, max: MAX_CONNECTIONS_SET }) ??
      perSourceBy(address, terms.maxConnections),
  }
}

/** Reads a `listener "unix"`: whoever the mode of the file lets in is on this machine. */
export function parseUnixListener(section: Section): UnixListenerConfig {
  const path = section.path('address')
  if (path === undefined) throw section.invalid('address', 'is missing: the path of the socket')
  if (utf8(path).length > MAX_SOCKET_PATH_BYTES) {
    throw section.invalid('address', `is longer than ${MAX_SOCKET_PATH_BYTES} bytes, the limit of the system`)
  }
  if (section.boolean('tls_disable') === false) {
    throw section.invalid('tls_disable', 'asks for TLS, which a Unix socket does without. Take it away')
  }
  return {
    type: 'unix',
    path,
    mode: parseMode(section),
    user: section.text('socket_user') ?? null,
    group: section.text('socket_group') ?? null,
    ...parseTerms(section, 'open'),
  }
}

/** A listener that no file describes: with TLS only where the server makes its certificate. */
export function plainListener({ address, selfSigned }: Moved): TcpListenerConfig {
  const { host, port } = address ?? DEFAULT_LISTENER
  const access = accessBy({ host })
  return {
    ...DEFAULT_LISTENER,
    host,
    port,
    maxConnectionsPerSource: perSourceBy({ host }, DEFAULT_LISTENER.maxConnections),
    tls: selfSigned
      ? {
          certificate: 'self-signed',
          minVersion: 'tls12',
          maxVersion: 'tls13',
          clientCertificates: 'asked',
          clientCaFile: null,
        }
      : null,
    ceremonyAccess: access,
    rekeyAccess: access,
    generateRootAccess: access,
    retireOn: retireOnBy(access),
  }
}

function accessBy({ host }: Pick<HostPort, 'host'>): CeremonyAccess {
  return isLoopback(host) ? 'open' : 'guarded'
}

/** One stranger is not to have all. On loopback everybody has one address: programs, and proxies too. */
function perSourceBy({ host }: Pick<HostPort, 'host'>, all: number): number | null {
  return isLoopback(host) ? null : Math.max(1, Math.floor(all / CONNECTIONS_A_SOURCE_DIVISOR))
}

/** What retires is the old set of a rekey. */
function retireOnBy(rekeyAccess: CeremonyAccess): ListenerTerms['retireOn'] {
  return rekeyAccess === 'open' ? 'acknowledgement' : 'proof'
}

function ownAddress(section: Section): HostPort {
  const address = parseAddress(section.text('address') ?? DEFAULT_ADDRESS)
  if (address !== null) return address
  throw section.invalid('address', `must be host:port, for example ${DEFAULT_ADDRESS}`)
}

function parseTerms(section: Section, access: CeremonyAccess): ListenerTerms {
  return {
    ...parseAccess(section, access),
    serverNames: parseNames(section),
    maxRequestBytes:
      section.integer('max_request_size', { min: MIN_REQUEST_SIZE, max: MAX_REQUEST_SIZE }) ?? MAX_BODY_BYTES,
    timeouts: parseTimeouts(section),
    maxConnections:
      section.integer('max_connections', { min: 1, max: MAX_CONNECTIONS_SET }) ?? MAX_CONNECTIONS,
    metrics: parseMetricsTerms(section),
  }
}

/** The peers' four. They let 0 stand for "no limit"; here there is always one. */
function parseTimeouts(section: Section): ListenerTimeouts {
  const read = (key: string, usual: number, max: number): ListenerTimeouts['head'] =>
    section.duration(key, { min: MIN_TIMEOUT_MS, max, zero: usual }) ?? millis(usual)
  return {
    head: read('http_read_header_timeout', HEAD_TIMEOUT_MS, MAX_HEAD_TIMEOUT_MS),
    request: read('http_read_timeout', REQUEST_TIMEOUT_MS, MAX_REQUEST_TIMEOUT_MS),
    idle: read('http_idle_timeout', IDLE_TIMEOUT_MS, MAX_IDLE_TIMEOUT_MS),
    stall: read('http_write_timeout', STALL_TIMEOUT_MS, MAX_STALL_TIMEOUT_MS),
  }
}

/** The bits of chmod(1) in octal, as a text: a number would be read as decimal by whoever reads the file. */
function parseMode(section: Section): number {
  const text = section.text('socket_mode')
  if (text === undefined) return DEFAULT_SOCKET_MODE
  if (/^0?[0-7]{3}$/.test(text)) return Number.parseInt(text, 8)
  throw section.invalid('socket_mode', 'must be three octal digits in quotes, for example "660"')
}

type Access = Pick<ListenerTerms, 'ceremonyAccess' | 'rekeyAccess' | 'generateRootAccess' | 'retireOn'>

/** custody.md section 3: one word for all ceremonies, or the peers' switches for two families of them. */
function parseAccess(section: Section, byAddress: CeremonyAccess): Access {
  const own = section.oneOf('ceremony_access', ACCESS)
  const [rekey, generateRoot] = FAMILIES.map((key) => {
    const isClosed = section.boolean(key)
    if (isClosed === undefined) return null
    if (own !== undefined)
      throw section.invalid(key, 'stands beside "ceremony_access"; take one of the two away')
    return isClosed ? 'guarded' : 'open'
  })
  const ceremonyAccess = own ?? byAddress
  const rekeyAccess = rekey ?? ceremonyAccess
  return {
    ceremonyAccess,
    rekeyAccess,
    generateRootAccess: generateRoot ?? ceremonyAccess,
    retireOn: section.oneOf('retire_on', ['acknowledgement', 'proof'] as const) ?? retireOnBy(rekeyAccess),
  }
}

function parseNames(section: Section): readonly string[] {
  const names = section.texts('server_names') ?? []
  if (names.length > MAX_SERVER_NAMES) {
    throw section.invalid('server_names', `has more than ${MAX_SERVER_NAMES} names, which is the limit`)
  }
  return names.map(({ text, at }) => {
    const name = parseHostName(text)
    if (name !== null) return name
    throw section.invalid('server_names', 'must hold names of hosts, without scheme, port or path', at)
  })
}
