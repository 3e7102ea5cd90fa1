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
  return json.parse(text, (_name, value, context) => {
    if (typeof value !== 'number' || context.source === undefined) return value
    return String(value) === context.source ? value : json.rawJSON(context.source)
  })
}

/** The literal of a number that `parseExactly` kept raw, or `null` for every other value. */
export function rawNumber(value: unknown): string | null {
  return json.isRawJSON(value) ? value.rawJSON : null
}
