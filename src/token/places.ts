import { type UnixMillis, unixMillis } from '../base/clock.ts'
import { utf8 } from '../base/encoding.ts'
import type { ViewWrite } from '../logical/backend.ts'
import { encodeTokenEntry, type TokenEntry } from './entry.ts'

/** A token that is stored, and its place: the keyed hash of the token, so that the store gives none away. */
export interface StoredToken {
  readonly key: string
  readonly entry: TokenEntry
}

/*
 * Where the room keeps what, below its prefix (docs/storage-format.md). Everything but the entry is an index:
 * written in the commit that makes the token, and deleted in the one that ends it.
 */
export const ENTRIES = 'id/'
export const ACCESSORS = 'accessor/'
/** By parent: `child/<parent>/<child>`, both as they stand behind `id/`. */
export const CHILDREN = 'child/'
/** By end, in milliseconds of 16 hex digits, so that the order of bytes is the order of ends. */
export const DUE = 'due/'
/** By the path that made it: `lease/<path>/h<hash>`, as `sys/leases` shows tokens. */
export const LEASES = 'lease/'

/**
 * The path of tokens that init and generate-root made. They hold no lease, as with the peers: whoever ends
 * all tokens by a prefix has a way in left.
 */
export const ROOT_PATH = 'auth/token/root'

const HASH = /^[0-9a-f]{64}$/
const MARK = new Uint8Array([1])

export function entryKey(hash: string): string {
  return ENTRIES + hash
}

export function hashOf(key: string): string {
  return key.slice(ENTRIES.length)
}

export function accessorKey(accessor: string): string {
  return ACCESSORS + accessor
}

export function childrenOf(parent: string): string {
  return `${CHILDREN}${hashOf(parent)}/`
}

export function dueFolder(end: UnixMillis): string {
  return `${DUE}${end.toString(16).padStart(16, '0')}/`
}

/** The end that the name of a folder below `due/` says. */
export function endOf(folder: string): UnixMillis {
  return unixMillis(Number.parseInt(folder, 16))
}

/** The lease id of a token (surface.md section 2.1). */
export function leaseIdOf({ key, entry }: StoredToken): string {
  return `${entry.path}/h${hashOf(key)}`
}

/** Whether a lease id, or the start of one, is of a token that holds no lease, whatever a store has of it. */
export function isLeaseless(leaseId: string): boolean {
  return leaseId.startsWith(`${ROOT_PATH}/`)
}

/** The place of the token that a lease id names, or `null` where it cannot name one. */
export function keyOfLease(leaseId: string): string | null {
  const [, hash = ''] = /\/h([^/]*)$/.exec(leaseId) ?? []
  return HASH.test(hash) ? entryKey(hash) : null
}

/** All that makes a token known. */
export function writesOf(token: StoredToken): readonly ViewWrite[] {
  const { key, entry } = token
  return [
    { op: 'put', key, value: encodeTokenEntry(entry) },
    { op: 'put', key: accessorKey(entry.accessor), value: utf8(key) },
    ...indexKeys(token).map((index): ViewWrite => ({ op: 'put', key: index, value: MARK })),
  ]
}

/** All that makes it unknown. */
export function deletionsOf(token: StoredToken): readonly ViewWrite[] {
  // Root tokens had a place among leases in stores of before: it goes with them.
  const keys = [token.key, accessorKey(token.entry.accessor), ...indexKeys(token), ...formerKeys(token)]
  return keys.map((key): ViewWrite => ({ op: 'delete', key }))
}

/** What a change of the entry alone takes: its end may move, nothing else of where it stands. */
export function changesOf(before: StoredToken, entry: TokenEntry): readonly ViewWrite[] {
  const [from, to] = [dueKey(before), dueKey({ key: before.key, entry })]
  return [
    { op: 'put', key: before.key, value: encodeTokenEntry(entry) },
    ...(from === null || from === to ? [] : [{ op: 'delete', key: from } as const]),
    ...(to === null || from === to ? [] : [{ op: 'put', key: to, value: MARK } as const]),
  ]
}

/** The end that no token is made with: it comes with the first of several commits that end one. */
const FOR_GOOD = unixMillis(0)
/** Where ends stand that were begun and are not complete. */
export const BEGUN_ENDS = dueFolder(FOR_GOOD)

/** The same token past its end, whatever the clock comes to say: it is the first that is swept. */
export function endedForGood({ key, entry }: StoredToken): StoredToken {
  return { key, entry: { ...entry, expireTime: FOR_GOOD } }
}

export function isEndedForGood({ entry }: StoredToken): boolean {
  return entry.expireTime === FOR_GOOD
}

function indexKeys(token: StoredToken): readonly string[] {
  const { key, entry } = token
  const due = dueKey(token)
  const lease = leaseIdOf(token)
  return [
    ...(entry.parent === null ? [] : [childrenOf(entry.parent) + hashOf(key)]),
    ...(due === null ? [] : [due]),
    ...(isLeaseless(lease) ? [] : [LEASES + lease]),
  ]
}

function formerKeys(token: StoredToken): readonly string[] {
  const lease = leaseIdOf(token)
  return isLeaseless(lease) ? [LEASES + lease] : []
}

function dueKey({ key, entry }: StoredToken): string | null {
  return entry.expireTime === null ? null : dueFolder(entry.expireTime) + hashOf(key)
}
