import { isMembers, type Members } from '../client/answers.ts'
import type { LogicalAnswer } from '../client/logical-client.ts'
import type { CommandCall, CommandSpec } from './command.ts'
import { during, EXIT_OK, EXIT_SERVER } from './failure.ts'
import { say } from './io.ts'
import { renderCell, renderValue } from './output.ts'

/** `conclave custody journal`: what happened in ceremonies. */
export const command: CommandSpec = {
  name: 'custody journal',
  summary: 'Shows who gave shares, from where, and what was refused; also from before the server was open.',
  operands: '',
  arity: [0, 0],
  examples: [
    { does: 'the newest entries; needs a token with sudo', types: 'custody journal' },
    { does: 'the last five', types: 'custody journal -limit=5' },
    {
      does: 'what is new since the last look, for a script',
      types: 'custody journal -after=120 -format=json',
    },
  ],
  flags: [
    { name: 'limit', kind: 'number', help: 'at most so many entries (100)' },
    { name: 'after', kind: 'number', help: 'the first entries behind this sequence, not the newest' },
  ],
  connects: true,
  answers: true,
  run,
}

const PATH = 'sys/custody/journal'
const GAP = '  '

async function run(call: CommandCall): Promise<number> {
  const client = await call.connect()
  const answer = await during('Error reading the journal', () => client.logical.read(PATH, queryOf(call)))
  if (answer === null) {
    say(call.io, 'This server keeps no journal of ceremonies.')
    return EXIT_SERVER
  }
  const entries = entriesOf(answer)
  const { format } = call.output
  await call.output.text(format === 'table' ? renderEntries(entries) : await renderValue(format, entries))
  if (entries.length === 0 && format === 'table') say(call.io, 'No entries.')
  return EXIT_OK
}

function queryOf({ flags }: CommandCall): Readonly<Record<string, string>> {
  const given = ['limit', 'after'].flatMap((name) => {
    const value = flags.number(name)
    return value === null ? [] : [[name, String(value)]]
  })
  return Object.fromEntries(given)
}

function entriesOf(answer: LogicalAnswer): readonly Members[] {
  const data = answer.members['data']
  const entries = isMembers(data) ? data['entries'] : null
  return Array.isArray(entries) ? entries.filter(isMembers) : []
}

/** One entry a line; a ceremony is told from the next by the beginning of its id. */
function renderEntries(entries: readonly Members[]): string {
  const header = ['Seq', 'Time', 'Event', 'Share', 'Source', 'Reason', 'Count', 'Ceremony']
  const rows = entries.map((entry) => [
    cell(entry, 'sequence'),
    cell(entry, 'time'),
    `${cell(entry, 'kind')} ${cell(entry, 'event')}`,
    cell(entry, 'share'),
    cell(entry, 'source'),
    cell(entry, 'reason'),
    cell(entry, 'count'),
    cell(entry, 'ceremony').slice(0, 8),
  ])
  const all = [header, header.map((title) => '-'.repeat(title.length)), ...rows]
  const widths = header.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)))
  const line = (row: readonly string[]): string =>
    row.map((text, column) => text.padEnd(widths[column] ?? 0)).join(GAP)
  return all.map((row) => `${line(row).trimEnd()}\n`).join('')
}

/** What is not known is a dash, so that every line has as many words. */
function cell(entry: Members, name: string): string {
  const value = entry[name]
  return value === null || value === undefined ? '-' : renderCell(value)
}
