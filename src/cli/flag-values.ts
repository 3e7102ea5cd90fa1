import type { CommandCall } from './command.ts'
import { UsageError } from './failure.ts'
import type { FlagSpec } from './flags.ts'

/** `KEY=VALUE`, given with a flag as often as there are pairs. Throws `UsageError` that shows no value. */
export function keyValues(flag: string, given: readonly string[]): Readonly<Record<string, string>> {
  const pairs = given.map((pair) => {
    const equals = pair.indexOf('=')
    if (equals <= 0) throw new UsageError(`invalid value for flag -${flag}: give KEY=VALUE`)
    return [pair.slice(0, equals), pair.slice(equals + 1)] as const
  })
  const names = new Set(pairs.map(([name]) => name))
  if (names.size < pairs.length) throw new UsageError(`-${flag} has the same key twice`)
  return Object.fromEntries(pairs)
}

/** A flag that is true, false or not given. Throws `UsageError`. */
export function truthFlag({ flags }: CommandCall, name: string): boolean | undefined {
  const text = flags.text(name)
  if (text === null) return undefined
  if (text !== 'true' && text !== 'false') {
    throw new UsageError(`invalid boolean value for -${name}: give true or false`)
  }
  return text === 'true'
}

/** How such a flag is written in a specification. */
export function truth(name: string, help: string): FlagSpec {
  return { name, kind: 'text', choices: ['true', 'false'], alone: 'true', help }
}

/** Numbers, given as `-versions=1,2` or with the flag several times. Throws `UsageError`. */
export function numberList({ flags }: CommandCall, name: string): readonly string[] {
  const numbers = flags.list(name).flatMap((list) => list.split(','))
  if (numbers.every((number) => /^[1-9]\d{0,8}$/.test(number))) return numbers
  throw new UsageError(`invalid value for flag -${name}: give whole numbers, as in -${name}=1,2`)
}
