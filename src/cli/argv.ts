import { nearest } from '../config/nearest.ts'
import { UsageError } from './failure.ts'
import type { FlagSpec } from './flags.ts'

/** Flags that a command knows, and names that it will know in a later version. */
export interface Flags {
  readonly known: readonly FlagSpec[]
  readonly later: readonly string[]
  /** Names that other commands know. */
  readonly elsewhere?: readonly string[]
  /** Whose they are, for whoever looks for help. */
  readonly command?: string
}

/** Two letters of a name this short could be any. */
const MIN_GUESSED = 4

const PLAIN_NAME = /^[a-z][a-z0-9-]{0,31}$/

/**
 * Makes one spelling of the many that people and scripts use (key-lifecycle.md section 10.1): one dash or
 * two, `=` or a blank before the value, short forms, `-switch=true`. The answer has `--name` or
 * `--name=value` for every flag, then `--` and the arguments. Throws `UsageError` with the peers' texts for
 * flags that are not there.
 */
export function normaliseArgv(argv: readonly string[], flags: Flags): readonly string[] {
  const found: string[] = []
  const operands: string[] = []
  const rest = [...argv]
  for (let token = rest.shift(); token !== undefined; token = rest.shift()) {
    if (token === '--') operands.push(...rest.splice(0))
    else if (!token.startsWith('-') || token === '-') operands.push(token)
    else found.push(...oneFlag(token, rest, flags))
  }
  return [...found, '--', ...operands]
}

/** Whether the errors of this command are wanted as JSON, guessed from arguments that may not even parse. */
export function wantsJson(argv: readonly string[], format: string): boolean {
  const index = argv.findIndex((token) => /^--?format(=|$)/.test(token))
  if (argv.some((token) => /^--?json$/.test(token))) return true
  if (index < 0) return format === 'json'
  const token = argv[index] ?? ''
  const value = token.includes('=') ? token.slice(token.indexOf('=') + 1) : argv[index + 1]
  return value === 'json'
}

function oneFlag(token: string, rest: string[], flags: Flags): readonly string[] {
  const { name, value } = split(token)
  const spec = flags.known.find((flag) => flag.name === name || flag.alias === name)
  if (spec === undefined) {
    const hasFormat = flags.known.some((flag) => flag.name === 'format')
    if (name === 'json' && value === null && hasFormat) return ['--format=json']
    throw unknownFlag(name, flags)
  }
  if (spec.kind === 'switch') return switchFlag(spec.name, value)
  const given = value ?? spec.alone ?? rest.shift()
  if (given === undefined) throw new UsageError(`flag needs an argument: -${spec.name}`)
  return [`--${spec.name}=${given}`]
}

function split(token: string): { name: string; value: string | null } {
  const bare = token.replace(/^--?/, '')
  const equals = bare.indexOf('=')
  if (equals < 0) return { name: bare, value: null }
  return { name: bare.slice(0, equals), value: bare.slice(equals + 1) }
}

function switchFlag(name: string, value: string | null): readonly string[] {
  if (value === null || value === 'true' || value === '1') return [`--${name}`]
  if (value === 'false' || value === '0') return []
  throw new UsageError(`invalid boolean value for -${name}: give true or false`)
}

function unknownFlag(name: string, flags: Flags): UsageError {
  if (flags.later.includes(name)) {
    return new UsageError(`-${name} comes with a later version of conclave`, { code: 'not_yet' })
  }
  if (flags.elsewhere?.includes(name) === true) {
    return new UsageError(
      `-${name} is no flag of this command: it goes with read, write, kv, token and the like`,
    )
  }
  if (PLAIN_NAME.test(name)) {
    const meant =
      name.length < MIN_GUESSED
        ? null
        : nearest(
            name,
            flags.known.map((flag) => flag.name),
          )
    const guess = meant === null ? '' : `Did you mean -${meant}? `
    const command = flags.command === undefined ? 'conclave' : `conclave ${flags.command}`
    const hint = `${guess}See "${command} -h".`
    return new UsageError(`flag provided but not defined: -${name}`, { hint })
  }
  // It may be a share in URL-safe base64 that begins with a dash: it must not end up on a screen or in a log.
  return new UsageError('flag provided but not defined (not shown, as it may be a secret)', {
    hint: 'Put -- in front of an argument that begins with a dash.',
  })
}
