import { MAX_BODY_BYTES, MAX_SERVER_NAMES } from '../base/limits.ts'
import { type HostPort, isLoopback, parseAddress, parseHostName } from './address.ts'
import type { CeremonyAccess, ListenerConfig } from './config.ts'
import type { Section } from './section.ts'

const DEFAULT_ADDRESS = '127.0.0.1:8200'
const ACCESS = ['open', 'guarded'] as const
const MIN_REQUEST_SIZE = 1024
const MAX_REQUEST_SIZE = 1024 * 1024 * 1024
/** The families of endpoints that the peers switch off by a name of their own. */
const FAMILIES = ['disable_unauthed_rekey_endpoints', 'disable_unauthed_generate_root_endpoints'] as const

/**
 * Reads a `listener "tcp"`. `moved` is the address that the command line wants instead of the section's: what
 * follows from the address then follows from that one. Throws `config_invalid`.
 */
export function parseListener(section: Section, moved: HostPort | null): ListenerConfig {
  const address = moved ?? ownAddress(section)
  const tls = parseTls(section)
  return {
    ...address,
    tls,
    ...parseAccess(section, accessBy(address)),
    serverNames: parseNames(section),
    maxRequestBytes:
      section.integer('max_request_size', { min: MIN_REQUEST_SIZE, max: MAX_REQUEST_SIZE }) ?? MAX_BODY_BYTES,
  }
}

/** A listener that no file describes: without TLS, as there is no certificate. */
export function plainListener(address: HostPort): ListenerConfig {
  const access = accessBy(address)
  return {
    ...address,
    tls: null,
    ceremonyAccess: access,
    rekeyAccess: access,
    generateRootAccess: access,
    retireOn: retireOnBy(access),
    serverNames: [],
    maxRequestBytes: MAX_BODY_BYTES,
  }
}

function accessBy({ host }: HostPort): CeremonyAccess {
  return isLoopback(host) ? 'open' : 'guarded'
}

/** What retires is the old set of a rekey. */
function retireOnBy(rekeyAccess: CeremonyAccess): ListenerConfig['retireOn'] {
  return rekeyAccess === 'open' ? 'acknowledgement' : 'proof'
}

function ownAddress(section: Section): HostPort {
  const address = parseAddress(section.text('address') ?? DEFAULT_ADDRESS)
  if (address !== null) return address
  throw section.invalid('address', `must be host:port, for example ${DEFAULT_ADDRESS}`)
}

function parseTls(section: Section): ListenerConfig['tls'] {
  const certFile = section.path('tls_cert_file')
  const keyFile = section.path('tls_key_file')
  const isPlain = section.boolean('tls_disable') ?? false
  checkVersions(section)
  if (isPlain && (certFile !== undefined || keyFile !== undefined)) {
    throw section.invalid('tls_disable', 'is true beside a certificate; take one of the two away')
  }
  if (isPlain) return null
  if (certFile !== undefined && keyFile !== undefined) return { certFile, keyFile }
  const missing = certFile === undefined ? 'tls_cert_file' : 'tls_key_file'
  throw section.invalid(missing, 'is missing; "tls_disable = true" serves without TLS, for this machine only')
}

/** TLS 1.2 and 1.3 are served: less is not offered, and more than 1.2 cannot be demanded. */
function checkVersions(section: Section): void {
  const names = ['tls10', 'tls11', 'tls12', 'tls13'] as const
  const least = section.oneOf('tls_min_version', names)
  const most = section.oneOf('tls_max_version', names)
  if (least === 'tls13') {
    throw section.invalid(
      'tls_min_version',
      'asks for TLS 1.3, and TLS 1.2 would be taken as well. Write "tls12"',
    )
  }
  const have = 'has no effect: TLS 1.2 and TLS 1.3 are served'
  if (least === 'tls10' || least === 'tls11') section.warn('tls_min_version', have)
  if (most !== undefined && most !== 'tls13') section.warn('tls_max_version', have)
}

type Access = Pick<ListenerConfig, 'ceremonyAccess' | 'rekeyAccess' | 'generateRootAccess' | 'retireOn'>

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
