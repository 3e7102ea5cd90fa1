import { dirname, resolve } from 'node:path'
import { type Millis, millis } from '../base/clock.ts'
import { OperatingError } from '../base/errors.ts'
import { type Body, type Item, type Place, placeText, quoted, type Value } from '../hcl/value.ts'
import type { ConfigWarning } from './config.ts'
import { durationText, parseDuration } from './duration.ts'
import type { KeyTable } from './keys.ts'
import { nearest } from './nearest.ts'

export interface SectionSpec {
  /** How the section is called in sentences, for example `listener.tcp`; empty for a whole configuration. */
  readonly path: string
  /** Where it begins; `null` for a whole configuration, which may be several files. */
  readonly at: Place | null
  readonly keys: KeyTable
  /** Keys of another section, and where a sentence says that is. */
  readonly elsewhere?: { readonly keys: KeyTable; readonly where: string }
  /** Takes what has no effect. */
  readonly warnings: ConfigWarning[]
}

/** A part of the configuration, checked against the table of its keys when it is made. */
export class Section {
  readonly #spec: SectionSpec
  readonly #items: ReadonlyMap<string, readonly Item[]>

  /**
   * Throws `config_invalid` for a key of no table, naming the nearest known one (a typo must not switch
   * anything off), and for one that asks for a safety that is not there. A key that merely has no effect is
   * told in a warning, once.
   */
  constructor(body: Body, spec: SectionSpec) {
    this.#spec = spec
    this.#items = Map.groupBy(body, ({ name }) => name)
    for (const [key, items] of this.#items) this.#admit(key, items)
  }

  /** Everything that stands under a name, in order, from all files. */
  items(key: string): readonly Item[] {
    return this.#items.get(key) ?? []
  }

  text(key: string): string | undefined {
    const value = this.#value(key)
    if (value === undefined) return undefined
    if (value.kind !== 'text' || value.text === '') throw this.invalid(key, 'must be a text in quotes')
    return value.text
  }

  /** A path, made absolute: it is relative to the file that it stands in. */
  path(key: string): string | undefined {
    const text = this.text(key)
    const source = this.#value(key)?.at.source
    return text === undefined || source === undefined ? undefined : resolve(dirname(source), text)
  }

  /** As the peers' decoder: `true`, `"true"`, `1` and `"1"` are all yes (surface.md section 13.1). */
  boolean(key: string): boolean | undefined {
    const value = this.#value(key)
    if (value === undefined) return undefined
    const found = booleanOf(value)
    if (found === null) throw this.invalid(key, 'must be true or false')
    return found
  }

  integer(key: string, range: { readonly min: number; readonly max: number }): number | undefined {
    const value = this.#value(key)
    if (value === undefined) return undefined
    const number = numberOf(value)
    if (number === null || !Number.isInteger(number) || number < range.min || number > range.max) {
      throw this.invalid(key, `must be a whole number from ${range.min} to ${range.max}`)
    }
    return number
  }

  /**
   * A length of time from `min` to `max`, in milliseconds: `"24h"`, `"90s"`, or seconds. Where `zero` is
   * given, 0 stands for that.
   */
  duration(
    key: string,
    range: { readonly min: number; readonly max: number; readonly zero?: number },
  ): Millis | undefined {
    const value = this.#value(key)
    if (value === undefined) return undefined
    const found = parseDuration(value.kind === 'text' ? value.text : String(numberOf(value)))
    if (found === 0 && range.zero !== undefined) return millis(range.zero)
    if (found !== null && found >= range.min && found <= range.max) return found
    const bounds = `from ${durationText(range.min)} to ${durationText(range.max)}`
    throw this.invalid(key, `must be a duration ${bounds}, for example "30s" or "1m"`)
  }

  /** A list of texts, with the place of each. */
  texts(key: string): readonly { readonly text: string; readonly at: Place }[] | undefined {
    const value = this.#value(key)
    if (value === undefined) return undefined
    const items = value.kind === 'list' ? value.items : [value]
    return items.map((item) => {
      if (value.kind === 'list' && item.kind === 'text') return item
      throw this.invalid(key, 'must be a list of texts, for example ["a", "b"]', item.at)
    })
  }

  oneOf<Name extends string>(key: string, names: readonly Name[]): Name | undefined {
    const value = this.#value(key)
    if (value === undefined) return undefined
    const name = value.kind === 'text' ? names.find((known) => known === value.text) : undefined
    if (name !== undefined) return name
    throw this.invalid(key, `must be one of: ${names.map((known) => `"${known}"`).join(', ')}`)
  }

  /** The block of a key that has no type: `telemetry { … }`. `null` where there is none. */
  block(key: string, keys: KeyTable): Section | null {
    const [item, second] = this.items(key)
    if (item === undefined) return null
    if (second !== undefined) {
      throw this.invalid(key, `stands at ${placeText(item.at)} already; keep one`, second.at)
    }
    const [label] = item.form === 'block' ? item.labels : []
    if (label !== undefined) throw this.invalid(key, 'takes no label', label.at)
    const [value, other] = item.value.kind === 'list' ? item.value.items : [item.value]
    if (value?.kind !== 'object' || other !== undefined) {
      throw this.invalid(key, `must be one block: ${key} { … }`)
    }
    const { warnings } = this.#spec
    return new Section(value.body, { path: this.#name(key), at: item.at, keys, warnings })
  }

  /** Whether a key is set to this very text. */
  says(key: string, text: string): boolean {
    const value = this.#value(key)
    return value?.kind === 'text' && value.text === text
  }

  /** A refusal, at `at`, at the key, or at the section where the key is missing. */
  invalid(key: string, fault: string, at?: Place): OperatingError {
    return invalid(at ?? this.#at(key), `${quoted(this.#name(key))} ${fault}`)
  }

  warn(key: string, fault: string): void {
    const at = this.#at(key)
    this.#spec.warnings.push(`${at === null ? '' : `${placeText(at)}: `}${quoted(this.#name(key))} ${fault}`)
  }

  #at(key: string): Place | null {
    return this.items(key)[0]?.at ?? this.#spec.at
  }

  #name(key: string): string {
    return this.#spec.path === '' ? key : `${this.#spec.path}.${key}`
  }

  /** The value of a key that is set once, as an attribute. */
  #value(key: string): Value | undefined {
    const [first, second] = this.items(key)
    if (first === undefined) return undefined
    if (second !== undefined) {
      throw this.invalid(key, `stands at ${placeText(first.at)} already; keep one`, second.at)
    }
    if (first.form === 'block') throw this.invalid(key, 'is a value and no block: write "=" behind it')
    return first.value
  }

  #admit(key: string, items: readonly Item[]): void {
    const rule = this.#spec.keys.get(key)
    if (rule === undefined) throw this.invalid(key, `is not a known key; ${this.#hint(key)}`)
    if (rule === 'read') return
    if ('ignored' in rule) {
      this.warn(key, `has no effect: ${rule.ignored}`)
      return
    }
    throw this.invalid(key, rule.refused, items[0]?.at)
  }

  #hint(key: string): string {
    const { keys, elsewhere } = this.#spec
    if (elsewhere?.keys.has(key) === true) return `it belongs ${elsewhere.where}`
    const near = nearest(key, [...keys.keys()])
    return near === null ? 'docs/operating.md has the known ones' : `did you mean "${near}"?`
  }
}

export function invalid(at: Place | null, sentence: string): OperatingError {
  return new OperatingError('config_invalid', at === null ? sentence : `${placeText(at)}: ${sentence}`)
}

function booleanOf(value: Value): boolean | null {
  if (value.kind === 'boolean') return value.boolean
  const written = value.kind === 'text' ? value.text : String(numberOf(value))
  if (written === 'true' || written === '1') return true
  return written === 'false' || written === '0' ? false : null
}

function numberOf(value: Value): number | null {
  if (value.kind === 'number') return value.number
  return value.kind === 'text' && /^\d{1,15}$/.test(value.text) ? Number(value.text) : null
}
