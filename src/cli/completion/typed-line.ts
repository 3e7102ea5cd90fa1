/** A line as far as it has been typed, in the words that the shell makes of it. */
export interface TypedLine {
  /** The whole words behind the program's name. */
  readonly words: readonly string[]
  /** What is being typed, up to the cursor; empty behind a blank. */
  readonly current: string
  /** How much of `current` the shell keeps: it puts a candidate in the place of what stands behind. */
  readonly kept: number
  /** The quote that is open at the cursor; empty for none. */
  readonly quote: string
}

export const SHELLS = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof SHELLS)[number]

/**
 * Reads what a completion script sends: from bash its word breaks, a NUL and the line up to the cursor; from
 * fish the line and a line end; from zsh the words, each with a NUL behind it. Nothing is expanded, let alone
 * run.
 */
export function readTypedLine(shell: Shell, sent: string): TypedLine {
  // fish replaces whole words.
  if (shell === 'fish') return { ...split(sent.replace(/\n$/, ''), { breaks: '', escapable: FISH }), kept: 0 }
  if (shell === 'bash') {
    const mark = sent.indexOf('\0')
    return split(sent.slice(mark + 1), { breaks: sent.slice(0, Math.max(mark, 0)), escapable: POSIX })
  }
  const words = sent.split('\0').slice(0, -1)
  return { words: words.slice(1, -1), current: words.at(-1) ?? '', kept: 0, quote: '' }
}

interface Reading {
  /** Unquoted, one of these begins what the shell replaces. */
  readonly breaks: string
  /** By the quote one is in: what a backslash takes its meaning from. `null`: everything. */
  readonly escapable: ReadonlyMap<string, string | null>
}

/** POSIX.1-2017, Shell & Utilities, section 2.2. */
const POSIX: Reading['escapable'] = new Map([
  ['', null],
  ["'", ''],
  ['"', '$`"\\\n'],
])

/** fish's manual, "Quotes". */
const FISH: Reading['escapable'] = new Map([
  ['', null],
  ["'", "'\\"],
  ['"', '$"\\\n'],
])

const BLANKS = ' \t\n'

function split(line: string, { breaks, escapable }: Reading): TypedLine {
  const words: string[] = []
  let word: string | null = null
  let kept = 0
  let quote = ''
  for (let at = 0; at < line.length; at++) {
    const character = line.charAt(at)
    if (character === '\\' && isEscapable(escapable.get(quote), line.charAt(at + 1))) {
      at++
      word = (word ?? '') + line.charAt(at)
    } else if (quote === '' && BLANKS.includes(character)) {
      if (word !== null) words.push(word)
      word = null
      kept = 0
    } else if (character === quote || (quote === '' && (character === '"' || character === "'"))) {
      quote = quote === '' ? character : ''
      word ??= ''
      // Of a word with a quote in it, the shell replaces what stands behind the last one.
      kept = word.length
    } else {
      word = (word ?? '') + character
      if (quote === '' && breaks.includes(character)) kept = word.length
    }
  }
  return { words: words.slice(1), current: word ?? '', kept, quote }
}

function isEscapable(escapable: string | null | undefined, character: string): boolean {
  return escapable === null || (character !== '' && (escapable ?? '').includes(character))
}
