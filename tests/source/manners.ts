import { type Token, tokensOf } from './tokens.ts'

/** A form that is not to be written, and where. */
export interface Offence {
  readonly what: string
  readonly line: number
}

/** Language that we do not write anywhere in src: docs/style.md section 10. */
export function bannedLanguage(source: string): readonly Offence[] {
  return scan(source, (at) => {
    if (at(0) === 'export' && at(1) === 'default') return 'a default export'
    if (at(0) === 'as' && at(1) === 'default') return 'a default export'
    if (at(0) === 'enum' && at(2) === '{') return 'an enum'
    if ((at(0) === 'namespace' || at(0) === 'module') && at(2) === '{') return 'a namespace'
    if (at(0) === 'any' && at(-1) !== '.' && at(1) !== '(' && at(1) !== ':') return 'any'
    return null
  })
}

const AMBIENT_MEMBERS: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ['Date', new Set(['now'])],
  ['performance', new Set(['now', 'timeOrigin'])],
  ['process', new Set(['env', 'exit', 'hrtime'])],
  ['Math', new Set(['random'])],
  ['crypto', new Set(['subtle', 'getRandomValues', 'randomUUID'])],
])
const AMBIENT_GLOBALS = new Set(['setTimeout', 'setInterval'])
const AMBIENT_WORDS = new Set(['randomBytes', 'randomFillSync', 'randomUUID', 'getRandomValues', 'webcrypto'])

/**
 * Time, randomness, environment and output that come from nowhere: they enter as ports (docs/style.md section
 * 8).
 */
export function ambientCalls(source: string): readonly Offence[] {
  return scan(source, (at) => {
    const [word, mark, member] = [at(0), at(1), at(2)]
    if (word === undefined) return null
    const members = AMBIENT_MEMBERS.get(word)
    if ((mark === '.' || mark === '?.') && members?.has(member ?? '')) return `${word}.${member}`
    // By a name in brackets, or taken apart: what is reached cannot be seen, so neither is written.
    if (members !== undefined && (mark === '[' || (at(-1) === '=' && at(-2) === '}'))) return word
    if (word === 'console' && (mark === '.' || mark === '?.' || mark === '[')) return 'console'
    if (word === 'Date' && at(-1) === 'new' && (mark !== '(' || member === ')')) return 'new Date()'
    const isMember = at(-1) === '.' && at(-2) !== 'globalThis'
    if (AMBIENT_GLOBALS.has(word) && mark === '(' && !isMember) return word
    return AMBIENT_WORDS.has(word) ? word : null
  })
}

function scan(
  source: string,
  judge: (at: (offset: number) => string | undefined) => string | null,
): readonly Offence[] {
  const tokens: readonly Token[] = tokensOf(source)
  return tokens.flatMap((token, index) => {
    if (token.kind !== 'word') return []
    const what = judge((offset) => {
      const found = tokens[index + offset]
      return found?.kind === 'string' || found?.kind === 'template' ? "''" : found?.text
    })
    return what === null ? [] : [{ what, line: token.line }]
  })
}

/** Regular expressions made while the program runs: of what somebody sends, they may run for hours. */
export function patternsMade(source: string): readonly Offence[] {
  return scan(source, (at) => (at(0) === 'RegExp' && at(1) === '(' ? 'RegExp' : null))
}
