import type { SecretBytes } from '../base/secret-bytes.ts'

/** `GET /v1/sys/seal-status` and `PUT /v1/sys/unseal` (key-lifecycle.md section 3.1). */
export interface SealStatus {
  readonly type: string
  readonly initialized: boolean
  readonly sealed: boolean
  readonly threshold: number
  readonly shares: number
  readonly progress: number
  readonly nonce: string
  readonly version: string
  readonly commitDate: string
  readonly migration: boolean
  readonly clusterName: string
  readonly clusterId: string
  readonly recoverySeal: boolean
  readonly storageType: string
  /** What the server says besides, in sentences. */
  readonly warnings: readonly string[]
}

/** `GET /v1/sys/leader` (section 3.6). */
export interface LeaderStatus {
  readonly haEnabled: boolean
  readonly isSelf: boolean
  readonly leaderAddress: string
}

/** `GET /v1/sys/health` (section 3.5), with the status that tells the state. */
export interface HealthStatus {
  readonly status: number
  readonly initialized: boolean
  readonly sealed: boolean
  readonly standby: boolean
  readonly version: string
  /** Why its store takes no write (docs/errors.md); empty where it does, and from other servers. */
  readonly storageTrouble: string
}

/** `GET /v1/sys/key-status` (section 3.8). */
export interface KeyStatus {
  readonly term: number
  /** RFC 3339. */
  readonly installTime: string
  readonly encryptions: number
}

/** One of `GET /v1/sys/ha-status` (section 3.7). */
export interface Node {
  readonly hostname: string
  readonly apiAddress: string
  readonly clusterAddress: string
  readonly activeNode: boolean
  /** RFC 3339; empty for the node that answers. */
  readonly lastEcho: string
  readonly version: string
  readonly upgradeVersion: string
}

/** `PUT /v1/sys/init`. The secrets belong to the caller, who wipes them. */
export interface InitAnswer {
  /** Hex text of each share. */
  readonly keys: readonly SecretBytes[]
  /** Base64 text of each share, in the same order. */
  readonly keysBase64: readonly SecretBytes[]
  readonly rootToken: SecretBytes
}

/** `GET /v1/sys/custody/status`: who holds the store, as far as anybody may know. */
export interface CustodyStatus {
  /** `empty`, `never opened`, `sealed` or `open`. */
  readonly state: string
  readonly storeId: string
  readonly serial: number
  readonly live: KeySetStatus | null
  readonly retiring: KeySetStatus | null
  /** The key that closes transcripts, in hex; empty on a store that has none yet. */
  readonly identityKey: string
  /** SHA-256 of the newest closing line, in hex; empty while the server is sealed. */
  readonly transcriptHead: string
}

export interface KeySetStatus {
  /** 16 bytes in hex. */
  readonly id: string
  readonly number: number
  readonly threshold: number
  readonly shares: number
  /** The two words that name the set. */
  readonly words: string
  /** RFC 3339. */
  readonly createdAt: string
}

/** A JSON object of an answer, with its members still unknown. */
export type Members = Readonly<Record<string, unknown>>

/** Whether a parsed value is a JSON object. */
export function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Reads the members of a seal status. A member that is missing reads as empty, as in the peer's client. */
export function sealStatus(members: Members): SealStatus {
  return {
    type: text(members, 'type'),
    initialized: flag(members, 'initialized'),
    sealed: flag(members, 'sealed'),
    threshold: count(members, 't'),
    shares: count(members, 'n'),
    progress: count(members, 'progress'),
    nonce: text(members, 'nonce'),
    version: text(members, 'version'),
    commitDate: text(members, 'commit_date'),
    migration: flag(members, 'migration'),
    clusterName: text(members, 'cluster_name'),
    clusterId: text(members, 'cluster_id'),
    recoverySeal: flag(members, 'recovery_seal'),
    storageType: text(members, 'storage_type'),
    warnings: sentences(members['warnings']),
  }
}

function sentences(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : []
}

/** Reads the members of a leader status. */
export function leaderStatus(members: Members): LeaderStatus {
  return {
    haEnabled: flag(members, 'ha_enabled'),
    isSelf: flag(members, 'is_self'),
    leaderAddress: text(members, 'leader_address'),
  }
}

/** Reads the members of a health answer. */
export function healthStatus(status: number, members: Members): HealthStatus {
  return {
    status,
    initialized: flag(members, 'initialized'),
    sealed: flag(members, 'sealed'),
    standby: flag(members, 'standby'),
    version: text(members, 'version'),
    storageTrouble: text(members, 'storage_trouble'),
  }
}

/** Reads the members of a key status. */
export function keyStatus(members: Members): KeyStatus {
  return {
    term: count(members, 'term'),
    installTime: text(members, 'install_time'),
    encryptions: count(members, 'encryptions'),
  }
}

/** Reads the nodes of a cluster. */
export function nodes(members: Members): readonly Node[] {
  const list = members['nodes']
  return Array.isArray(list) ? list.filter(isMembers).map(node) : []
}

/** Reads the members of a custody status. */
export function custodyStatus(members: Members): CustodyStatus {
  return {
    state: text(members, 'state'),
    storeId: text(members, 'store_id'),
    serial: count(members, 'serial'),
    live: keySet(members['live']),
    retiring: keySet(members['retiring']),
    identityKey: text(members, 'identity_key'),
    transcriptHead: text(members, 'transcript_head'),
  }
}

/** Text of a member, or the empty string. */
export function text(members: Members, name: string): string {
  const value = members[name]
  return typeof value === 'string' ? value : ''
}

/** Truth of a member; anything but `true` is false. */
export function flag(members: Members, name: string): boolean {
  return members[name] === true
}

/** A whole number of a member, or 0. */
export function count(members: Members, name: string): number {
  const value = members[name]
  return typeof value === 'number' ? value : 0
}

function node(members: Members): Node {
  return {
    hostname: text(members, 'hostname'),
    apiAddress: text(members, 'api_address'),
    clusterAddress: text(members, 'cluster_address'),
    activeNode: flag(members, 'active_node'),
    lastEcho: text(members, 'last_echo'),
    version: text(members, 'version'),
    upgradeVersion: text(members, 'upgrade_version'),
  }
}

/** Reads the facts of a key set; `null` when there is none. */
export function keySet(value: unknown): KeySetStatus | null {
  if (!isMembers(value)) return null
  return {
    id: text(value, 'id'),
    number: count(value, 'number'),
    threshold: count(value, 'threshold'),
    shares: count(value, 'shares'),
    words: text(value, 'words'),
    createdAt: text(value, 'created_at'),
  }
}
