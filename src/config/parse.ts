import {
  DEFAULT_CONFIG,
  type ListenerConfig,
  LOG_LEVELS,
  type ServerConfig,
  type StorageConfig,
} from './config.ts'
import { invalid, Section } from './section.ts'

const TOP_KEYS = ['storage', 'backend', 'listener', 'log_level', 'log_format', 'cluster_name']
const STORAGE_TYPES = ['sqlite', 'inmem', 'file']
const LISTENER_TYPES = ['tcp']
const LISTENER_KEYS = [
  'address',
  'tls_disable',
  'tls_cert_file',
  'tls_key_file',
  'ceremony_access',
  'retire_on',
  'max_request_size',
]
const MAX_REQUEST_SIZE = 1024 * 1024 * 1024

/**
 * Shapes a parsed configuration file. Every key is known, every number in its range, or the server does not
 * start: `config_invalid`, naming the key and what to write instead.
 */
export function parseConfig(value: unknown): ServerConfig {
  const top = Section.of(value, '', TOP_KEYS)
  const listeners = parseListeners(top)
  return {
    storage: parseStorage(top),
    listeners: listeners.length > 0 ? listeners : DEFAULT_CONFIG.listeners,
    logLevel: top.oneOf('log_level', LOG_LEVELS) ?? DEFAULT_CONFIG.logLevel,
    logFormat: top.oneOf('log_format', ['standard', 'json'] as const) ?? DEFAULT_CONFIG.logFormat,
    clusterName: top.text('cluster_name') ?? null,
  }
}

/** `{"sqlite": {"path": "…"}}`, also as a list of one, as the peers' JSON has it. */
function parseStorage(top: Section): StorageConfig {
  const key = top.has('storage') ? 'storage' : 'backend'
  if (!top.has(key)) return DEFAULT_CONFIG.storage
  const blocks = typedBlocks(top.value(key), { path: key, types: STORAGE_TYPES })
  const [block, second] = blocks
  if (block === undefined) throw invalid(key, `must name one of: ${STORAGE_TYPES.join(', ')}`)
  if (second !== undefined) throw invalid(key, 'names more than one storage; only one is permitted')
  if (block.type === 'inmem') {
    Section.of(block.value, block.path, [])
    return { type: 'inmem' }
  }
  // `file` is the peers' name for one folder on this machine: here it is the same store as `sqlite`.
  const section = Section.of(block.value, block.path, ['path'])
  const folder = section.text('path')
  if (folder === undefined) throw invalid(`${block.path}.path`, 'is required: the folder of the store')
  return { type: 'sqlite', folder }
}

function parseListeners(top: Section): readonly ListenerConfig[] {
  if (!top.has('listener')) return []
  const blocks = typedBlocks(top.value('listener'), { path: 'listener', types: LISTENER_TYPES })
  return blocks.map(({ path, value }) => parseListener(Section.of(value, path, LISTENER_KEYS)))
}

function parseListener(section: Section): ListenerConfig {
  const address = parseAddress(section)
  const certFile = section.text('tls_cert_file')
  const keyFile = section.text('tls_key_file')
  const plain = section.boolean('tls_disable') ?? false
  if (plain && (certFile !== undefined || keyFile !== undefined)) {
    throw invalid(`${section.path}.tls_disable`, 'is true beside a certificate: take one of the two away')
  }
  if (!plain && (certFile === undefined || keyFile === undefined)) {
    throw invalid(
      section.path,
      'needs "tls_cert_file" and "tls_key_file"; "tls_disable": true serves without TLS, for loopback only',
    )
  }
  const isLocal = isLoopback(address.host)
  const ceremonyAccess =
    section.oneOf('ceremony_access', ['open', 'guarded'] as const) ?? (isLocal ? 'open' : 'guarded')
  return {
    ...address,
    tls: certFile !== undefined && keyFile !== undefined ? { certFile, keyFile } : null,
    ceremonyAccess,
    retireOn:
      section.oneOf('retire_on', ['acknowledgement', 'proof'] as const) ??
      (ceremonyAccess === 'open' ? 'acknowledgement' : 'proof'),
    maxRequestBytes:
      section.integer('max_request_size', { min: 1024, max: MAX_REQUEST_SIZE }) ??
      DEFAULT_CONFIG.listeners[0]?.maxRequestBytes ??
      0,
  }
}

/** `host:port`, with brackets around an IPv6 host. */
export function parseAddressText(text: string): { readonly host: string; readonly port: number } | null {
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([^:[\]]*)):(\d{1,5})$/.exec(text)
  const port = Number(match?.[3] ?? Number.NaN)
  if (match === null || port > 65_535) return null
  return { host: match[1] ?? (match[2] === '' ? '0.0.0.0' : (match[2] ?? '')), port }
}

/** Whether nothing sent to this host leaves the machine. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host)
}

function parseAddress(section: Section): { readonly host: string; readonly port: number } {
  const text = section.text('address') ?? '127.0.0.1:8200'
  const address = parseAddressText(text)
  if (address === null)
    throw invalid(`${section.path}.address`, 'must be host:port, for example 127.0.0.1:8200')
  return address
}

interface TypedBlock {
  readonly type: string
  readonly path: string
  readonly value: unknown
}

/** `{type: block}`, `{type: [block, …]}`, or a list of such: all that HCL's JSON form allows. */
function typedBlocks(
  value: unknown,
  of: { readonly path: string; readonly types: readonly string[] },
): TypedBlock[] {
  const list = Array.isArray(value) ? value : [value]
  return list.flatMap((item: unknown, index) => {
    const path = Array.isArray(value) ? `${of.path}[${index}]` : of.path
    if (typeof item !== 'object' || item === null) throw invalid(path, 'must be an object')
    return Object.entries(item).flatMap(([type, block]: [string, unknown]) => {
      if (!of.types.includes(type)) {
        throw invalid(`${path}.${type}`, `is not known here; what exists: ${of.types.join(', ')}`)
      }
      const blocks = Array.isArray(block) ? block : [block]
      return blocks.map((one: unknown) => ({ type, path: `${path}.${type}`, value: one }))
    })
  })
}
