import type { OperatingError } from '../base/errors.ts'
import {
  LEASE_TTL_S,
  MAX_EXPIRY_MS,
  MAX_LEASE_TTL_MS,
  MIN_EXPIRY_MS,
  MIN_LEASE_TTL_MS,
} from '../base/limits.ts'
import { type Body, placeText } from '../hcl/value.ts'
import { typedBlocks } from './blocks.ts'
import {
  type ConfigWarning,
  DEFAULT_CONFIG,
  type ListenerConfig,
  LOG_FORMATS,
  LOG_LEVELS,
  type ServerConfig,
  type StorageConfig,
} from './config.ts'
import { LISTENER_KEYS, NO_KEYS, SINGLETONS, STORAGE_KEYS, TOP_KEYS, UNIX_LISTENER_KEYS } from './keys.ts'
import { type Moved, parseTcpListener, parseUnixListener, plainListener } from './listener.ts'
import { invalid, Section } from './section.ts'
import { parseTelemetry } from './telemetry.ts'

const STORAGE_TYPES = ['sqlite', 'inmem', 'file']
const LISTENER_TYPES = ['tcp', 'unix']
/** Of a ceremony. */
const EXPIRY = { min: MIN_EXPIRY_MS, max: MAX_EXPIRY_MS }

/** What was decided elsewhere and wins over the files. */
export interface Decided extends Moved {
  readonly storage: StorageConfig | null
}

/**
 * Shapes what the files of a configuration say together. Every key is known, every value in its range, or the
 * server does not start: `config_invalid`, with file, line and column, and what to write instead.
 */
export function parseConfig(
  body: Body,
  decided: Decided,
): { readonly config: ServerConfig; readonly warnings: readonly ConfigWarning[] } {
  const warnings: ConfigWarning[] = []
  const elsewhere = { keys: LISTENER_KEYS, where: 'in a "listener" block' }
  refuseSecondBlocks(body)
  const top = new Section(body, { path: '', at: null, keys: TOP_KEYS, elsewhere, warnings })
  refuseOtherSeals(top)
  const written = parseStorage(top, warnings)
  const storage = decided.storage ?? written
  if (storage === null) throw noStorage()
  const config: ServerConfig = {
    storage,
    listeners: parseListeners(top, decided, warnings),
    logLevel: top.oneOf('log_level', LOG_LEVELS) ?? DEFAULT_CONFIG.logLevel,
    logFormat: top.oneOf('log_format', LOG_FORMATS) ?? DEFAULT_CONFIG.logFormat,
    clusterName: top.text('cluster_name') ?? null,
    initSecretFile: top.path('init_secret_file') ?? null,
    ceremonyExpiry: top.duration('ceremony_expiry', EXPIRY) ?? DEFAULT_CONFIG.ceremonyExpiry,
    dealtExpiry: top.duration('dealt_expiry', EXPIRY) ?? DEFAULT_CONFIG.dealtExpiry,
    unjoinedExpiry: top.duration('unjoined_expiry', EXPIRY) ?? DEFAULT_CONFIG.unjoinedExpiry,
    leases: parseLeases(top),
    pidFile: top.path('pid_file') ?? null,
    telemetry: parseTelemetry(top),
  }
  return { config, warnings }
}

/** Where only the most is set, nothing lives longer by default. */
function parseLeases(top: Section): ServerConfig['leases'] {
  const range = { min: MIN_LEASE_TTL_MS, max: MAX_LEASE_TTL_MS, zero: LEASE_TTL_S * 1000 }
  const seconds = (key: string): number | undefined => {
    const found = top.duration(key, range)
    return found === undefined ? undefined : Math.floor(found / 1000)
  }
  const maxTtl = seconds('max_lease_ttl') ?? LEASE_TTL_S
  const defaultTtl = seconds('default_lease_ttl') ?? Math.min(LEASE_TTL_S, maxTtl)
  if (defaultTtl <= maxTtl) return { defaultTtl, maxTtl }
  throw top.invalid('default_lease_ttl', 'must not be longer than "max_lease_ttl", which is 768h by default')
}

/** surface.md section 13.1. The first words are those of the contract. */
function refuseSecondBlocks(body: Body): void {
  for (const names of SINGLETONS) {
    const [first, second] = body.filter(({ name }) => names.includes(name))
    if (first === undefined || second === undefined) continue
    const sentence = `only one "${names[0]}" block is permitted; the first is at ${placeText(first.at)}`
    throw invalid(second.at, sentence)
  }
}

/** A seal that opens by itself is not what shares are: a store made under one must not be begun anew here. */
function refuseOtherSeals(top: Section): void {
  for (const { type, at, path, body } of typedBlocks(top, 'seal')) {
    if (type !== 'shamir') {
      throw invalid(
        at,
        `"${path}" is not a seal of this version: holders open the store with their shares. Take it away`,
      )
    }
    new Section(body, { path, at, keys: NO_KEYS, warnings: [] })
  }
}

/** `null` where no file has a storage. What is there is checked, also when the command line has another. */
function parseStorage(top: Section, warnings: ConfigWarning[]): StorageConfig | null {
  const key = top.items('storage').length > 0 ? 'storage' : 'backend'
  const [block, second] = typedBlocks(top, key)
  if (second !== undefined) throw invalid(second.at, `only one "${key}" block is permitted`)
  if (block === undefined) return null
  const { type, at, path, body } = block
  if (!STORAGE_TYPES.includes(type)) throw invalid(at, unknownType(path, STORAGE_TYPES))
  const section = new Section(body, { path, at, keys: type === 'inmem' ? NO_KEYS : STORAGE_KEYS, warnings })
  if (type === 'inmem') return { type: 'inmem' }
  // `file` is the peers' name for one folder on this machine: here it is the same store as `sqlite`.
  const folder = section.path('path')
  if (folder === undefined) throw section.invalid('path', 'is missing: the folder of the store')
  return { type: 'sqlite', folder }
}

function noStorage(): OperatingError {
  return invalid(
    null,
    'A storage backend must be specified: write storage "sqlite" { path = "data" }, or give -data=FOLDER',
  )
}

/** Where an address was decided, one listener is left: the first of the network, moved there. */
function parseListeners(
  top: Section,
  decided: Decided,
  warnings: ConfigWarning[],
): readonly ListenerConfig[] {
  const { address, selfSigned } = decided
  let first = true
  const listeners = typedBlocks(top, 'listener').map(({ type, at, path, body }) => {
    if (!LISTENER_TYPES.includes(type)) throw invalid(at, unknownType(path, LISTENER_TYPES))
    const keys = type === 'unix' ? UNIX_LISTENER_KEYS : LISTENER_KEYS
    const elsewhere = { keys: TOP_KEYS, where: 'at the top, outside of this block' }
    const section = new Section(body, { path, at, keys, elsewhere, warnings })
    if (type === 'unix') return parseUnixListener(section)
    const moved = first ? { address, selfSigned } : { address: null, selfSigned: false }
    first = false
    return parseTcpListener(section, moved)
  })
  const network = listeners.find(({ type }) => type === 'tcp')
  if (address !== null) return [network ?? plainListener(decided)]
  if (network === undefined && selfSigned && listeners.length > 0) {
    throw invalid(null, '-tls-self-signed needs a listener "tcp", and the configuration has none')
  }
  if (listeners.length > 0 && listeners.every(({ metrics }) => metrics.onlyAt !== null)) {
    throw invalid(
      null,
      'every listener has "metrics_only": nobody could open the store. Add another listener',
    )
  }
  return listeners.length > 0 ? listeners : [plainListener(decided)]
}

function unknownType(path: string, known: readonly string[]): string {
  return `"${path}" is not there in this version; what is: ${known.join(', ')}`
}
