import { setting } from '../config/environment.ts'
import { wantsJson } from './argv.ts'
import { describeFailure } from './failure.ts'
import type { CliIo } from './io.ts'
import { visible, visibleJson } from './visible.ts'

const RED = '\x1b[31m'
const PLAIN = '\x1b[0m'

/** Tells a failure on stderr, as words or as JSON, and returns the exit code. */
export function reportFailure(io: CliIo, argv: readonly string[], error: unknown): number {
  const { exitCode, code, message, hint, status } = describeFailure(error)
  if (wantsJson(argv, setting(io.env, 'FORMAT') ?? 'table')) {
    io.stderr.write(`${visibleJson(JSON.stringify({ error: { code, message, hint, status } }))}\n`)
    return exitCode
  }
  const shown = visible(message)
  const text = wantsColor(io, argv) ? `${RED}${shown}${PLAIN}` : shown
  io.stderr.write(hint === null ? `${text}\n` : `${text}\n\n${visible(hint)}\n`)
  return exitCode
}

/** Whether talk on stderr may be coloured: on a terminal that can, when nobody objects (no-color.org). */
function wantsColor(io: CliIo, argv: readonly string[]): boolean {
  if ((io.env['NO_COLOR'] ?? '') !== '' || io.env['TERM'] === 'dumb') return false
  if (setting(io.env, 'CLI_NO_COLOR') !== null) return false
  return io.tty.stderr && !argv.some((token) => /^--?no-color$/.test(token))
}
