import { closingIndex, type Token, tokensOf } from './tokens.ts'

export interface FunctionSize {
  readonly name: string
  /** Of its first line, from 1. */
  readonly line: number
  readonly lines: number
}

/** Words in front of a bracket that begin a block and no function. */
const CONTROL = new Set(['if', 'for', 'while', 'switch', 'catch', 'with'])
/** What cannot stand between the parameters of a function and its body. */
const STATEMENT = new Set([
  'class',
  'const',
  'export',
  'for',
  'function',
  'if',
  'interface',
  'let',
  'return',
  'switch',
])

/** Every function, method and arrow with a body in braces, from the line of its name to its closing brace. */
export function functionsOf(source: string): readonly FunctionSize[] {
  const tokens = tokensOf(source)
  return tokens.flatMap((token, index) => {
    if (token.kind !== 'mark') return []
    if (token.text === '=>' && tokens[index + 1]?.text === '{') return [size(tokens, index, index + 1)]
    if (token.text !== '(' || CONTROL.has(tokens[index - 1]?.text ?? '')) return []
    const body = bodyAfter(tokens, closingIndex(tokens, index))
    return body === null ? [] : [size(tokens, Math.max(index - 1, 0), body)]
  })
}

function size(tokens: readonly Token[], start: number, body: number): FunctionSize {
  const first = tokens[start]
  const last = tokens[closingIndex(tokens, body)] ?? tokens.at(-1)
  const line = first?.line ?? 1
  return { name: first?.text ?? '', line, lines: (last?.line ?? line) - line + 1 }
}

/** The brace that opens the body behind a parameter list that ends at `close`; `null` where there is none. */
function bodyAfter(tokens: readonly Token[], close: number): number | null {
  const next = tokens[close + 1]?.text
  if (next === '{') return close + 1
  if (next !== ':') return null
  for (let index = close + 2; index < tokens.length; index++) {
    const token = tokens[index]
    const text = token?.text ?? ''
    if (token?.kind === 'word' && STATEMENT.has(text)) return null
    if (token?.kind !== 'mark') continue
    if (text === '(' || text === '[') index = closingIndex(tokens, index)
    else if (text === '{') {
      // A type in braces stands behind a mark; a body stands behind a whole type.
      if (![':', '|', '&', '<', ',', '=>'].includes(tokens[index - 1]?.text ?? '')) return index
      index = closingIndex(tokens, index)
    } else if ([';', ')', ']', '}', '=', '=>'].includes(text)) return null
  }
  return null
}
