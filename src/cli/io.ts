import type { Readable, Writable } from 'node:stream'
import type { Entropy } from '../base/entropy.ts'
import type { Sha256Stream } from '../offline/snapshot-file.ts'

/** The terminal, pipes and environment that a command runs in, handed in so that tests can be one. */
export interface CliIo {
  readonly stdin: InputStream
  /** Data only. */
  readonly stdout: Writable
  /** All talk. */
  readonly stderr: Writable
  readonly env: Readonly<Record<string, string | undefined>>
  /** Which of the three streams are terminals. */
  readonly tty: { readonly stdin: boolean; readonly stdout: boolean; readonly stderr: boolean }
  /** The command that starts this program again: executable, its flags, and the main file. */
  readonly entry: readonly string[]
}

/** Standard input; `setRawMode` is there when it is a terminal. */
export type InputStream = Readable & { setRawMode?(raw: boolean): unknown }

/** What the command line is given by `main.ts`, as it may not import it: only that file knows the server. */
export interface CliPorts {
  loadServer(): Promise<ServerModule>
  /** The primitives that the check words of a card, and a transcript, are verified with. */
  loadHashing(): Promise<Hashing>
  /** The system's randomness, for one-time passwords that are made here. */
  loadEntropy(): Promise<Entropy>
  /** SHA-256 of what does not fit into memory: snapshots. */
  loadSha256(): Promise<() => Sha256Stream>
}

export interface Hashing {
  /** SHA-256 of the parts one after the other. */
  sha256(...parts: readonly Uint8Array[]): Uint8Array
  /** Whether `signature` is one of `publicKey` over `message`: Ed25519. */
  ed25519Verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean
}

/** The part of the server room that the command line needs. */
export interface ServerModule {
  /** Runs until the server has ended; the exit code. */
  runServer(options: ServerOptions): Promise<number>
}

export interface ServerOptions {
  readonly configPaths: readonly string[]
  readonly flags: ServerFlags
  /** Of `-dev`; `null` without it. */
  readonly dev: DevServerFlags | null
  readonly environment: CliIo['env']
  readonly io: CliIo
}

export interface DevServerFlags {
  readonly rootTokenId: string | null
  readonly listenAddress: string | null
  readonly storesToken: boolean
}

export interface ServerFlags {
  readonly address?: string
  readonly dataFolder?: string
  readonly logLevel?: string
  readonly logFormat?: string
}

/** Writes talk: one line on stderr. */
export function say(io: CliIo, line: string): void {
  io.stderr.write(`${line}\n`)
}

/** Writes data that is not a secret and waits until the stream has taken it. */
export function put(io: CliIo, text: string | Uint8Array): Promise<void> {
  return taken(io.stdout, text)
}

/** Writes to a stream and waits until it has taken everything. */
export function taken(stream: Writable, text: string | Uint8Array): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  stream.write(text, (error) => (error && !isBrokenPipe(error) ? reject(error) : resolve()))
  return promise
}

/** A reader such as `head` may leave early: that is its right, and no failure of ours. */
export function isBrokenPipe(error: Error): boolean {
  return 'code' in error && error.code === 'EPIPE'
}
