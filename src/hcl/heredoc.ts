import type { Cursor } from './cursor.ts'

const OPENING = /<<-?/y
const LINE_END = /\n/y
const ANCHOR = /[\p{L}\p{Nd}_]+/uy
const INDENT = /^[ \t\v\f]*/

/**
 * Reads a text of several lines, `<<END` to a line `END`, or with `<<-END` less the indentation of that last
 * line. In both the closing line may be indented. Throws `HclError`.
 */
export function readHeredoc(cursor: Cursor): string {
  const { at } = cursor
  const opening = cursor.take(OPENING)
  const anchor = opening === '' ? '' : cursor.take(ANCHOR)
  if (anchor === '' || cursor.take(LINE_END) === '') {
    throw cursor.error('a text of several lines begins with <<END alone at the end of its line', at)
  }
  const isIndented = opening.endsWith('-')
  const lines: string[] = []
  for (;;) {
    const here = cursor.at
    const line = cursor.takeThrough('\n')
    if (line === null)
      throw cursor.error(`no line "${anchor}", with a line end behind it, closes this text`, at)
    const indent = INDENT.exec(line)?.[0] ?? ''
    if (line.slice(indent.length, -1) !== anchor) {
      lines.push(line)
      continue
    }
    // HCL 1 reads on here, past what looks like the end: a text that swallows what follows it.
    if (isIndented && indent === '') {
      throw cursor.error(`behind <<-${anchor} the closing "${anchor}" has to be indented`, here)
    }
    return isIndented ? unindent(lines, indent) : lines.join('') + indent
  }
}

/** Takes the closing line's indentation from every line; from none when a single one has less. */
function unindent(lines: readonly string[], indent: string): string {
  if (lines.every((line) => line.startsWith(indent))) {
    return lines.map((line) => line.slice(indent.length)).join('')
  }
  return lines.join('') + withoutTrailingBlanks(indent.slice(0, -1))
}

/** Of spaces and tabs only, as HCL 1 has it. */
function withoutTrailingBlanks(indent: string): string {
  return indent.replace(/[ \t]+$/, '')
}
