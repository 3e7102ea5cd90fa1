import { utf8 } from '../base/encoding.ts'
import { SecretBytes } from '../base/secret-bytes.ts'
import { type CliIo, type OutputStream, putSafely } from './io.ts'
import { columnWidth, type Format } from './output.ts'
import { visible, visibleJson } from './visible.ts'

/** Text with secrets between: joined as bytes, so that no string is made of a secret. */
export type Piece = string | SecretBytes

/** A member of an answer that holds secrets: they are ASCII text that needs no escape in JSON or YAML. */
export type SecretMember =
  | { readonly name: string; readonly secret: SecretBytes }
  | { readonly name: string; readonly secrets: readonly SecretBytes[] }
  | { readonly name: string; readonly value: PublicValue }

type PublicValue =
  | string
  | number
  | boolean
  | null
  | readonly string[]
  | { readonly [member: string]: string | number }

/**
 * Writes pieces to standard output and wipes the joined copy once the stream has taken it. Throws
 * `OutputError` when not all of them are safely out.
 */
export async function putSecret(io: CliIo, pieces: readonly Piece[]): Promise<void> {
  await writeSecret(io.stdout, pieces)
}

/** The same on another stream. */
export async function writeSecret(stream: OutputStream, pieces: readonly Piece[]): Promise<void> {
  const bytes = join(pieces)
  try {
    await putSafely(stream, bytes)
  } finally {
    bytes.fill(0)
  }
}

/** An object with secrets in it, as indented JSON or YAML, in the order given. */
export function renderMembers(
  format: Exclude<Format, 'table'>,
  members: readonly SecretMember[],
): readonly Piece[] {
  return [...renderFirst(format, members), ...renderRest(format, [])]
}

/** The beginning of such an object: what must be out before the rest can be known. */
export function renderFirst(
  format: Exclude<Format, 'table'>,
  members: readonly SecretMember[],
): readonly Piece[] {
  if (format === 'yaml') return members.flatMap(yamlMember)
  return ['{\n', ...members.flatMap((member, at) => [at === 0 ? '' : ',\n', ...jsonMember(member)])]
}

/** The end of an object that has a beginning: more members, or none. */
export function renderRest(
  format: Exclude<Format, 'table'>,
  members: readonly SecretMember[],
): readonly Piece[] {
  if (format === 'yaml') return members.flatMap(yamlMember)
  return [...members.flatMap((member) => [',\n', ...jsonMember(member)]), '\n}\n']
}

/** A row of a table whose value may be a secret. */
export type SecretRow = readonly [key: string, value: string | SecretBytes]

/** A table without a header, with secrets in it. An empty value prints `n/a`. */
export function renderSecretFacts(rows: readonly SecretRow[]): readonly Piece[] {
  const width = columnWidth(
    rows.map(([key]) => [key]),
    0,
  )
  return rows.flatMap(([key, value]): readonly Piece[] => [
    key.padEnd(width),
    value === '' ? 'n/a' : value,
    '\n',
  ])
}

function jsonMember(member: SecretMember): readonly Piece[] {
  const name = `  ${JSON.stringify(member.name)}: `
  if ('value' in member)
    return [name + visibleJson(JSON.stringify(member.value, null, 2)).replaceAll('\n', '\n  ')]
  if ('secret' in member) return [`${name}"`, member.secret, '"']
  if (member.secrets.length === 0) return [`${name}[]`]
  const items = member.secrets.flatMap((secret, at): readonly Piece[] => [
    at === 0 ? '    "' : '",\n    "',
    secret,
  ])
  return [`${name}[\n`, ...items, '"\n  ]']
}

function yamlMember(member: SecretMember): readonly Piece[] {
  // Double quotes: hex of digits alone would be read as a number. JSON's scalars are YAML's.
  if ('value' in member) return [`${member.name}: ${visibleJson(JSON.stringify(member.value))}\n`]
  if ('secret' in member) return [`${member.name}: "`, member.secret, '"\n']
  if (member.secrets.length === 0) return [`${member.name}: []\n`]
  return [
    `${member.name}:\n`,
    ...member.secrets.flatMap((secret): readonly Piece[] => ['  - "', secret, '"\n']),
  ]
}

function join(pieces: readonly Piece[]): Uint8Array {
  const parts = pieces.map((piece) => (piece instanceof SecretBytes ? piece : utf8(visible(piece))))
  const bytes = Buffer.allocUnsafeSlow(parts.reduce((total, part) => total + part.length, 0))
  let offset = 0
  for (const part of parts) {
    if (part instanceof SecretBytes) {
      part.lend((secret) => bytes.set(secret, offset))
      hideOthers(bytes.subarray(offset, offset + part.length))
    } else bytes.set(part, offset)
    offset += part.length
  }
  return bytes
}

/** Secrets are ASCII text: what else a server sends in their place does not reach a terminal. In place. */
function hideOthers(secret: Uint8Array): void {
  for (const [at, byte] of secret.entries()) {
    const isText = byte === LINE_END || (byte >= 0x20 && byte < 0x7f)
    if (!isText) secret[at] = QUESTION_MARK
  }
}

const LINE_END = 0x0a
const QUESTION_MARK = 0x3f
