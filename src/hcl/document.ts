import { MAX_HCL_UNITS } from '../base/limits.ts'
import { parseJson } from './json.ts'
import { parseHcl } from './parser.ts'
import { type Body, HclError } from './value.ts'

/**
 * Reads a document in HCL 1 or in JSON, which is told by its first character: no HCL begins with a brace.
 * `source` is what the document is called in errors; `form` which of the two it has to be.
 * Throws `HclError`.
 */
export function parseDocument(text: string, source: string, form: 'either' | 'json' = 'either'): Body {
  const start = { source, line: 1, column: 1 }
  if (text.length > MAX_HCL_UNITS) {
    throw new HclError(start, `is longer than ${MAX_HCL_UNITS} characters, which is the limit`)
  }
  if (text.startsWith('\uFEFF'))
    throw new HclError(start, 'begins with a byte order mark; save it without one')
  if (form === 'json' || /^[ \t\r\n]*\{/.test(text)) return parseJson(text, source)
  return parseHcl(withLineFeeds(text, source), source)
}

/** Line ends of Windows are line ends, also in a text, as in HCL 1; a carriage return alone is nothing. */
export function withLineFeeds(text: string, source: string): string {
  const lines = text.replaceAll('\r\n', '\n')
  const stray = lines.indexOf('\r')
  if (stray < 0) return lines
  const before = lines.slice(0, stray).split('\n')
  const at = { source, line: before.length, column: (before.at(-1)?.length ?? 0) + 1 }
  throw new HclError(at, 'a carriage return stands here without a line feed; write \\r in a text')
}
