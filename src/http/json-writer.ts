import { assert } from '../base/assert.ts'
import { utf8 } from '../base/encoding.ts'
import { type JsonOut, RawJson, SecretText } from '../logical/json.ts'

/** Bytes of an answer. With secrets in it, `wipe` forgets them and the bytes once they have gone out. */
export interface WrittenJson {
  readonly bytes: Uint8Array
  readonly wipe: () => void
}

type Piece = Uint8Array | SecretText

/**
 * One JSON value as Go's encoder writes it: `<`, `>`, `&` escaped, a newline at the end (key-lifecycle.md
 * section 1.1). Secrets are copied byte by byte into one buffer of its own; no string is made of them.
 */
export function writeJson(value: JsonOut): WrittenJson {
  const pieces: Piece[] = []
  try {
    collect(value, pieces)
    pieces.push(utf8('\n'))
    const bytes = join(pieces)
    const secrets = pieces.filter((piece) => piece instanceof SecretText)
    const wipe = (): void => {
      if (secrets.length === 0) return
      wipeSecrets(secrets)
      bytes.fill(0)
    }
    return { bytes, wipe }
  } catch (error) {
    wipeSecrets(pieces)
    throw error
  }
}

function join(pieces: readonly Piece[]): Uint8Array {
  const bytes = Buffer.allocUnsafeSlow(pieces.reduce((total, piece) => total + lengthOf(piece), 0))
  let offset = 0
  for (const piece of pieces) {
    if (piece instanceof SecretText) piece.secret.lend((secret) => bytes.set(secret, offset))
    else bytes.set(piece, offset)
    offset += lengthOf(piece)
  }
  return bytes
}

function wipeSecrets(pieces: readonly Piece[]): void {
  for (const piece of pieces) if (piece instanceof SecretText) piece.secret[Symbol.dispose]()
}

/** Without recursion, so that no answer is too deep to be written. Text in between is gathered first. */
function collect(root: JsonOut, pieces: Piece[]): void {
  let text = ''
  const stack: (JsonOut | Literal)[] = [root]
  while (stack.length > 0) {
    const value = stack.pop()
    assert(value !== undefined, 'every value of an answer is JSON')
    if (value instanceof RawJson || value instanceof SecretText) {
      const quote = value instanceof SecretText ? '"' : ''
      pieces.push(utf8(text + quote), value instanceof RawJson ? value.bytes : value)
      text = quote
    } else if (isLiteral(value)) {
      text += value.literal
    } else if (value === null || typeof value !== 'object') {
      text += escaped(JSON.stringify(value))
    } else {
      // One by one: a call with as many arguments as a long list has items overflows the stack.
      for (const part of unfold(value).reverse()) stack.push(part)
    }
  }
  pieces.push(utf8(text))
}

const LITERAL = Symbol('literal')
interface Literal {
  readonly [LITERAL]: true
  readonly literal: string
}

function literal(text: string): Literal {
  return { [LITERAL]: true, literal: text }
}

function isLiteral(value: unknown): value is Literal {
  return typeof value === 'object' && value !== null && LITERAL in value
}

function unfold(value: readonly JsonOut[] | { readonly [member: string]: JsonOut }): (JsonOut | Literal)[] {
  if (isList(value)) {
    const items = value.flatMap((item, index) => (index === 0 ? [item] : [literal(','), item]))
    return [literal('['), ...items, literal(']')]
  }
  const members = Object.entries(value).flatMap(([name, member], index) => [
    literal(`${index === 0 ? '' : ','}${escaped(JSON.stringify(name))}:`),
    member,
  ])
  return [literal('{'), ...members, literal('}')]
}

function isList(value: object): value is readonly JsonOut[] {
  return Array.isArray(value)
}

const UNSAFE = /[<>&\u2028\u2029]/g

function escaped(json: string): string {
  return json.replace(UNSAFE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

function lengthOf(piece: Piece): number {
  return piece instanceof SecretText ? piece.secret.length : piece.length
}
