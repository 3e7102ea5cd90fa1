import type { ErrorDetail } from '../base/errors.ts'
import type { LogLevel } from '../config/config.ts'

/**
 * The operator's log. Lines are made of our own words and public facts; there is no way to hand it a body.
 */
export interface Log {
  debug(event: string, facts?: ErrorDetail): void
  info(event: string, facts?: ErrorDetail): void
  warn(event: string, facts?: ErrorDetail): void
  error(event: string, facts?: ErrorDetail): void
  /** Writes out what is buffered. */
  flush(): void
}

/** The log of a running server. */
export interface ServerLog extends Log {
  setLevel(level: LogLevel): void
}

/** Names that never reach a line, whoever passes them: the last net, not the first. */
const REDACTED = ['token', 'key', 'keys', 'share', 'shares_given', 'password', 'secret', 'authorization']

/** pino, to `stderr`; `standard` is one readable line an event, `json` is pino's own. Loaded late: 20 ms. */
export async function openLog(options: {
  readonly level: LogLevel
  readonly format: 'standard' | 'json'
  readonly write: (line: string) => void
}): Promise<ServerLog> {
  const { pino } = await import('pino')
  const stream = {
    write: options.format === 'json' ? options.write : (line: string) => options.write(readable(line)),
  }
  const logger = pino(
    {
      level: options.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      // A number is no secret: that of a share is what people call it.
      redact: { paths: REDACTED, censor: (value) => (typeof value === 'number' ? value : '[redacted]') },
    },
    stream,
  )
  return {
    debug: (event, facts = {}) => logger.debug(facts, event),
    info: (event, facts = {}) => logger.info(facts, event),
    warn: (event, facts = {}) => logger.warn(facts, event),
    error: (event, facts = {}) => logger.error(facts, event),
    flush: () => logger.flush(),
    setLevel: (level) => {
      logger.level = level
    },
  }
}

/** `2026-11-24T09:30:00.000Z [INFO]  store open: set=2 serial=7`, the peers' line. */
function readable(line: string): string {
  const { level, time, msg, ...facts } = JSON.parse(line) as Record<string, unknown>
  const pairs = Object.entries(facts).map(([name, value]) => `${name}=${String(value)}`)
  const label = `[${String(level).toUpperCase()}]`.padEnd(7)
  return `${String(time)} ${label} ${String(msg)}${pairs.length > 0 ? `: ${pairs.join(' ')}` : ''}\n`
}
