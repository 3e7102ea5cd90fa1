import { toHex, utf8 } from '../base/encoding.ts'

/** What V8 has since its version 11.4 (ECMAScript proposal "JSON.parse source text access"). */
interface SourceText {
  rawJSON(literal: string): object
  isRawJSON(value: unknown): value is { readonly rawJSON: string }
  parse(
    text: string,
    reviver: (name: string, value: unknown, context: { source?: string }) => unknown,
  ): unknown
}

// The language's own library lacks the types: the only way to them is this door.
const json = JSON as unknown as SourceText

/**
 * Reads JSON and keeps numbers as they were sent: one that a JavaScript number cannot hold in the same
 * spelling (`1.0`, 2^53 + 1) becomes a raw literal, which `JSON.stringify` writes back as it came. Throws
 * `SyntaxError`.
 */
export function parseExactly(text: string): unknown {
  const names = text.includes('\\') ? disguiseNames(text) : null
  return json.parse(names?.text ?? text, (_name, value, context) => {
    if (names !== null && isObject(value)) return withRealNames(value, names.real)
    if (typeof value !== 'number' || context.source === undefined) return value
    return String(value) === context.source ? value : json.rawJSON(context.source)
  })
}

/** The literal of a number that `parseExactly` kept raw, or `null` for every other value. */
export function rawNumber(value: unknown): string | null {
  return json.isRawJSON(value) ? value.rawJSON : null
}

/**
 * A string, and the colon that makes a name of it. One without an end goes to the end of the text: where it
 * did not match, each quotation mark in it would be tried as a beginning.
 */
const STRING = /("[^"\\]*(?:\\(?:.|$)[^"\\]*)*(?:"|$))(\s*:)?/gs

/**
 * V8 reads a member name with an escape as another one (`"\n"` as a backslash), when it has seen an object
 * with that one in the same place (nodejs/node issue 63785; Node.js 24 and 26): a secret would be shown, or
 * written, under a wrong name. So where there is an escape, names go through the parser as letters and
 * digits.
 */
function disguiseNames(text: string): { readonly text: string; readonly real: ReadonlyMap<string, string> } {
  const real = new Map<string, string>()
  const disguised = text.replace(STRING, (whole, literal: string, colon: string | undefined) => {
    if (colon === undefined) return whole
    // A string alone is no member: what is wrong with it is found here, as everywhere else.
    const name = String(JSON.parse(literal))
    const stand = `n${toHex(utf8(literal))}`
    real.set(stand, name)
    return `"${stand}"${colon}`
  })
  return { text: disguised, real }
}

function withRealNames(value: object, real: ReadonlyMap<string, string>): object {
  const members = Object.entries(value)
  return Object.fromEntries(members.map(([name, inner]) => [real.get(name) ?? name, inner]))
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !json.isRawJSON(value)
}
