import { closingIndex, type Token, tokensOf } from './tokens.ts'

export interface Import {
  /** As written; `null` for one that is computed, which no wall can judge. */
  readonly specifier: string | null
  /** Of a worker, by `new URL`. */
  readonly isThread: boolean
  readonly line: number
}

/**
 * Everything by which one module reaches another: `import … from`, `import '…'`, `import type`, `import x =
 * require`, `export … from`, `import('…')` as a value and as a type, `require`, `import.meta.resolve`,
 * `process.getBuiltinModule`, and `new URL('….ts', import.meta.url)`, which names the file of a worker.
 */
export function importsOf(source: string): readonly Import[] {
  const tokens = tokensOf(source)
  return tokens.flatMap((token, index) => {
    const specifier = specifierAt(tokens, index)
    if (specifier === undefined) return []
    return [{ specifier, isThread: token.text === 'URL', line: token.line }]
  })
}

/** `undefined` where no import begins. */
function specifierAt(tokens: readonly Token[], index: number): string | null | undefined {
  const token = tokens[index]
  if (token?.kind !== 'word') return undefined
  const next = tokens[index + 1]
  const isMember = tokens[index - 1]?.text === '.' || tokens[index - 1]?.text === '?.'
  switch (token.text) {
    case 'import':
      if (isMember || next?.text === '.') return undefined
      if (next?.kind === 'string') return next.text
      return next?.text === '(' ? argument(tokens, index + 1) : afterFrom(tokens, index)
    case 'export':
      if (next?.text === 'type') return reExport(tokens, index + 2)
      return reExport(tokens, index + 1)
    case 'require':
      return next?.text === '(' ? argument(tokens, index + 1) : undefined
    case 'resolve':
      return isMember && tokens[index - 2]?.text === 'meta' ? argument(tokens, index + 1) : undefined
    case 'getBuiltinModule':
      return next?.text === '(' ? argument(tokens, index + 1) : undefined
    case 'URL':
      return fileBeside(tokens, index + 1)
    default:
      return undefined
  }
}

/** The first argument, when it is a literal and nothing is done to it. */
function argument(tokens: readonly Token[], open: number): string | null {
  const [value, behind] = tokens.slice(open + 1, open + 3)
  if (behind?.text !== ')' && behind?.text !== ',') return null
  if (value?.kind === 'string') return value.text
  if (value?.kind === 'template' && !value.text.endsWith('${')) return value.text.slice(0, -1)
  return null
}

/** What stands behind `from` of an import statement; `import x = require(…)` is found at its `require`. */
function afterFrom(tokens: readonly Token[], start: number): string | undefined {
  for (let index = start + 1; index < tokens.length; index++) {
    const token = tokens[index]
    if (token?.text === '=') return undefined
    if (token?.text === '{') index = closingIndex(tokens, index)
    else if (token?.kind === 'string') return token.text
  }
  return undefined
}

function reExport(tokens: readonly Token[], start: number): string | undefined {
  const first = tokens[start]?.text
  if (first === '*') return afterFrom(tokens, start)
  if (first !== '{') return undefined
  const from = closingIndex(tokens, start) + 1
  return tokens[from]?.text === 'from' && tokens[from + 1]?.kind === 'string'
    ? tokens[from + 1]?.text
    : undefined
}

/** `new URL('./writer.ts', import.meta.url)`; URLs of other files and of hosts are no imports. */
function fileBeside(tokens: readonly Token[], open: number): string | null | undefined {
  if (tokens[open]?.text !== '(') return undefined
  const given = tokens.slice(open + 1, closingIndex(tokens, open))
  const base = given.findIndex(({ text }, index) => text === 'import' && given[index + 2]?.text === 'meta')
  if (base === -1) return undefined
  const file = argument(tokens, open)
  return file === null || /\.[cm]?[jt]s$/.test(file) ? file : undefined
}
