import { type CommandSpec, flagsOf } from './command.ts'
import type { CommandEntry } from './commands.ts'
import { CONNECTION_FLAGS, type FlagSpec, REQUEST_FLAGS } from './flags.ts'

/** Examples first, then the flags: less than a screen. */
export function commandHelp(spec: CommandSpec): string {
  const program = spec.startsProgram === true ? ' -- PROGRAM [ARGUMENT …]' : ''
  const operands = (spec.operands === '' ? '' : ` ${spec.operands}`) + program
  const connection = new Set([...CONNECTION_FLAGS, ...REQUEST_FLAGS])
  const own = flagsOf(spec).filter((flag) => !connection.has(flag))
  const lines = [
    spec.summary,
    '',
    'Examples',
    ...spec.examples.flatMap(({ does, types }) => [`  # ${does}`, `  conclave ${types}`]),
    '',
    `Usage: conclave ${spec.name} [flags]${operands}`,
    '',
    'Flags',
    ...columns(own.map((flag) => [spelling(flag), flag.help])),
  ]
  if (spec.requests === true) {
    lines.push('', 'Request', `  ${REQUEST_FLAGS.map((flag) => spelling(flag)).join(' ')}`)
  }
  if (spec.connects) {
    const names = CONNECTION_FLAGS.map((flag) => `-${flag.name}`)
    lines.push('', 'Connection (or CONCLAVE_ADDR, _TOKEN, _CACERT, _NAMESPACE …; BAO_ and VAULT_ too)')
    lines.push(`  ${names.slice(0, 4).join(' ')}`, `  ${names.slice(4).join(' ')}`)
  }
  return `${lines.join('\n')}\n`
}

/** The commands below a group of them; `''` for all. */
export function groupHelp(group: string, entries: readonly CommandEntry[]): string {
  const title =
    group === '' ? 'Conclave keeps secrets, and belongs to several people at once.' : `conclave ${group}`
  const starts =
    group === ''
      ? [
          'Examples',
          '  # start a server in ./data, then see what it needs',
          '  conclave server',
          '  conclave status',
          '  # watch a whole life of keys in a minute, in a temporary folder',
          '  conclave demo',
          '',
        ]
      : []
  const rows = group === '' ? overview(entries) : entries.map((entry) => [entry.name, entry.summary] as const)
  const more = `"conclave COMMAND -h" tells more of one.`
  return `${[title, '', ...starts, 'Commands', ...columns(rows), '', more].join('\n')}\n`
}

/** A line for each command of one word, and for each first word of several what may follow it. */
function overview(entries: readonly CommandEntry[]): readonly (readonly [string, string])[] {
  const rows = new Map<string, string>()
  for (const { name, summary } of entries) {
    const [first = '', ...rest] = name.split(' ')
    const before = rows.get(first)
    const told = rest.length === 0 ? summary : rest.join(' ')
    rows.set(first, before === undefined ? told : `${before}, ${told}`)
  }
  return [...rows].flatMap(([first, told]) =>
    wrapped(told).map((line, at) => [at === 0 ? first : '', line] as const),
  )
}

/** Lines no wider than a terminal leaves beside the first column. */
function wrapped(text: string): readonly string[] {
  const lines: string[] = []
  for (const part of text.split(/(?<=,) /)) {
    const last = lines.at(-1)
    if (last === undefined || last.length + part.length >= OVERVIEW_WIDTH) lines.push(part)
    else lines[lines.length - 1] = `${last} ${part}`
  }
  return lines
}

const OVERVIEW_WIDTH = 72

function spelling(flag: FlagSpec): string {
  const alias = flag.alias === undefined ? '' : `, -${flag.alias}`
  if (flag.kind === 'switch') return `-${flag.name}${alias}`
  const value = flag.value ?? flag.choices?.join('|') ?? (flag.kind === 'number' ? 'N' : 'TEXT')
  return `-${flag.name}=${value}${alias}`
}

function columns(rows: readonly (readonly [string, string])[]): readonly string[] {
  const width = Math.max(...rows.map(([left]) => left.length)) + 2
  return rows.map(([left, right]) => `  ${left.padEnd(width)}${right}`)
}
