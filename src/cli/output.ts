import { rawNumber } from '../client/json-numbers.ts'
import { UsageError } from './failure.ts'
import { type CliIo, put } from './io.ts'
import { isVisibleLine, visible, visibleJson, visibleLine } from './visible.ts'

export const FORMATS = ['table', 'json', 'pretty', 'yaml', 'raw'] as const
export type Format = (typeof FORMATS)[number]

/** A row of a table: what it is, and its value. An empty value prints `n/a`. */
export type Row = readonly [key: string, value: string]

/** Two blanks more than most: the peers' tables have four between columns. */
const GAP = 4

/** Reads `-format`. Throws `UsageError` that lists what there is. */
export function parseFormat(text: string): Format {
  const format = FORMATS.find((known) => known === text.toLowerCase())
  if (format === undefined) {
    throw new UsageError(`invalid value for flag -format: give one of ${FORMATS.join(', ')}`)
  }
  return format
}

/** Data on standard output in the form that was asked for. */
export class Output {
  readonly format: Format
  readonly #io: CliIo

  constructor(io: CliIo, format: Format) {
    this.#io = io
    this.format = format
  }

  /** The rows as a table, or `value` in one of the other forms. */
  async data(rows: readonly Row[], value: unknown): Promise<void> {
    await this.#either(() => renderTable(rows), value)
  }

  /** The rows as a table without a header, or `value` in one of the other forms. */
  async facts(rows: readonly Row[], value: unknown): Promise<void> {
    await this.#either(() => renderFacts(rows), value)
  }

  /** A table of more columns, the first line of `lines` its header, or `value` in another form. */
  async grid(lines: readonly (readonly string[])[], value: unknown): Promise<void> {
    await this.#either(() => renderGrid(lines), value)
  }

  /** Text for people, or a value that was rendered: nothing in it steers a terminal. */
  async text(text: string): Promise<void> {
    await put(this.#io, visible(text))
  }

  /** Text that programs and files get as it is; on a terminal as `text`. */
  async exact(text: string): Promise<void> {
    await put(this.#io, this.#io.tty.stdout ? visible(text) : text)
  }

  /** JSON as a server sent it; on a terminal nothing in it steers. */
  async json(body: Uint8Array): Promise<void> {
    await put(this.#io, this.#io.tty.stdout ? visibleJson(new TextDecoder().decode(body)) : body)
  }

  async #either(table: () => string, value: unknown): Promise<void> {
    await this.text(this.format === 'table' ? table() : await renderValue(this.format, value))
  }
}

/** key-lifecycle.md section 10.1: a header, its rule, and at least four blanks between columns. */
export function renderTable(rows: readonly Row[]): string {
  return renderGrid([['Key', 'Value'], ...rows])
}

/** A table without a header. */
export function renderFacts(rows: readonly Row[]): string {
  return renderLines(rows)
}

/** Columns as wide as their longest cell, with a rule under the first line. An empty cell prints `n/a`. */
export function renderGrid(lines: readonly (readonly string[])[]): string {
  const [header = [], ...rows] = lines
  return renderLines([header, header.map((title) => '-'.repeat(title.length)), ...rows])
}

function renderLines(lines: readonly (readonly string[])[]): string {
  const last = (lines[0] ?? []).length - 1
  // A value may have several lines. A key with a line end in it would look like two rows.
  const shown = (cell: string, at: number): string =>
    at === last && last > 0 ? visible(cell) : visibleLine(cell)
  const cells = lines.map((line) => line.map((cell, at) => (cell === '' ? 'n/a' : shown(cell, at))))
  const widths = (cells[0] ?? []).map((_, column) => columnWidth(cells, column))
  return cells
    .map((line) => line.map((cell, at) => (at === last ? cell : cell.padEnd(widths[at] ?? 0))).join(''))
    .map((line) => `${line}\n`)
    .join('')
}

/** Of a column but the last, with the gap behind it. */
export function columnWidth(lines: readonly (readonly string[])[], column: number): number {
  return Math.max(...lines.map((line) => line[column]?.length ?? 0)) + GAP
}

/** A value as JSON with two blanks of indent, or as YAML. What steers a terminal is an escape of theirs. */
export async function renderValue(format: Exclude<Format, 'table'>, value: unknown): Promise<string> {
  if (format !== 'yaml') return `${visibleJson(JSON.stringify(value, null, 2))}\n`
  // Loaded only when asked for: starting quickly matters more.
  const { Document, visit } = await import('yaml')
  const document = new Document(plainNumbers(value))
  visit(document, {
    Scalar: (_, node) => {
      // Only in double quotes YAML has escapes, and those of JSON among them.
      if (typeof node.value === 'string' && !isVisibleLine(node.value.replace(/[\n\t]/g, '')))
        node.type = 'QUOTE_DOUBLE'
    },
  })
  return visibleJson(document.toString())
}

/** One value for a cell of a table, or for `-field`: text as it is, the rest as JSON. */
export function renderCell(value: unknown): string {
  if (typeof value === 'string') return value
  return JSON.stringify(value) ?? ''
}

/** YAML knows nothing of raw literals: whole numbers keep every digit, others become the nearest number. */
function plainNumbers(value: unknown): unknown {
  const literal = rawNumber(value)
  if (literal !== null) return /^-?\d+$/.test(literal) ? BigInt(literal) : Number(literal)
  if (Array.isArray(value)) return value.map(plainNumbers)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, plainNumbers(member)]))
}
