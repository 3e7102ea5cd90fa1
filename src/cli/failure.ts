import { type ErrorCode, OperatingError } from '../base/errors.ts'
import { ApiError, TransportError } from '../client/errors.ts'
import { refusedHint } from './refused-hint.ts'

export const EXIT_OK = 0
/** Bad flags, too many arguments, no terminal, an unreadable file: nothing was asked of a server. */
export const EXIT_USAGE = 1
/** The server refused, or no usable answer came. */
export const EXIT_SERVER = 2

/** A mistake in how a command was called. Ends it with exit code 1 before anything is sent. */
export class UsageError extends Error {
  override name = 'UsageError'
  readonly code: string
  readonly hint: string | null

  constructor(message: string, options: { code?: string; hint?: string } = {}) {
    super(message)
    this.code = options.code ?? 'usage'
    this.hint = options.hint ?? null
  }
}

/** What was to go to standard output did not, or not all of it. Ends the command with exit code 1. */
export class OutputError extends Error {
  override name = 'OutputError'
  readonly hint: string | null

  constructor(message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.hint = options.hint ?? null
  }
}

/** A server failure with what the command was doing, for example `Error unsealing`. */
export class CommandError extends Error {
  override name = 'CommandError'
  readonly failure: ApiError | TransportError
  /** In place of what is advised for a failure of this kind. */
  readonly hint: string | null

  constructor(doing: string, failure: ApiError | TransportError, hint: string | null = null) {
    super(`${doing}: ${failure.message}`, { cause: failure })
    this.failure = failure
    this.hint = hint
  }
}

/**
 * Runs `act`; a failure of the server then begins with `doing`, as the peers' do. `hints` by code, where what
 * is usually advised would lead in a circle.
 */
export async function during<Result>(
  doing: string,
  act: () => Promise<Result>,
  hints: Readonly<Record<string, string>> = {},
): Promise<Result> {
  try {
    return await act()
  } catch (error) {
    if (error instanceof ApiError) throw new CommandError(doing, error, hints[error.code ?? ''] ?? null)
    if (error instanceof TransportError) throw new CommandError(doing, error)
    throw error
  }
}

/** What is told of a failure, in table form and in JSON. */
export interface Failure {
  readonly exitCode: number
  readonly code: string
  readonly message: string
  readonly hint: string | null
  readonly status: number | null
}

/** The exit code and the words for anything that a command threw. */
export function describeFailure(error: unknown): Failure {
  if (error instanceof CommandError) {
    const { message, failure } = error
    const told = describeFailure(failure)
    return { ...told, message, hint: error.hint ?? told.hint }
  }
  if (error instanceof ApiError) {
    const code = error.code ?? 'api_error'
    const refused = code === 'permission_denied' ? refusedHint(error, error.errors[0] ?? '') : null
    const hint = hintOfSentence(error.errors[0] ?? '') ?? refused ?? HINTS[code] ?? null
    return { exitCode: EXIT_SERVER, code, message: error.message, hint, status: error.status }
  }
  if (error instanceof TransportError) {
    const { code, message, hint } = error
    return { exitCode: EXIT_SERVER, code, message, hint, status: null }
  }
  if (error instanceof UsageError) {
    return { exitCode: EXIT_USAGE, code: error.code, message: error.message, hint: error.hint, status: null }
  }
  if (error instanceof OutputError) {
    const { message, hint } = error
    return { exitCode: EXIT_USAGE, code: 'output_failed', message, hint, status: null }
  }
  if (error instanceof OperatingError) {
    const hint = HINTS[error.code] ?? null
    return { exitCode: EXIT_USAGE, code: error.code, message: error.message, hint, status: null }
  }
  const message = error instanceof Error ? `${error.name}: ${error.message}` : 'something unknown was thrown'
  const hint = 'This is a defect of conclave: please report it, without any secret.'
  return { exitCode: EXIT_USAGE, code: 'internal', message, hint, status: null }
}

/** Why a file could not be used, in words, from what `node:fs` threw. */
export function fileProblem(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'ENOENT') return 'there is no such file'
  if (code === 'EACCES' || code === 'EPERM') return 'this user may not read it'
  if (code === 'EISDIR') return 'it is a folder'
  return 'it cannot be read'
}

/** How the peers begin what is said of a path without a mount: their servers have no code for it. */
const SENTENCES: readonly (readonly [begins: string, hint: string])[] = [
  [
    'no handler for route ',
    'See what is mounted with "conclave secrets list", and mount with "conclave secrets enable".',
  ],
  [
    'preflight capability check returned 403',
    'Nothing is mounted there, or your token may not use it: see "conclave secrets list" and ' +
      '"conclave token lookup".',
  ],
]

function hintOfSentence(sentence: string): string | null {
  return SENTENCES.find(([begins]) => sentence.startsWith(begins))?.[1] ?? null
}

const KEPT = 'It was not counted. The shares given before are kept: nobody has to start again.'

const KNOWN_HINTS = {
  share_malformed: KEPT,
  share_unknown: KEPT,
  share_retired: `${KEPT} Look for the share that was handed out last.`,
  share_pending: `${KEPT} The older share is wanted here: the new ones do not count yet.`,
  share_duplicate: 'Somebody else has to give the next share.',
  share_other_set: 'Give one of the new shares, which were handed out last.',
  sealed: 'Open the server with "conclave operator unseal".',
  already_initialized: 'Open it with "conclave operator unseal"; "conclave status" tells whether it is open.',
  not_initialized: 'Set the server up with "conclave operator init".',
  ceremony_dealt:
    'Give the new shares back with -verify. Were they lost, end it with -cancel and begin again.',
  ceremony_limit: 'Let another holder start it, or use a token.',
  ceremony_running: 'See it with "conclave operator rekey -status", or end it with -cancel.',
  ceremony_not_running: 'Start one with "conclave operator rekey -init".',
  nonce_mismatch: 'Read the nonce with "conclave operator rekey -status" and compare it with the others.',
} satisfies Partial<Record<ErrorCode, string>>

// A server may send a code that this version does not know.
const HINTS: Readonly<Record<string, string>> = KNOWN_HINTS
