import type { Ceremony } from '../client/ceremonies-client.ts'
import type { CommandCall, CommandSpec } from './command.ts'
import { during, EXIT_OK } from './failure.ts'
import type { FlagSpec } from './flags.ts'
import { say } from './io.ts'
import { renderValue } from './output.ts'

const GAP = 4
const HEAD = ['Id', 'Kind', 'Opened', 'Ended', 'Outcome', 'Serial']

/** `-after`, of commands that go along the chain of ceremonies. */
const AFTER_FLAG: FlagSpec = {
  name: 'after',
  kind: 'text',
  value: 'ID',
  help: 'older ones than this',
}

/** `conclave transcript list`: a page of ceremonies. */
export const command: CommandSpec = {
  name: 'transcript list',
  summary: 'Lists ceremonies from the newest to the oldest, and above them those that are running.',
  operands: '',
  arity: [0, 0],
  examples: [
    { does: 'the newest hundred', types: 'transcript list' },
    { does: 'those before them', types: 'transcript list -after=ID' },
  ],
  flags: [AFTER_FLAG],
  connects: true,
  answers: true,
  run,
}

async function run(call: CommandCall): Promise<number> {
  const client = await call.connect()
  const after = call.flags.text('after')
  const { ceremonies, next } = await during('Error listing ceremonies', () => client.ceremonies().page(after))
  const { format } = call.output
  await call.output.text(
    format === 'table' ? table(ceremonies) : await renderValue(format, ceremonies.map(ceremonyValue)),
  )
  if (next !== null) say(call.io, `\nThere are older ones: conclave transcript list -after=${next}`)
  return EXIT_OK
}

function table(ceremonies: readonly Ceremony[]): string {
  const rows = [HEAD, HEAD.map((name) => '-'.repeat(name.length)), ...ceremonies.map(cells)]
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)) + GAP)
  return rows
    .map((row) => `${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('')}`.trimEnd())
    .map((line) => `${line}\n`)
    .join('')
}

function cells({ id, kind, openedAt, endedAt, outcome, serial }: Ceremony): readonly string[] {
  return [id, kind, openedAt, endedAt === '' ? 'n/a' : endedAt, outcome, String(serial)]
}

/** Spelled as our API spells it. */
function ceremonyValue(ceremony: Ceremony): unknown {
  const { id, kind, openedAt, endedAt, outcome, serial, head } = ceremony
  return {
    id,
    kind,
    opened_at: openedAt,
    ended_at: endedAt === '' ? null : endedAt,
    outcome,
    serial,
    head: head === '' ? null : head,
  }
}
