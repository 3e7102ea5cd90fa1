import type { Members } from '../../client/answers.ts'
import { UsageError } from '../failure.ts'
import { renderCell } from '../output.ts'
import { steeredBy } from './steering.ts'

/** What one path holds. */
export interface Source {
  readonly path: string
  readonly values: Members
}

export interface Naming {
  /** In front of every name. */
  readonly prefix: string
  /** Capitals, with `_` in the place of what no name can have. */
  readonly upper: boolean
  /** Whether variables that are set already give way. */
  readonly replace: boolean
}

type Environment = Readonly<Record<string, string | undefined>>

/** POSIX.1-2017, Base Definitions, section 8.1, with the small letters that everybody has. */
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/

/**
 * The environment of a program: what it would have anyway, and a variable for each value. Throws `UsageError`
 * that names everything that stands in the way, by path and key and never by value.
 */
export function programEnvironment(
  present: Environment,
  sources: readonly Source[],
  naming: Naming,
): Record<string, string | undefined> {
  const made = new Map<string, { readonly value: string; readonly from: string }>()
  const faults: string[] = []
  for (const { path, values } of sources) {
    for (const [key, value] of Object.entries(values)) {
      const name = nameOf(key, naming)
      const from = `${JSON.stringify(key)} of ${path}`
      const first = made.get(name)
      const fault = faultOf({ name, value, from, first: first?.from ?? null }, present, naming)
      if (fault === null) made.set(name, { value: renderCell(value), from })
      else faults.push(fault)
    }
  }
  if (faults.length > 0) throw refusal(faults)
  return { ...present, ...Object.fromEntries([...made].map(([name, { value }]) => [name, value])) }
}

function nameOf(key: string, { prefix, upper }: Naming): string {
  return prefix + (upper ? key.toUpperCase().replace(/[^A-Z0-9_]/g, '_') : key)
}

interface Candidate {
  readonly name: string
  readonly value: unknown
  /** The key and its path, for a sentence. */
  readonly from: string
  /** What has the name already. */
  readonly first: string | null
}

function faultOf(
  { name, value, from, first }: Candidate,
  present: Environment,
  naming: Naming,
): string | null {
  if (!NAME.test(name)) return `${from} is no name of a variable`
  const steered = steeredBy(name)
  if (steered !== null) return `${from} would choose ${steered}, as ${name}`
  if (first !== null) return `${from} and ${first} would both be ${name}`
  if (!naming.replace && present[name] !== undefined) return `${from} would replace the variable ${name}`
  if (value === null) return `${from} has no value`
  return renderCell(value).includes('\0') ? `${from} has a zero byte in it, which no variable can have` : null
}

function refusal(faults: readonly string[]): UsageError {
  const hint =
    'The program was not started. -prefix=NAME_ puts something in front of every name, -upper makes names ' +
    'of what is none, and -replace lets variables give way.'
  const [only = ''] = faults
  const all = faults.map((fault) => `\n  ${fault}`).join('')
  const text = faults.length === 1 ? only : `${faults.length} values cannot become variables:${all}`
  return new UsageError(text, { hint })
}
