import { OperatingError } from '../base/errors.ts'

/** A part of the configuration and where it stands, for example `listener[0].tcp`. */
export class Section {
  readonly path: string
  readonly #members: ReadonlyMap<string, unknown>

  private constructor(path: string, members: ReadonlyMap<string, unknown>) {
    this.path = path
    this.#members = members
  }

  /**
   * Takes an object whose keys are all in `known`. Throws `config_invalid` for another type, and for an
   * unknown key, naming the nearest known one: a typo must not switch anything off.
   */
  static of(value: unknown, path: string, known: readonly string[]): Section {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw invalid(path, 'must be an object')
    }
    const members = new Map(Object.entries(value))
    for (const key of members.keys()) {
      if (known.includes(key)) continue
      const near = nearest(key, known)
      const hint = near === null ? `known are: ${known.join(', ')}` : `did you mean "${near}"?`
      throw invalid(join(path, key), `is not a known key; ${hint}`)
    }
    return new Section(path, members)
  }

  has(key: string): boolean {
    return this.#members.has(key)
  }

  value(key: string): unknown {
    return this.#members.get(key)
  }

  text(key: string): string | undefined {
    const value = this.#members.get(key)
    if (value === undefined) return undefined
    if (typeof value !== 'string' || value === '') throw invalid(join(this.path, key), 'must be a text')
    return value
  }

  /** As Vault's decoder: `true`, `"true"`, `1` and `"1"` are all yes (surface.md section 13.1). */
  boolean(key: string): boolean | undefined {
    const value = this.#members.get(key)
    if (value === undefined) return undefined
    if (value === true || value === 1 || value === 'true' || value === '1') return true
    if (value === false || value === 0 || value === 'false' || value === '0') return false
    throw invalid(join(this.path, key), 'must be true or false')
  }

  integer(key: string, range: { readonly min: number; readonly max: number }): number | undefined {
    const value = this.#members.get(key)
    if (value === undefined) return undefined
    const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value
    if (typeof number !== 'number' || !Number.isInteger(number) || number < range.min || number > range.max) {
      throw invalid(join(this.path, key), `must be a whole number from ${range.min} to ${range.max}`)
    }
    return number
  }

  oneOf<Name extends string>(key: string, names: readonly Name[]): Name | undefined {
    const value = this.#members.get(key)
    if (value === undefined) return undefined
    const name = names.find((known) => known === value)
    if (name === undefined) throw invalid(join(this.path, key), `must be one of: ${names.join(', ')}`)
    return name
  }
}

export function invalid(path: string, fault: string): OperatingError {
  return new OperatingError(
    'config_invalid',
    path === '' ? `the configuration ${fault}` : `"${path}" ${fault}`,
  )
}

export function join(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`
}

/** The known name that is at most two edits away. */
export function nearest(name: string, known: readonly string[]): string | null {
  const ranked = known.map((candidate) => ({ candidate, distance: editDistance(name, candidate) }))
  const best = ranked.sort((one, two) => one.distance - two.distance)[0]
  return best !== undefined && best.distance <= 2 ? best.candidate : null
}

/** Levenshtein distance by two rows. */
function editDistance(left: string, right: string): number {
  let previous = Array.from({ length: right.length + 1 }, (_, index) => index)
  for (let row = 1; row <= left.length; row++) {
    const current = [row]
    for (let column = 1; column <= right.length; column++) {
      const replaced = (previous[column - 1] ?? 0) + (left[row - 1] === right[column - 1] ? 0 : 1)
      current.push(Math.min(replaced, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1))
    }
    previous = current
  }
  return previous[right.length] ?? left.length
}
