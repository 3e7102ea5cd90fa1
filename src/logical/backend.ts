import type { Clock } from '../base/clock.ts'
import type { Entropy } from '../base/entropy.ts'
import type { Caller, LogicalRequest, Operation } from './request.ts'
import type { LogicalResponse } from './response.ts'

/** What a backend may touch. Its storage is a view that cannot leave its own prefix. */
export interface BackendContext {
  readonly storage: StorageView
  readonly clock: Clock
  readonly entropy: Entropy
}

/** Plaintext storage below one prefix of the barrier. */
export interface StorageView {
  get(key: string): Promise<Uint8Array | null>
  /** Whether something is stored there. What it is, or whether it can be read at all, only `get` sees. */
  has(key: string): Promise<boolean>
  /** Names directly below `prefix` in byte order; a name ending in `/` is a folder. */
  list(prefix: string): Promise<readonly string[]>
  /** All or nothing, durable when it resolves. */
  commit(batch: readonly ViewWrite[]): Promise<void>
}

export type ViewWrite =
  | { readonly op: 'put'; readonly key: string; readonly value: Uint8Array }
  | { readonly op: 'delete'; readonly key: string }

/**
 * A row of a backend's route table: data first, so help, ACLs and tests can read it.
 *
 * `pattern` is matched against the path below the mount: literal segments, `:name` for one segment, and
 * `*name` at the end for all that is left (which may be empty).
 */
export interface Route {
  readonly pattern: string
  readonly summary: string
  readonly access: 'token' | 'sudo' | 'public'
  readonly handlers: Partial<Record<Operation, Handler>>
  /** Lets the router choose between the create and update capabilities. */
  exists?(call: Call): Promise<boolean>
}

export type Handler = (call: Call) => Promise<LogicalResponse | null>

export interface Call {
  readonly request: LogicalRequest
  readonly parameters: Readonly<Record<string, string>>
  readonly caller: Caller | null
}

/** A secrets engine: mounted below a path, it answers with data. */
export interface SecretsEngine {
  readonly type: string
  mount(context: BackendContext, options: Readonly<Record<string, string>>): Mounted
}

export interface Mounted {
  readonly routes: readonly Route[]
}
