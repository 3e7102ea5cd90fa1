import { Cursor } from './cursor.ts'
import { parseDocument, withLineFeeds } from './document.ts'
import { nextToken, type Token, takeBlanks, takeComment } from './lexer.ts'
import { HclError } from './value.ts'

const INDENT = '  '

/** A word as it was written, or a comment. */
interface Word {
  readonly kind: Token['kind'] | 'comment'
  readonly text: string
  readonly line: number
  readonly lastLine: number
  readonly column: number
}

/**
 * The same document in HCL 1 in one form: two blanks a level, an item a line, at most one empty line between
 * two, `=` below `=`. Comments stay; texts stay to the byte. Throws `HclError`, also for a comment in the
 * middle of an item.
 */
export function formatHcl(text: string, source: string): string {
  parseDocument(text, source)
  const formatter = new Formatter(wordsOf(withLineFeeds(text, source), source), source)
  return formatter.whole()
}

function wordsOf(text: string, source: string): readonly Word[] {
  const cursor = new Cursor(text, source)
  const words: Word[] = []
  for (;;) {
    takeBlanks(cursor)
    const { offset, at } = cursor
    const kind = takeComment(cursor) === '' ? nextToken(cursor).kind : 'comment'
    const taken = cursor.takenSince(offset).replace(/\s+$/, '')
    const lastLine = at.line + taken.split('\n').length - 1
    words.push({ kind, text: taken, line: at.line, lastLine, column: at.column })
    if (kind === 'end') return words
  }
}

/** A line of what is written. `head` and `text` stand on both sides of a `=` that may be moved. */
interface Line {
  readonly head: string | null
  readonly text: string
  /** Whether it follows the line above without a gap and within the same body. */
  readonly joined: boolean
}

class Formatter {
  readonly #words: readonly Word[]
  readonly #source: string
  readonly #lines: Line[] = []
  #at = 0

  constructor(words: readonly Word[], source: string) {
    this.#words = words
    this.#source = source
  }

  whole(): string {
    this.#items('end', '')
    return aligned(this.#lines)
  }

  get #word(): Word {
    return this.#words[this.#at] ?? END
  }

  get #before(): Word {
    return this.#words[this.#at - 1] ?? END
  }

  #take(): Word {
    const word = this.#word
    this.#at++
    return word
  }

  #items(end: 'end' | '}', indent: string): void {
    for (let isFirst = true; this.#word.kind !== end; isFirst = false) {
      if (this.#word.kind === ',') this.#take()
      else {
        this.#gap(isFirst)
        if (this.#word.kind === 'comment') this.#put(indent + this.#take().text)
        else this.#item(indent, isFirst)
      }
    }
  }

  /** Keeps one of the empty lines in front of what comes next. */
  #gap(isFirst: boolean): void {
    if (!isFirst && this.#word.line - this.#before.lastLine > 1) this.#put('')
  }

  #item(indent: string, isFirst: boolean): void {
    const above = this.#before
    const names: string[] = []
    while (this.#word.kind === 'name' || this.#word.kind === 'text') names.push(this.#take().text)
    const head = indent + names.join(' ')
    if (this.#word.kind === '{') {
      this.#body(`${head} {`, indent)
    } else {
      this.#expect('=')
      this.#take()
      const isJoined = !isFirst && above.lastLine + 1 >= this.#before.line
      this.#value(indent, { head, joined: isJoined })
    }
    this.#trailing()
  }

  #value(indent: string, place: Pick<Line, 'head' | 'joined'>): void {
    const { head } = place
    const lead = head === null ? indent : `${head} = `
    if (this.#word.kind === '{') this.#body(`${lead}{`, indent)
    else if (this.#word.kind === '[' && !this.#fitsLine()) this.#list(`${lead}[`, indent)
    else if (this.#word.kind === '[') this.#put(this.#inline(), place, indent)
    else {
      this.#refuseComment()
      this.#put(this.#take().text, place, indent)
    }
  }

  #body(opening: string, indent: string): void {
    this.#take()
    if (this.#word.kind === '}') this.#put(`${opening}}`)
    else {
      this.#put(opening)
      this.#trailing()
      this.#items('}', indent + INDENT)
      this.#put(`${indent}}`)
    }
    this.#take()
  }

  #list(opening: string, indent: string): void {
    this.#take()
    this.#put(opening)
    this.#trailing()
    for (let isFirst = true; this.#word.kind !== ']'; isFirst = false) {
      this.#gap(isFirst)
      if (this.#word.kind === 'comment') this.#put(indent + INDENT + this.#take().text)
      else {
        const isHeredoc = this.#word.kind === 'heredoc'
        this.#value(indent + INDENT, { head: null, joined: false })
        // Behind its last line nothing may stand.
        if (isHeredoc) this.#put(`${indent}${INDENT},`)
        else this.#append(',')
        if (this.#word.kind === ',') this.#take()
        this.#trailing()
      }
    }
    this.#put(`${indent}]`)
    this.#take()
  }

  /** Whether a list stands on one line, of plain values. */
  #fitsLine(): boolean {
    const { line } = this.#word
    for (let at = this.#at + 1; ; at++) {
      const word = this.#words[at] ?? END
      if (word.line !== line || ['comment', 'heredoc', '{', '['].includes(word.kind)) return false
      if (word.kind === ']') return true
    }
  }

  #inline(): string {
    const values: string[] = []
    for (this.#take(); this.#word.kind !== ']'; ) {
      const { kind, text } = this.#take()
      if (kind !== ',') values.push(text)
    }
    this.#take()
    return `[${values.join(', ')}]`
  }

  /** A comment behind something on the same line stays there. */
  #trailing(): void {
    if (this.#word.kind === ',') this.#take()
    const { kind, line } = this.#word
    if (kind === 'comment' && line === this.#before.lastLine) this.#append(` ${this.#take().text}`)
  }

  #put(text: string, { head, joined }: Pick<Line, 'head' | 'joined'> = FREE, indent = ''): void {
    this.#lines.push({ head, text: head === null ? indent + text : text, joined })
  }

  #append(text: string): void {
    const last = this.#lines.pop()
    if (last !== undefined) this.#lines.push({ ...last, text: last.text + text })
  }

  #expect(kind: Word['kind']): void {
    if (this.#word.kind !== kind) this.#refuseComment()
  }

  #refuseComment(): void {
    const { kind, line, column } = this.#word
    if (kind !== 'comment') return
    const fault = 'this comment stands in the middle of something; put it on a line of its own'
    throw new HclError({ source: this.#source, line, column }, fault)
  }
}

const FREE = { head: null, joined: false }
const END: Word = { kind: 'end', text: '', line: 0, lastLine: 0, column: 0 }

/** Of names that follow each other line by line, each as wide as the widest. */
function aligned(lines: readonly Line[]): string {
  const widths: number[] = []
  for (let at = 0; at < lines.length; ) {
    let end = at + 1
    while (lines[at]?.head !== null && isAlignable(lines[end - 1]) && lines[end]?.joined === true) end++
    const width = Math.max(...lines.slice(at, end).map(({ head }) => head?.length ?? 0))
    while (at < end) widths[at++] = width
  }
  return lines
    .map(({ head, text }, at) => (head === null ? text : `${head.padEnd(widths[at] ?? 0)} = ${text}`))
    .map((line) => `${line}\n`)
    .join('')
}

function isAlignable(line: Line | undefined): boolean {
  return line !== undefined && line.head !== null && !line.text.includes('\n')
}
