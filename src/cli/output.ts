import { rawNumber } from '../client/json-numbers.ts'
import { UsageError } from './failure.ts'
import { type CliIo, put } from './io.ts'

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

  /** Text as it is. */
  async text(text: string): Promise<void> {
    await put(this.#io, text)
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
  const cells = lines.map((line) => line.map((cell) => (cell === '' ? 'n/a' : cell)))
  const widths = (cells[0] ?? []).map((_, column) => columnWidth(cells, column))
  const last = widths.length - 1
  return cells
    .map((line) => line.map((cell, at) => (at === last ? cell : cell.padEnd(widths[at] ?? 0))).join(''))
    .map((line) => `${line}\n`)
    .join('')
}

/** Of a column but the last, with the gap behind it. */
export function columnWidth(lines: readonly (readonly string[])[], column: number): number {
  return Math.max(...lines.map((line) => line[column]?.length ?? 0)) + GAP
}

/** A value as JSON with two blanks of indent, or as YAML. Ends with a line end. */
export async function renderValue(format: Exclude<Format, 'table'>, value: unknown): Promise<string> {
  if (format !== 'yaml') return `${JSON.stringify(value, null, 2)}\n`
  // Loaded only when asked for: starting quickly matters more.
  const { stringify } = await import('yaml')
  return stringify(plainNumbers(value))
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
