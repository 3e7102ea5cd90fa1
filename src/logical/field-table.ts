import { OperatingError } from '../base/errors.ts'
import type { SecretBytes } from '../base/secret-bytes.ts'
import { coerced } from './coercion.ts'
import type { JsonNode, JsonObject } from './json.ts'

/**
 * What a route takes besides its path, as data: handlers read by it, unknown members are told of by it, and
 * help and the OpenAPI document are made of it.
 */
export type Fields = Readonly<Record<string, Field>>

export interface Field {
  readonly type: FieldType
  /** One sentence, for help and documents. */
  readonly description: string
  readonly deprecated?: true
  /**
   * Where it is said. Without it: in the body of a write, or in the query where the route has no write.
   */
  readonly in?: 'query' | 'both'
}

export type FieldType = keyof FieldValues

/** What clients send is bent into these (surface.md section 1.5). */
export interface FieldValues {
  readonly string: string
  readonly integer: number
  readonly float: number
  readonly boolean: boolean
  /** A length of time, in seconds, never negative. */
  readonly seconds: number
  /** A length of time, in seconds. */
  readonly 'signed-seconds': number
  /** A list of texts, or one text. */
  readonly strings: readonly string[]
  /** A list of texts, or texts between commas; blanks around them are cut. */
  readonly 'comma-strings': readonly string[]
  /** A list of whole numbers, numbers between commas, or one. */
  readonly integers: readonly number[]
  /** An object of texts, or a list of `key=value`. */
  readonly pairs: Readonly<Record<string, string>>
  readonly object: JsonObject
  /** Milliseconds since 1970, from RFC 3339 or from seconds. */
  readonly time: number
  /** Text that is a secret, as bytes that the caller owns; never empty. */
  readonly secret: SecretBytes
  /** As it was sent. */
  readonly any: JsonNode
}

/** `undefined` where the member is absent or `null`. */
export type Given<Table extends Fields> = {
  readonly [Name in keyof Table]: FieldValues[Table[Name]['type']] | undefined
}

/**
 * The members of `data` that the table names, bent into their types. Throws `bad_request` with the field's
 * name and never its value; secrets are taken last, so that none is left behind by a fault.
 */
export function readFields<Table extends Fields>(table: Table, data: JsonObject | null): Given<Table> {
  return read(table, data, 'Field validation failed: ')
}

/**
 * The same, for a write whose route can say whether the path exists: the peers look at its fields while they
 * find that out, and then leave out that it is a validation (surface.md section 1.2).
 */
export function readWrittenFields<Table extends Fields>(table: Table, data: JsonObject | null): Given<Table> {
  return read(table, data, '')
}

function read<Table extends Fields>(table: Table, data: JsonObject | null, prefix: string): Given<Table> {
  const names = Object.keys(table)
  const isSecret = (name: string): boolean => table[name]?.type === 'secret'
  const given: Record<string, unknown> = {}
  for (const name of [...names.filter((one) => !isSecret(one)), ...names.filter(isSecret)]) {
    const node = data?.members.get(name)
    const field = table[name]
    if (field === undefined || node === undefined || node.kind === 'null') continue
    const result = coerced(field.type, node)
    if ('fault' in result) throw fieldFault(name, result.fault, prefix)
    given[name] = result.value
  }
  return given as Given<Table>
}

/** Without the members that were not given. */
export function present<Values extends object>(
  values: Values,
): { [Name in keyof Values]?: Exclude<Values[Name], undefined> } {
  const given = Object.entries(values).filter(([, value]) => value !== undefined)
  return Object.fromEntries(given) as { [Name in keyof Values]?: Exclude<Values[Name], undefined> }
}

/** Members that no field takes, in byte order. */
export function unknownMembers(table: Fields, data: JsonObject | null): readonly string[] {
  if (data === null) return []
  return [...data.members.keys()].filter((name) => !Object.hasOwn(table, name)).sort()
}

function fieldFault(name: string, why: string, prefix: string): OperatingError {
  return new OperatingError('bad_request', `${prefix}error converting input for field "${name}": ${why}`)
}
