import { InvariantError } from '../base/assert.ts'
import { OperatingError } from '../base/errors.ts'
import type { Log } from './log.ts'
import { ownFrames } from './own-frames.ts'

/** Exit code of a process that ended because nobody can know its state: EX_SOFTWARE of sysexits.h. */
const EXIT_BROKEN = 70

export interface LastResort {
  /** Wipes the keys, says one line, and ends the process. */
  fatal(error: unknown): void
  /** What wipes the keys, once there are any. */
  wipeBy(wipe: () => void): void
}

/**
 * Takes what nobody caught: an unknown state must not go on holding keys. From here on an exception or a
 * rejected promise that nobody handles ends the process.
 */
export function lastResort(log: Log): LastResort {
  let wipe = (): void => undefined
  const fatal = (error: unknown): void => {
    try {
      wipe()
    } finally {
      end(log, error)
    }
  }
  process.on('uncaughtException', fatal)
  // By itself Node.js makes an exception of it, unless it was told otherwise by a flag.
  process.on('unhandledRejection', fatal)
  return {
    fatal,
    wipeBy: (act) => {
      wipe = act
    },
  }
}

function end(log: Log, error: unknown): void {
  // Ours are made of public facts; a message of another may hold anything.
  const isOurs = error instanceof InvariantError || error instanceof OperatingError
  const why = error instanceof Error ? `${error.name}${isOurs ? `: ${error.message}` : ''}` : 'unknown'
  const detail = error instanceof OperatingError ? error.detail : {}
  log.error('the server ends: its state cannot be trusted any more', { why, ...detail, at: ownFrames(error) })
  log.flush()
  process.exit(EXIT_BROKEN)
}
