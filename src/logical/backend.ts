import type { Clock } from '../base/clock.ts'
import type { Entropy } from '../base/entropy.ts'
import type { Fields } from './field-table.ts'
import type { JsonObject } from './json.ts'
import type { Caller, LogicalRequest, Operation } from './request.ts'
import type { LogicalResponse } from './response.ts'
import type { Schema } from './schema.ts'

/** What a backend may touch. Its storage is a view that cannot leave its own prefix. */
export interface BackendContext {
  readonly storage: StorageView
  readonly clock: Clock
  readonly entropy: Entropy
  /** Bounds of what the mount gives out, in seconds, as they are tuned now. */
  readonly ttl: () => MountTtl
}

/** In seconds, above zero. */
export interface MountTtl {
  readonly defaultTtl: number
  readonly maxTtl: number
}

/** Plaintext storage below one prefix of the barrier. */
export interface StorageView {
  get(key: string): Promise<Uint8Array | null>
  /** Whether something is stored there. What it is, or whether it can be read at all, only `get` sees. */
  has(key: string): Promise<boolean>
  /** Names directly below `prefix` in byte order; a name ending in `/` is a folder. */
  list(prefix: string): Promise<readonly string[]>
  /** As `list`, from the first name behind `after`, at most `limit` of them. */
  page(prefix: string, page: { readonly after: string; readonly limit: number }): Promise<readonly string[]>
  /** All or nothing, durable when it resolves. */
  commit(batch: readonly ViewWrite[]): Promise<void>
}

export type ViewWrite =
  | { readonly op: 'put'; readonly key: string; readonly value: Uint8Array }
  | { readonly op: 'delete'; readonly key: string }

/**
 * A row of a backend's route table: data first, so help, ACLs and tests can read it.
 *
 * `pattern` is matched against the path below the mount: literal segments, `:name` for one segment, and once
 * `*name` for all that is left (which may be empty), up to the literal segments that follow it.
 */
export interface Route {
  readonly pattern: string
  readonly summary: string
  readonly access: 'token' | 'sudo' | 'public'
  /** What it takes besides its path. Absent: any object, kept as it is; there is nothing to warn of. */
  readonly fields?: Fields
  /** Shape of `data` in its answers. An operation that has none here answers without data. */
  readonly answers?: Partial<Record<Operation, Schema>>
  /** Where there is no envelope around what it answers: it stands by itself, or comes line by line. */
  readonly form?: 'bare' | 'lines'
  readonly handlers: Partial<Record<Operation, Handler>>
  /**
   * The token beside the request is what it asks about, and not who asks: nobody looks at it, and no use of
   * it is spent.
   */
  readonly tokenless?: true
  /** What someone without a good token is told, where it is not that permission is denied. */
  readonly stranger?: (request: LogicalRequest) => Error | null
  /** Its answers may hold what must be in no store, such as new shares: they are not wrapped. */
  readonly unwrappable?: true
  /** Lets the router choose between the create and update capabilities. */
  exists?(call: Call): Promise<boolean>
}

export type Handler = (call: Call) => Promise<LogicalResponse | null>

export interface Call {
  readonly request: LogicalRequest
  readonly parameters: Readonly<Record<string, string>>
  readonly caller: Caller | null
}

/** What a type that a client asks for is mounted as. */
export interface MountAdmission {
  readonly type: string
  /** Those that the name stands for: `kv-v2` is `kv` with `version` 2. */
  readonly options: Readonly<Record<string, string>>
  /** Not of `cubbyhole` and its like: every store has one, and no more. */
  readonly mountable: boolean
}

/** A secrets engine: mounted below a path, it answers with data. */
export interface SecretsEngine {
  readonly type: string
  mount(context: BackendContext, options: Readonly<Record<string, string>>): Mounted
}

export interface Mounted {
  readonly routes: readonly Route[]
  /** Absent where the mount makes no secrets that end. */
  readonly leases?: LeaseKeeper
  /**
   * What goes on behind requests from when the mount answers, until `signal` aborts. It goes on where a crash
   * broke it off, and rejects as the storage does; asked again, it tries again.
   */
  start?(signal: AbortSignal): Promise<void>
  /**
   * Refuses what would write from now on, and resolves when what was under way has ended: another engine
   * takes over the storage.
   */
  end?(): Promise<void>
}

/** What an engine does with the secrets that it made (surface.md section 7). */
export interface LeaseKeeper {
  /** Makes the secret useless. It may be asked again for one that is: it then does nothing. */
  revoke(internal: JsonObject): Promise<void>
  /** How long the secret lives from now, in seconds, within what the mount allows. */
  renew(internal: JsonObject, incrementSeconds: number): Promise<number>
}
