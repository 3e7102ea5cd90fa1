import { canonicalJson, parseCanonicalJson, type RecordValue } from '../base/canonical-json.ts'
import { type UnixMillis, unixMillis } from '../base/clock.ts'
import { concat, uint32 } from '../base/encoding.ts'
import { OperatingError } from '../base/errors.ts'

/** A secret that ends, and what is known of it. Lengths of time are in seconds. */
export interface Lease {
  /** `<path>/<24 base62>`; for clients to name it by. */
  readonly id: string
  /** Of the request that was answered with the secret. */
  readonly path: string
  /** Accessor of the mount whose engine made it: a path may come to belong to another mount. */
  readonly mount: string
  /** Place of the token that it ends with; `null` where that is stored nowhere. */
  readonly tokenKey: string | null
  readonly issueTime: UnixMillis
  readonly expireTime: UnixMillis
  readonly lastRenewal: UnixMillis | null
  /** What it was first given. */
  readonly ttl: number
  /** The engine's bound from `issueTime` on; 0: only the mount's. */
  readonly maxTtl: number
  readonly renewable: boolean
  /** When it is to be ended, or looked at again: its end, or the next try to end it. */
  readonly dueTime: UnixMillis
  /** From the moment on that it is being ended. From then on nothing keeps it alive. */
  readonly ending: Ending | null
  /** JSON of the engine's own, which may hold secrets. */
  readonly internal: Uint8Array
}

/** How far it has come with ending a secret. */
export interface Ending {
  /** How often the engine could not. */
  readonly failures: number
  /** What it said the last time; empty when it was not asked yet. */
  readonly error: string
  /** Given up: it is tried once a day. */
  readonly irrevocable: boolean
}

export const SUFFIX_LENGTH = 24
const FORMAT = 1

/**
 * `0x01`, the length of the facts as uint32, the facts as RFC 8785 JSON, and behind them the engine's own
 * bytes, which are never made a string (docs/storage-format.md).
 */
export function encodeLease(lease: Lease): Uint8Array {
  const { ending } = lease
  const facts = canonicalJson({
    due: lease.dueTime,
    ending: ending === null ? null : { ...ending },
    expires: lease.expireTime,
    issued: lease.issueTime,
    max_ttl: lease.maxTtl,
    mount: lease.mount,
    path: lease.path,
    renewable: lease.renewable,
    renewed: lease.lastRenewal,
    token: lease.tokenKey,
    ttl: lease.ttl,
  })
  return concat(Uint8Array.of(FORMAT), uint32(facts.length), facts, lease.internal)
}

/** Throws `corrupt_entry` for what `encodeLease` did not write. */
export function decodeLease(id: string, stored: Uint8Array): Lease {
  const start = 1 + 4
  if (stored[0] !== FORMAT || stored.length < start) throw unreadable()
  const end = start + new DataView(stored.buffer, stored.byteOffset).getUint32(1)
  const facts = end <= stored.length ? parseCanonicalJson(stored.subarray(start, end)) : null
  const lease = facts === null ? null : fromFacts(id, facts, stored.subarray(end))
  if (lease === null) throw unreadable()
  return lease
}

const FACTS = 11

function fromFacts(id: string, facts: RecordValue, internal: Uint8Array): Lease | null {
  if (!isRecord(facts) || Object.keys(facts).length !== FACTS) return null
  const { due, ending, expires, issued, max_ttl, mount, path, renewable, renewed, token, ttl } = facts
  if (!isNumber(due) || !isNumber(expires) || !isNumber(issued)) return null
  if (!isNumber(max_ttl) || !isNumber(ttl) || typeof renewable !== 'boolean') return null
  if (typeof mount !== 'string' || typeof path !== 'string') return null
  if (renewed !== null && !isNumber(renewed)) return null
  if (token !== null && typeof token !== 'string') return null
  if (ending !== null && !isEnding(ending)) return null
  return {
    id,
    path,
    mount,
    tokenKey: token,
    issueTime: unixMillis(issued),
    expireTime: unixMillis(expires),
    lastRenewal: renewed === null ? null : unixMillis(renewed),
    ttl,
    maxTtl: max_ttl,
    renewable,
    dueTime: unixMillis(due),
    ending,
    internal,
  }
}

function isEnding(value: unknown): value is Ending {
  if (!isRecord(value) || Object.keys(value).length !== 3) return false
  return (
    isNumber(value['failures']) &&
    typeof value['error'] === 'string' &&
    typeof value['irrevocable'] === 'boolean'
  )
}

function isRecord(value: unknown): value is { readonly [name: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number'
}

function unreadable(): OperatingError {
  return new OperatingError('corrupt_entry', 'a lease cannot be read')
}
