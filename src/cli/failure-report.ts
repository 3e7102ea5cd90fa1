import { setting } from '../config/environment.ts'
import { wantsJson } from './argv.ts'
import { wantsColor } from './environment.ts'
import { describeFailure } from './failure.ts'
import type { CliIo } from './io.ts'

const RED = '\x1b[31m'
const PLAIN = '\x1b[0m'

/** Tells a failure on stderr, as words or as JSON, and returns the exit code. */
export function reportFailure(io: CliIo, argv: readonly string[], error: unknown): number {
  const { exitCode, code, message, hint, status } = describeFailure(error)
  if (wantsJson(argv, setting(io.env, 'FORMAT') ?? 'table')) {
    io.stderr.write(`${JSON.stringify({ error: { code, message, hint, status } })}\n`)
    return exitCode
  }
  const text = wantsColor(io, argv) ? `${RED}${message}${PLAIN}` : message
  io.stderr.write(hint === null ? `${text}\n` : `${text}\n\n${hint}\n`)
  return exitCode
}
