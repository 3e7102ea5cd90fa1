import { type CommandSpec, flagsOf } from './command.ts'
import type { CommandEntry } from './commands.ts'
import { CONNECTION_FLAGS, type FlagSpec } from './flags.ts'

/** Examples first, then the flags: less than a screen. */
export function commandHelp(spec: CommandSpec): string {
  const operands = spec.operands === '' ? '' : ` ${spec.operands}`
  const connection = new Set(CONNECTION_FLAGS)
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
  const rows = entries.map((entry) => [entry.name, entry.summary] as const)
  const more = `"conclave COMMAND -h" tells more of one.`
  return `${[title, '', ...starts, 'Commands', ...columns(rows), '', more].join('\n')}\n`
}

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
