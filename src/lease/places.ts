import { canonicalJson, parseCanonicalJson } from '../base/canonical-json.ts'
import { type UnixMillis, unixMillis } from '../base/clock.ts'
import { utf8 } from '../base/encoding.ts'
import { OperatingError } from '../base/errors.ts'
import type { ViewWrite } from '../logical/backend.ts'
import { encodeLease, type Lease, SUFFIX_LENGTH } from './lease.ts'

/*
 * Where the room keeps what, below its prefix (docs/storage-format.md). Everything but the lease itself is an
 * index, whose value says which lease is meant; it changes in the same commit as the lease.
 */
export const LEASES = 'id/'
/**
 * By end: `due/<milliseconds, 16 hex digits>.<suffix>`. The order of bytes is the order of ends, so nothing
 * is loaded when a store is opened.
 */
export const DUE = 'due/'
export const TOKENS = 'token/'
/** Those that were given up, by suffix. */
export const IRREVOCABLE = 'irrevocable/'

const TIME_DIGITS = 16

/** By the token that they end with. */
export function leasesOfToken(tokenKey: string): string {
  return `${TOKENS}${tokenKey}/`
}

export function dueName(time: UnixMillis, suffix: string): string {
  return `${time.toString(16).padStart(TIME_DIGITS, '0')}.${suffix}`
}

/** The end that a name below `due/` says. */
export function timeOf(name: string): UnixMillis {
  return unixMillis(Number.parseInt(name.slice(0, TIME_DIGITS), 16))
}

export function suffixOf(leaseId: string): string {
  return leaseId.slice(-SUFFIX_LENGTH)
}

/** All that makes a lease known. */
export function writesOf(lease: Lease): readonly ViewWrite[] {
  return [
    { op: 'put', key: LEASES + lease.id, value: encodeLease(lease) },
    ...indexKeys(lease).map((key): ViewWrite => ({ op: 'put', key, value: utf8(lease.id) })),
    { op: 'put', key: dueKey(lease), value: encodeDue({ lease: lease.id }) },
  ]
}

/** All that makes it unknown. */
export function deletionsOf(lease: Lease): readonly ViewWrite[] {
  return [LEASES + lease.id, ...indexKeys(lease), dueKey(lease)].map((key) => ({ op: 'delete', key }))
}

/** What becomes of it: what was is taken away, unless it stays where it is. */
export function changesOf(before: Lease, after: Lease): readonly ViewWrite[] {
  const writes = writesOf(after)
  const stays = new Set(writes.map(({ key }) => key))
  return [...deletionsOf(before).filter(({ key }) => !stays.has(key)), ...writes]
}

export function dueKey(lease: Lease): string {
  return DUE + dueName(lease.dueTime, suffixOf(lease.id))
}

/** What is to be looked at when its time has come. */
export type Due =
  | { readonly lease: string }
  /** Every lease of a token that was ended, from the one behind `after` on. */
  | { readonly token: string; readonly after: string }

export function encodeDue(due: Due): Uint8Array {
  return canonicalJson({ format: 1, ...due })
}

/** Throws `corrupt_entry` for what `encodeDue` did not write. */
export function decodeDue(stored: Uint8Array): Due {
  const value = parseCanonicalJson(stored)
  const { format, lease, token, after } = (value ?? {}) as { readonly [name: string]: unknown }
  if (format === 1 && typeof lease === 'string') return { lease }
  if (format === 1 && typeof token === 'string' && typeof after === 'string') return { token, after }
  throw new OperatingError('corrupt_entry', 'what is due cannot be read')
}

function indexKeys(lease: Lease): readonly string[] {
  const suffix = suffixOf(lease.id)
  return [
    ...(lease.tokenKey === null ? [] : [leasesOfToken(lease.tokenKey) + suffix]),
    ...(lease.ending?.irrevocable === true ? [IRREVOCABLE + suffix] : []),
  ]
}
