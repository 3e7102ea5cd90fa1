import { utf8 } from '../base/encoding.ts'
import type { Entropy } from '../base/entropy.ts'
import { OperatingError } from '../base/errors.ts'
import { MAX_CHARSET, MAX_PASSWORD_LENGTH, MAX_PASSWORD_RULES, MIN_PASSWORD_LENGTH } from '../base/limits.ts'
import { SecretBytes, secretSpace } from '../base/secret-bytes.ts'
import { parseDocument } from '../hcl/document.ts'
import { type Body, HclError, type Item, quoted, type Value } from '../hcl/value.ts'

/** How passwords are made: `sys/policies/password` (surface.md section 3.1). */
export interface PasswordPolicy {
  /** In characters. */
  readonly length: number
  readonly rules: readonly CharsetRule[]
}

interface CharsetRule {
  readonly characters: readonly string[]
  /** How many of them there are at least. */
  readonly minimum: number
}

/** How often a password is drawn until it has what the rules ask. */
const MAX_DRAWS = 10_000

/** Throws `bad_request`, with the line. */
export function parsePasswordPolicy(text: string): PasswordPolicy {
  try {
    return read(parseDocument(text, 'policy'))
  } catch (error) {
    if (!(error instanceof HclError)) throw error
    throw refused(`At ${error.at.line}:${error.at.column}: ${error.fault}`)
  }
}

/**
 * A password, as UTF-8 bytes that the caller owns; each that the rules allow is as likely as any other.
 * Throws `bad_request` when the rules ask so much that none is found.
 */
export function drawPassword(policy: PasswordPolicy, entropy: Entropy): SecretBytes {
  const alphabet = [...new Set(policy.rules.flatMap(({ characters }) => characters))]
  const demands = policy.rules.map(({ characters, minimum }) => ({
    places: new Set(characters.map((one) => alphabet.indexOf(one))),
    minimum,
  }))
  const drawn = new Uint16Array(policy.length)
  const draw = new Draw(entropy)
  try {
    for (let left = MAX_DRAWS; left > 0; left--) {
      for (let at = 0; at < drawn.length; at++) drawn[at] = draw.below(alphabet.length)
      const fits = demands.every(
        ({ places, minimum }) =>
          drawn.reduce((sum, place) => sum + (places.has(place) ? 1 : 0), 0) >= minimum,
      )
      if (fits) return written(drawn, alphabet)
    }
  } finally {
    drawn.fill(0)
    draw.wipe()
  }
  throw new OperatingError('bad_request', 'no password was found that the policy allows; ask less of it')
}

function written(drawn: Uint16Array, alphabet: readonly string[]): SecretBytes {
  const encoded = alphabet.map(utf8)
  const space = secretSpace(drawn.reduce((sum, place) => sum + (encoded[place]?.length ?? 0), 0))
  let at = 0
  for (const place of drawn) {
    const bytes = encoded[place] ?? new Uint8Array(0)
    space.set(bytes, at)
    at += bytes.length
  }
  return SecretBytes.take(space)
}

/** Numbers below a bound, each as likely. */
class Draw {
  readonly #entropy: Entropy
  #bytes: Uint8Array = new Uint8Array(0)
  #at = 0

  constructor(entropy: Entropy) {
    this.#entropy = entropy
  }

  below(bound: number): number {
    // What is left over above the last multiple would make the first numbers likelier.
    const limit = 0x10000 - (0x10000 % bound)
    for (;;) {
      const value = this.#byte() * 256 + this.#byte()
      if (value < limit) return value % bound
    }
  }

  wipe(): void {
    this.#bytes.fill(0)
  }

  #byte(): number {
    if (this.#at >= this.#bytes.length) {
      this.#bytes.fill(0)
      this.#bytes = this.#entropy.bytes(256)
      this.#at = 0
    }
    return this.#bytes[this.#at++] ?? 0
  }
}

function read(body: Body): PasswordPolicy {
  let length: number | null = null
  const rules: CharsetRule[] = []
  for (const item of body) {
    if (item.name === 'length') length = wholeNumber(item.value, 'length')
    else if (item.name === 'rule') rules.push(...rulesOf(item))
    else throw refused(`invalid key ${quoted(item.name)} on line ${item.at.line}`)
  }
  if (length === null) throw refused('"length" is missing')
  if (length < MIN_PASSWORD_LENGTH || length > MAX_PASSWORD_LENGTH) {
    throw refused(`"length" is from ${MIN_PASSWORD_LENGTH} to ${MAX_PASSWORD_LENGTH}`)
  }
  if (rules.length === 0 || rules.length > MAX_PASSWORD_RULES) {
    throw refused(`there are from 1 to ${MAX_PASSWORD_RULES} rules`)
  }
  const asked = rules.reduce((sum, { minimum }) => sum + minimum, 0)
  if (asked > length) throw refused('the rules ask for more characters than "length"')
  return { length, rules }
}

/** `rule "charset" { … }`; in JSON an object by the kind of the rule, or a list of them. */
function rulesOf(item: Item): readonly CharsetRule[] {
  if (item.form === 'block' && item.labels.length === 1) {
    return [charsetRule(item.labels[0]?.text ?? '', item.value)]
  }
  const objects = item.value.kind === 'list' ? item.value.items : [item.value]
  return objects.flatMap((object) => {
    if (object.kind !== 'object') throw refused('a rule is written in braces')
    return object.body.flatMap(({ name, value }) => {
      const values = value.kind === 'list' ? value.items : [value]
      return values.map((one) => charsetRule(name, one))
    })
  })
}

function charsetRule(kind: string, value: Value): CharsetRule {
  if (kind !== 'charset') throw refused(`there is no rule ${quoted(kind)}; it is "charset"`)
  if (value.kind !== 'object') throw refused('a rule is written in braces')
  let characters: readonly string[] = []
  let minimum = 0
  for (const item of value.body) {
    if (item.name === 'charset') characters = [...new Set(text(item.value))]
    else if (item.name === 'min-chars') minimum = wholeNumber(item.value, 'min-chars')
    else throw refused(`invalid key ${quoted(item.name)} on line ${item.at.line}`)
  }
  if (characters.some((one) => /\p{C}/u.test(one))) throw refused('a charset holds a control character')
  if (characters.length === 0 || characters.length > MAX_CHARSET) {
    throw refused(`a charset has from 1 to ${MAX_CHARSET} characters`)
  }
  return { characters, minimum }
}

function text(value: Value): string {
  if (value.kind !== 'text') throw refused(`on line ${value.at.line}, expected a text`)
  return value.text
}

function wholeNumber(value: Value, name: string): number {
  const number = value.kind === 'number' ? value.number : Number.NaN
  if (!Number.isSafeInteger(number) || number < 0) throw refused(`"${name}" is not a whole number from 0`)
  return number
}

function refused(fault: string): OperatingError {
  return new OperatingError('bad_request', `failed to parse password policy: ${fault}`)
}
