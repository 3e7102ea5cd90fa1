import type { Readable, Writable } from 'node:stream'
import type { Entropy } from '../base/entropy.ts'
import type { Machine } from '../offline/diagnose/machine.ts'
import type { Sha256Stream } from '../offline/snapshot-file.ts'
import { OutputError } from './failure.ts'
import { visible } from './visible.ts'

/** The terminal, pipes and environment that a command runs in, handed in so that tests can be one. */
export interface CliIo {
  readonly stdin: InputStream
  /** Data only. */
  readonly stdout: OutputStream
  /** All talk. */
  readonly stderr: Writable
  readonly env: Readonly<Record<string, string | undefined>>
  /** Which of the three streams are terminals. */
  readonly tty: { readonly stdin: boolean; readonly stdout: boolean; readonly stderr: boolean }
  /** The command that starts this program again: executable, its flags, and the main file. */
  readonly entry: readonly string[]
  /** Has `act` run before a signal ends the process, until the result is disposed of. Absent in tests. */
  readonly beforeEnd?: (act: () => void) => Disposable
  /** Has `act` get the signals that would end this process, until the result is disposed of. */
  readonly signals?: (act: (signal: NodeJS.Signals) => void) => Disposable
  /** Ends this process by a signal. */
  readonly endBy?: (signal: NodeJS.Signals) => void
  /** How many milliseconds ago this process was started; not there where a call has no process. */
  readonly age?: () => number
  /** Ends this process at once, whatever is still under way in it; not there where a call has no process. */
  readonly leave?: (exitCode: number) => void
}

/** Standard input; `setRawMode` is there when it is a terminal. */
export type InputStream = Readable & { setRawMode?(raw: boolean): unknown }

/** Standard output; `sync` is there when it is a file, and makes durable what the file has taken. */
export type OutputStream = Writable & { sync?(): void }

/** What the command line is given by `main.ts`, as it may not import it: only that file knows the server. */
export interface CliPorts {
  loadServer(): Promise<ServerModule>
  /** The primitives that the check words of a card, and a transcript, are verified with. */
  loadHashing(): Promise<Hashing>
  /** The system's randomness, for one-time passwords that are made here. */
  loadEntropy(): Promise<Entropy>
  /** What a diagnosis sees of this machine. */
  loadMachine(): Promise<Machine>
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
  readonly tlsSelfSigned?: boolean
}

/** Writes talk: one line on stderr. Nothing in it steers a terminal, whoever it quotes. */
export function say(io: CliIo, line: string): void {
  io.stderr.write(`${visible(line)}\n`)
}

/**
 * Writes data that is not a secret and waits until the stream has taken it. A reader such as `head` may leave
 * early: that is its right, and no failure of ours. Throws `OutputError`.
 */
export async function put(io: CliIo, text: string | Uint8Array): Promise<void> {
  const error = await written(io.stdout, text)
  if (error !== null && codeOf(error) !== 'EPIPE') throw outputError(error)
}

/**
 * Writes what must not be lost: resolves once the stream has taken the last byte of it, and a file has it on
 * its disk. Throws `OutputError`, also where the reader has left.
 */
export async function putSafely(stream: OutputStream, bytes: Uint8Array): Promise<void> {
  const error = await written(stream, bytes)
  if (error !== null) throw outputError(error)
  try {
    stream.sync?.()
  } catch (cause) {
    throw outputError(cause)
  }
}

function written(stream: Writable, data: string | Uint8Array): Promise<Error | null> {
  return new Promise((resolve) => stream.write(data, (error) => resolve(error ?? null)))
}

function outputError(cause: unknown): OutputError {
  const code = codeOf(cause)
  return new OutputError(`the output takes no more: ${REASONS[code] ?? code}`, { cause })
}

const REASONS: Readonly<Record<string, string>> = {
  EPIPE: 'its reader has gone',
  ENOSPC: 'there is no space left on the disk',
  EDQUOT: "this user's space on the disk is used up",
  EFBIG: 'the file would be larger than is allowed',
  EIO: 'the disk or the terminal failed',
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown'
}
