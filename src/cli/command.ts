import type { ConclaveClient } from '../client/conclave-client.ts'
import {
  CONNECTION_FLAGS,
  type FlagSpec,
  type FlagValues,
  FORMAT_FLAG,
  GENERAL_FLAGS,
  REQUEST_FLAGS,
} from './flags.ts'
import type { CliIo, CliPorts } from './io.ts'
import type { Output } from './output.ts'

/** A command: what its help says, what it takes, and what it does. One file each. */
export interface CommandSpec {
  /** Without the program's name, for example `operator init`. */
  readonly name: string
  /** One sentence. */
  readonly summary: string
  /**
   * What stands behind the flags, for example `PATH [KEY=VALUE …]`; empty for none. `PATH` is a path of the
   * server and `FILE` one of this machine; words of small letters, `bash|zsh`, are all that there is.
   */
  readonly operands: string
  /** Fewest and most operands. */
  readonly arity: readonly [number, number]
  readonly examples: readonly Example[]
  readonly flags: readonly FlagSpec[]
  /** Flags of the peers that come with a later version. */
  readonly later?: readonly string[]
  /** Talks to a server: takes the flags of a connection. */
  readonly connects: boolean
  /** Sends a request of every day: takes `-wrap-ttl`, `-header`, `-output-curl-string`. */
  readonly requests?: boolean
  /** How its `PATH` is read, for completion: `kv` for keys of a KV mount, without `data/`. */
  readonly paths?: 'kv' | 'logical'
  /** Takes a program and its arguments behind `--`. */
  readonly startsProgram?: boolean
  /** Answers with data in a chosen form: takes `-format`. */
  readonly answers: boolean
  /** Returns the exit code. Throws `UsageError`, `CommandError` and what the client throws. */
  run(call: CommandCall): Promise<number>
}

export interface Example {
  readonly does: string
  readonly types: string
}

/** One call of a command. */
export interface CommandCall {
  readonly operands: readonly string[]
  /** What stands behind `--`, of a command that starts a program. */
  readonly program: readonly string[]
  readonly flags: FlagValues
  readonly io: CliIo
  readonly ports: CliPorts
  readonly output: Output
  /** A client made from flags and environment. Its connections end with the command. */
  connect(token?: string): Promise<ConclaveClient>
}

/** Every flag that a command takes: its own first. */
export function flagsOf(spec: CommandSpec): readonly FlagSpec[] {
  const format = spec.answers ? [FORMAT_FLAG] : []
  const request = spec.requests === true ? REQUEST_FLAGS : []
  const connection = spec.connects ? CONNECTION_FLAGS : []
  return [...spec.flags, ...format, ...request, ...connection, ...GENERAL_FLAGS]
}
