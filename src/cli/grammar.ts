import { Command, Option } from 'commander'
import { normaliseArgv } from './argv.ts'
import { type CommandSpec, flagsOf } from './command.ts'
import { UsageError } from './failure.ts'
import { type FlagSpec, FlagValues, LATER_FLAGS, REQUEST_FLAGS } from './flags.ts'

export interface Parsed {
  readonly flags: FlagValues
  readonly operands: readonly string[]
  readonly program: readonly string[]
}

const REQUEST_NAMES = REQUEST_FLAGS.map(({ name }) => name)

/** Reads what follows a command's name. Throws `UsageError`; the number of operands is checked last. */
export function parseArguments(spec: CommandSpec, argv: readonly string[]): Parsed {
  const known = flagsOf(spec)
  const later = [...(spec.later ?? []), ...(spec.connects ? LATER_FLAGS : [])]
  const { own, program } = divided(spec, argv)
  const normalised = normaliseArgv(own, { known, later, elsewhere: REQUEST_NAMES, command: spec.name })
  const command = new Command().exitOverride().helpOption(false).argument('[operands...]')
  const options = known.map((flag) => ({ flag, option: optionOf(flag) }))
  for (const { option } of options) command.addOption(option)
  command.parse(normalised, { from: 'user' })
  const given = command.opts()
  const values = new Map<string, string | number | boolean | readonly string[]>()
  for (const { flag, option } of options) {
    const value: unknown = given[option.attributeName()]
    // Commander reads `--no-x` as "x is false", and has x true otherwise.
    if (option.negate) values.set(flag.name, value === false)
    else if (isValue(value)) values.set(flag.name, value)
  }
  const flags = new FlagValues(values)
  if (!flags.on('help')) checkArity(spec, command.args)
  return { flags, operands: command.args, program }
}

/** The program that a command starts has flags of its own, which are none of ours. */
function divided(spec: CommandSpec, argv: readonly string[]): Record<'own' | 'program', readonly string[]> {
  const mark = spec.startsProgram === true ? argv.indexOf('--') : -1
  if (mark < 0) return { own: argv, program: [] }
  return { own: argv.slice(0, mark), program: argv.slice(mark + 1) }
}

function optionOf(flag: FlagSpec): Option {
  if (flag.kind === 'switch') return new Option(`--${flag.name}`)
  const option = new Option(`--${flag.name} <value>`)
  if (flag.kind === 'number') return option.argParser((text) => wholeNumber(flag.name, text))
  if (flag.kind === 'list') return option.argParser(append)
  if (flag.once === true) return option.argParser((text, before) => onlyOnce(flag.name, text, before))
  return option
}

function append(value: string, before: unknown): readonly string[] {
  return Array.isArray(before) ? [...before, value] : [value]
}

/** The text of key-lifecycle.md section 10.2. */
function onlyOnce(name: string, value: string, before: unknown): string {
  if (before === undefined) return value
  throw new UsageError(`invalid value for flag -${name}: can only be specified once`)
}

function wholeNumber(name: string, text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new UsageError(`invalid value for flag -${name}: give a whole number`)
  return Number(text)
}

function isValue(value: unknown): value is string | number | boolean | readonly string[] {
  return value !== undefined
}

/** key-lifecycle.md section 10.3: `Too many arguments (expected 0-1, got 2)`. */
function checkArity(spec: CommandSpec, operands: readonly string[]): void {
  const [fewest, most] = spec.arity
  const expected = fewest === most ? `${most}` : most === Infinity ? `${fewest} or more` : `${fewest}-${most}`
  const hint = `See "conclave ${spec.name} -h".`
  if (operands.length > most) {
    throw new UsageError(`Too many arguments (expected ${expected}, got ${operands.length})`, { hint })
  }
  if (operands.length < fewest) {
    throw new UsageError(`Not enough arguments (expected ${expected}, got ${operands.length})`, { hint })
  }
}
