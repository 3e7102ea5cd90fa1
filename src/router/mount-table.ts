import { canonicalJson, parseCanonicalJson, type RecordValue } from '../base/canonical-json.ts'
import { toHex, uuidFrom } from '../base/encoding.ts'
import type { Entropy } from '../base/entropy.ts'
import { OperatingError } from '../base/errors.ts'

/** What stands at a path. */
export interface MountEntry {
  /** Ends in `/`, for example `secret/` or `auth/token/`. */
  readonly path: string
  /** The engine's name in the registry. */
  readonly type: string
  /** Names the mount's storage, for ever: a path may move, data does not. */
  readonly uuid: string
  /** Public name: the type (behind `auth_` for an auth method) and 8 hex digits (surface.md section 4.1). */
  readonly accessor: string
  readonly description: string
  readonly options: Readonly<Record<string, string>>
  readonly config: MountConfig
  /** What a client asked for and reads back; every mount is on this node and sealed alike. */
  readonly local: boolean
  readonly sealWrap: boolean
}

/** What an operator tunes. Seconds; 0: that of the system. */
export interface MountConfig {
  readonly defaultLeaseTtl: number
  readonly maxLeaseTtl: number
  readonly forceNoCache: boolean
  /** Whether it is named to callers without a token: `unauth`; else `hidden` or nothing. */
  readonly listingVisibility: string
  readonly auditNonHmacRequestKeys: readonly string[]
  readonly auditNonHmacResponseKeys: readonly string[]
  readonly passthroughRequestHeaders: readonly string[]
  readonly allowedResponseHeaders: readonly string[]
  /** Of an auth method: the kind of its tokens where its roles do not say. Empty for others. */
  readonly tokenType: string
}

export const PLAIN_CONFIG: MountConfig = {
  defaultLeaseTtl: 0,
  maxLeaseTtl: 0,
  forceNoCache: false,
  listingVisibility: '',
  auditNonHmacRequestKeys: [],
  auditNonHmacResponseKeys: [],
  passthroughRequestHeaders: [],
  allowedResponseHeaders: [],
  tokenType: '',
}

/** All that is stored about mounts. */
export interface MountTable {
  readonly mounts: readonly MountEntry[]
  /** Taken away already, with leases and data that are still being removed. */
  readonly leaving: readonly MountEntry[]
}

/** What a new entry is made of. */
export type NewMount = Omit<MountEntry, 'uuid' | 'accessor'>

/** Gives a mount its storage and its public name. */
export function newEntry(mount: NewMount, entropy: Entropy): MountEntry {
  const uuid = uuidFrom(entropy.bytes(16))
  const kind = mount.path.startsWith('auth/') ? `auth_${mount.type}` : mount.type
  return { ...mount, uuid, accessor: `${kind}_${toHex(entropy.bytes(4))}` }
}

/** The mounts of a new store. One for development has KV 2 at `secret/` besides, as the peers have it. */
export function initialMounts(entropy: Entropy, isForDevelopment: boolean): MountTable {
  const mount = (path: string, type: string, description: string): MountEntry =>
    newEntry({ path, type, description, ...PLAIN, sealWrap: type === 'system' }, entropy)
  const secrets = { ...mount('secret/', 'kv', 'key/value secret storage'), options: { version: '2' } }
  const mounts = [
    { ...mount('auth/token/', 'token', 'token based credentials'), config: TOKEN_CONFIG },
    { ...mount('cubbyhole/', 'cubbyhole', 'per-token private secret storage'), local: true },
    ...(isForDevelopment ? [secrets] : []),
    mount('sys/', 'system', 'system endpoints used for control, policy and debugging'),
  ]
  return { mounts, leaving: [] }
}

const PLAIN = { options: {}, config: PLAIN_CONFIG, local: false, sealWrap: false } as const
const TOKEN_CONFIG: MountConfig = { ...PLAIN_CONFIG, tokenType: 'default-service' }

export function encodeMounts(table: MountTable): Uint8Array {
  const { mounts, leaving } = table
  return canonicalJson({ format: 2, leaving: leaving.map(entryOut), mounts: mounts.map(entryOut) })
}

/** How much of the table is of this entry. */
export function entryBytes(entry: MountEntry): number {
  return canonicalJson(entryOut(entry)).length
}

function entryOut(entry: MountEntry): RecordValue {
  return { ...entry, config: { ...entry.config } }
}

/** Throws `corrupt_entry` for what no version of `encodeMounts` wrote. */
export function decodeMounts(stored: Uint8Array): MountTable {
  const table = parseCanonicalJson(stored) as { readonly [member: string]: unknown } | null
  const { format, mounts, leaving } = table ?? {}
  if (format === 1 && isListOf(mounts, isFirstFormat)) return { mounts: mounts.map(fromFirst), leaving: [] }
  if (format === 2 && isListOf(mounts, isMountEntry) && isListOf(leaving, isMountEntry)) {
    return { mounts, leaving }
  }
  throw new OperatingError('corrupt_entry', 'the mount table cannot be read')
}

type FirstFormat = Omit<MountEntry, 'config' | 'local' | 'sealWrap'>

function fromFirst(entry: FirstFormat): MountEntry {
  const config = entry.path.startsWith('auth/') ? TOKEN_CONFIG : PLAIN_CONFIG
  const [local, sealWrap] = [entry.type === 'cubbyhole', entry.type === 'system']
  return { ...entry, config, local, sealWrap }
}

const TEXTS = ['path', 'type', 'uuid', 'accessor', 'description']

function isFirstFormat(value: unknown): value is FirstFormat {
  return (
    hasMembers(value, TEXTS, isText) && isOptions(value['options']) && countOf(value) === TEXTS.length + 1
  )
}

function isMountEntry(value: unknown): value is MountEntry {
  if (!hasMembers(value, TEXTS, isText) || !hasMembers(value, ['local', 'sealWrap'], isTruth)) return false
  return isOptions(value['options']) && isConfig(value['config']) && countOf(value) === TEXTS.length + 4
}

function isConfig(value: unknown): value is MountConfig {
  const members = Object.entries(PLAIN_CONFIG)
  const isLike = (model: unknown): ((member: unknown) => boolean) => {
    if (Array.isArray(model)) return (member) => isListOf(member, isText)
    return (member) => typeof member === typeof model
  }
  return (
    members.every(([name, model]) => hasMembers(value, [name], isLike(model))) &&
    countOf(value) === members.length
  )
}

function isOptions(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.values(value).every(isText)
}

function hasMembers(
  value: unknown,
  names: readonly string[],
  isRight: (member: unknown) => boolean,
): value is { readonly [member: string]: unknown } {
  if (typeof value !== 'object' || value === null) return false
  const members = value as { readonly [member: string]: unknown }
  return names.every((name) => Object.hasOwn(members, name) && isRight(members[name]))
}

function countOf(value: unknown): number {
  return Object.keys(Object(value)).length
}

function isListOf<Item>(value: unknown, isItem: (item: unknown) => item is Item): value is readonly Item[] {
  return Array.isArray(value) && value.every(isItem)
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}

function isTruth(value: unknown): boolean {
  return typeof value === 'boolean'
}
