import { type ChildProcess, spawn } from 'node:child_process'
import { constants } from 'node:os'
import { UsageError } from '../failure.ts'
import type { CliIo } from '../io.ts'

/** What shells answer for a program that is not there, or that cannot be started. */
const EXIT_NOT_FOUND = 127
const EXIT_NOT_STARTED = 126
/** Above it stands the number of the signal that ended a program. */
const EXIT_BY_SIGNAL = 128

/** What a terminal sends to all that runs in it: handed on, it would come twice. */
const OF_TERMINALS: ReadonlySet<NodeJS.Signals> = new Set(['SIGINT', 'SIGQUIT'])

/**
 * Runs a program in the place of this one: with its streams, and the signals that come. The exit code is the
 * program's; where a signal ended it, this process ends by the same one.
 */
export async function runChild(
  [program = '', ...rest]: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  io: CliIo,
): Promise<number> {
  const { code, signal } = await outlived(() => started(program, rest, env), program, io)
  if (signal === null) return code ?? EXIT_NOT_STARTED
  io.endBy?.(signal)
  return EXIT_BY_SIGNAL + constants.signals[signal]
}

/**
 * Waits for the end of a program, and hands on the signals that come until then. They are listened to before
 * it starts: one that came in between would end this process, and leave the program behind.
 */
async function outlived(start: () => ChildProcess, program: string, io: CliIo): Promise<End> {
  let child: ChildProcess | null = null
  using _signals = io.signals?.((signal) => {
    if (!(io.tty.stdin && OF_TERMINALS.has(signal))) child?.kill(signal)
  })
  child = start()
  return await endOf(child, program)
}

function started(program: string, rest: readonly string[], env: NodeJS.ProcessEnv): ChildProcess {
  try {
    return spawn(program, [...rest], { env, stdio: 'inherit' })
  } catch (error) {
    // What is thrown at once is of the arguments, and may show them.
    throw new UsageError('the program cannot be started with these arguments', { code: codeOf(error) })
  }
}

interface End {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

function endOf(child: ChildProcess, program: string): Promise<End> {
  const { promise, resolve, reject } = Promise.withResolvers<End>()
  child.once('exit', (code, signal) => resolve({ code, signal }))
  child.on('error', (error) => {
    if (child.pid === undefined) reject(notStarted(program, codeOf(error)))
  })
  return promise
}

/** The program is not there, or is none. Its exit code is the shells' own for that. */
export class NotStarted extends Error {
  override name = 'NotStarted'
  readonly exitCode: number

  constructor(message: string, exitCode: number) {
    super(message)
    this.exitCode = exitCode
  }
}

function notStarted(program: string, code: string): NotStarted {
  if (code === 'ENOENT') return new NotStarted(`there is no program "${program}"`, EXIT_NOT_FOUND)
  if (code === 'E2BIG') {
    const message = 'the secrets and the arguments together are more than this system gives to a program'
    return new NotStarted(message, EXIT_NOT_STARTED)
  }
  return new NotStarted(`the program "${program}" cannot be started: ${code}`, EXIT_NOT_STARTED)
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown'
}
