import { utf8 } from '../base/encoding.ts'
import type { CommandCall, CommandSpec } from './command.ts'
import { during, EXIT_OK, OutputError } from './failure.ts'
import { putSafely } from './io.ts'
import { VisibleStream, visible, visibleJson } from './visible.ts'

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error'] as const
const FORMATS = ['standard', 'json'] as const

/** `conclave monitor`: the log of a server as it is written. */
export const command: CommandSpec = {
  name: 'monitor',
  summary: 'Shows the log of the server as it is written, until it is interrupted.',
  operands: '',
  arity: [0, 0],
  examples: [
    { does: 'what matters', types: 'monitor' },
    { does: 'everything, as JSON', types: 'monitor -log-level=debug -log-format=json' },
  ],
  flags: [
    { name: 'log-level', kind: 'text', choices: LEVELS, help: 'from which level on (info)' },
    { name: 'log-format', kind: 'text', choices: FORMATS, help: 'form of a line (standard)' },
  ],
  connects: true,
  requests: true,
  answers: false,
  run,
}

async function run(call: CommandCall): Promise<number> {
  const query = {
    log_level: call.flags.text('log-level') ?? 'info',
    log_format: call.flags.text('log-format') ?? 'standard',
  }
  const client = await call.connect()
  const log = new VisibleStream(query.log_format === 'json' ? visibleJson : visible)
  await during('Error starting monitor', () =>
    client.logical.follow('sys/monitor', query, (piece) => taken(call, utf8(log.next(piece)))),
  )
  return EXIT_OK
}

/** False once the reader has left: a server may write for days. */
async function taken({ io }: CommandCall, piece: Uint8Array): Promise<boolean> {
  try {
    await putSafely(io.stdout, piece)
    return true
  } catch (error) {
    if (error instanceof OutputError) return false
    throw error
  }
}
