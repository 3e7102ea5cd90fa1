import type { RecordValue } from '../base/canonical-json.ts'
import { fromBase64, toBase64 } from '../base/encoding.ts'
import { OperatingError } from '../base/errors.ts'

export type RecordObject = { readonly [member: string]: RecordValue }

/**
 * Reads the members of one stored object, and refuses what it does not know: a member that nobody reads would
 * be a place where two versions disagree in silence.
 */
export class RecordFields {
  readonly #object: RecordObject
  readonly #what: string
  readonly #read = new Set<string>()

  /** Throws `corrupt_store` when `value` is not an object. `what` names the record in messages. */
  constructor(value: RecordValue | undefined, what: string) {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw corrupt(what, 'is no object')
    this.#object = value as RecordObject
    this.#what = what
  }

  text(name: string): string {
    const value = this.value(name)
    if (typeof value !== 'string') throw corrupt(this.#what, `has no text "${name}"`)
    return value
  }

  integer(name: string, range: { min: number; max: number }): number {
    const value = this.value(name)
    if (typeof value !== 'number' || value < range.min || value > range.max) {
      throw corrupt(this.#what, `has no number "${name}" from ${range.min} to ${range.max}`)
    }
    return value
  }

  /** Bytes of exactly `length`, or of any length when it is not given. */
  bytes(name: string, length?: number): Uint8Array {
    const bytes = fromBase64(this.text(name))
    if (bytes === null || (length !== undefined && bytes.length !== length)) {
      throw corrupt(this.#what, `has no bytes "${name}"`)
    }
    return bytes
  }

  list(name: string): readonly RecordValue[] {
    const value = this.value(name)
    if (!Array.isArray(value)) throw corrupt(this.#what, `has no list "${name}"`)
    return value
  }

  /** The member, also when it is `null`; `undefined` when it is absent. */
  value(name: string): RecordValue | undefined {
    this.#read.add(name)
    return Object.hasOwn(this.#object, name) ? this.#object[name] : undefined
  }

  /** Throws `corrupt_store` when a member was not read. Call it last. */
  end(): void {
    const unknown = Object.keys(this.#object).find((name) => !this.#read.has(name))
    if (unknown !== undefined) throw corrupt(this.#what, 'has a member that this version does not know')
  }
}

/** A stored record that cannot be what we wrote. `what` and `fault` are our own words, never stored bytes. */
export function corrupt(what: string, fault: string): OperatingError {
  return new OperatingError('corrupt_store', `${what} ${fault}`, { detail: { record: what } })
}

/** Bytes as records hold them. */
export function field(bytes: Uint8Array): string {
  return toBase64(bytes)
}
