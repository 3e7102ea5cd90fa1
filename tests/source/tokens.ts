/**
 * One token of TypeScript source. Comments are no tokens; a template is one token a piece, its holes are
 * code.
 */
export interface Token {
  readonly kind: 'word' | 'number' | 'string' | 'template' | 'regex' | 'mark'
  /** For a string the characters between the quotes, for the other kinds the text as written. */
  readonly text: string
  /** From 1. */
  readonly line: number
}

const WORD = /[\p{ID_Start}$_#][\p{ID_Continue}$\u200c\u200d]*/uy
const NUMBER = /\d[\w.]*/y
const STRING = /'(?:[^'\\\n]|\\[\s\S])*'|"(?:[^"\\\n]|\\[\s\S])*"/y
const REGEX = /\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/y
const TEMPLATE_PIECE = /(?:[^`\\$]|\\[\s\S]|\$(?!\{))*(?:`|\$\{)/y
const MARK = /=>|\.\.\.|\?\.|./suy
const SKIPPED = /\s+|\/\/[^\n]*|\/\*[\s\S]*?\*\/|^#![^\n]*/y

/** Words after which a slash begins a regular expression and does not divide. */
const BEFORE_VALUE = new Set([
  'return',
  'typeof',
  'case',
  'in',
  'of',
  'void',
  'throw',
  'await',
  'yield',
  'new',
  'else',
  'do',
  'delete',
  'instanceof',
])

/**
 * Reads source that the compiler has accepted. It is no parser: it only knows what is code and what is not.
 */
export function tokensOf(source: string): readonly Token[] {
  const tokens: Token[] = []
  /** Open braces; true for those of a template's hole. */
  const braces: boolean[] = []
  let at = 0
  let line = 1

  const take = (pattern: RegExp): string | null => {
    pattern.lastIndex = at
    const text = pattern.exec(source)?.[0] ?? null
    if (text !== null) at += text.length
    return text
  }
  const push = (kind: Token['kind'], text: string, shown = text): void => {
    tokens.push({ kind, text: shown, line })
    line += text.split('\n').length - 1
  }
  const takeTemplatePiece = (): void => {
    const piece = take(TEMPLATE_PIECE)
    if (piece === null) throw new Error(`line ${line}: a template without an end`)
    push('template', piece)
    if (piece.endsWith('${')) braces.push(true)
  }

  while (at < source.length) {
    const skipped = take(SKIPPED)
    if (skipped !== null) {
      line += skipped.split('\n').length - 1
      continue
    }
    const word = take(WORD)
    if (word !== null) {
      push('word', word)
      continue
    }
    const number = take(NUMBER)
    if (number !== null) {
      push('number', number)
      continue
    }
    const string = take(STRING)
    if (string !== null) {
      push('string', string, string.slice(1, -1))
      continue
    }
    const regex = beginsValue(tokens.at(-1)) ? take(REGEX) : null
    if (regex !== null) {
      push('regex', regex)
      continue
    }
    const mark = take(MARK) ?? ''
    if (mark === '`') {
      takeTemplatePiece()
    } else if (mark === '}' && braces.pop() === true) {
      takeTemplatePiece()
    } else {
      if (mark === '{') braces.push(false)
      push('mark', mark)
    }
  }
  return tokens
}

function beginsValue(before: Token | undefined): boolean {
  if (before === undefined) return true
  if (before.kind === 'word') return BEFORE_VALUE.has(before.text)
  return before.kind === 'mark' && ![')', ']', '}'].includes(before.text)
}

/** The index of the mark that closes the one at `open`, or the end. */
export function closingIndex(tokens: readonly Token[], open: number): number {
  const pairs = new Map([
    ['(', ')'],
    ['[', ']'],
    ['{', '}'],
  ])
  const left = tokens[open]?.text ?? ''
  const right = pairs.get(left)
  let depth = 0
  for (let index = open; index < tokens.length; index++) {
    const token = tokens[index]
    if (token?.kind !== 'mark') continue
    if (token.text === left) depth++
    if (token.text === right) depth--
    if (depth === 0) return index
  }
  return tokens.length
}
