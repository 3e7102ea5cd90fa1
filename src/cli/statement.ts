import { parseCanonicalJson } from '../base/canonical-json.ts'
import { rfc3339, unixMillis } from '../base/clock.ts'
import { fromBase64, fromHex, utf8 } from '../base/encoding.ts'
import { isMembers, type Members, text } from '../client/answers.ts'
import { digestWords, type Hashing, setWords } from '../custody/share-card.ts'
import { UsageError } from './failure.ts'

/** What the holders of a ceremony agree to, from the very bytes that they sign (custody.md section 3). */
export interface StatementFacts {
  /** The first 66 bits of the digest as six words, made here: the server has no say in them. */
  readonly words: string
  /** The sets whose shares may agree. */
  readonly keySets: readonly { readonly id: string; readonly number: number; readonly words: string }[]
  /** RFC 3339. */
  readonly expires: string
  /** Of new shares. */
  readonly verify: string
  /** To whom new shares go, one a share; `null` where they go to whoever gives the last old share. */
  readonly recipients: readonly RecipientFacts[] | null
  /** Who will be able to read a root token; `null` where none is made. */
  readonly tokenReader: string | null
}

export interface RecipientFacts {
  readonly fingerprint: string
  /** In hex: no other key can be put in its place. */
  readonly keySha256: string
}

const DIGEST_LABEL = utf8('conclave statement v1\n')
const FORMAT = 1
const IN_THE_CLEAR = 'clear to the request that completes it'
/** Every member that this version can show. Agreeing to what cannot be shown is agreeing blindly. */
const KNOWN_MEMBERS: ReadonlySet<string> = new Set([
  ...['backup', 'ceremony_id', 'delivery', 'expires', 'flow', 'format', 'key_sets', 'kind'],
  ...['opened', 'shares', 'store_id', 'threshold', 'token', 'verify'],
])

/**
 * Reads the statement of a running ceremony, base64; `null` when the server has none. `expected` is what it
 * has to say besides: a server that shows one thing and lets people sign another is not to be given a share.
 * Throws `UsageError` when it says something else, or cannot be shown as a whole.
 */
export function readStatement(base64: string, hashing: Hashing, expected: Members): StatementFacts | null {
  if (base64 === '') return null
  const bytes = fromBase64(base64)
  const members = bytes === null ? null : parseCanonicalJson(bytes)
  if (bytes === null || !isMembers(members)) throw unfit('cannot be read')
  const unknown = Object.keys(members).find((name) => !KNOWN_MEMBERS.has(name))
  if (unknown !== undefined || members['format'] !== FORMAT) throw unfit('is of a newer kind')
  const other = Object.keys(expected).find((name) => members[name] !== expected[name])
  if (other !== undefined) throw unfit(`says something else than the status does ("${other}")`)
  return {
    words: digestWords(hashing.sha256(DIGEST_LABEL, bytes)),
    keySets: setsOf(members['key_sets']),
    expires: rfc3339(unixMillis(numberOf(members, 'expires'))),
    verify: text(members, 'verify'),
    recipients: recipientsOf(members['delivery']),
    tokenReader: tokenReaderOf(members['token']),
  }
}

function setsOf(value: unknown): StatementFacts['keySets'] {
  if (!Array.isArray(value) || value.length === 0) throw unfit('names no key set')
  return value.map((set: unknown) => {
    const members = isMembers(set) ? set : {}
    const id = fromHex(text(members, 'id'))
    if (id === null || id.length === 0) throw unfit('names a key set that cannot be read')
    return { id: text(members, 'id'), number: numberOf(members, 'number'), words: setWords(id) }
  })
}

function recipientsOf(value: unknown): readonly RecipientFacts[] | null {
  if (value === undefined || value === IN_THE_CLEAR) return null
  if (!Array.isArray(value)) throw unfit('has a way of delivery that this version does not know')
  return value.map(recipientOf)
}

function recipientOf(value: unknown): RecipientFacts {
  if (!isMembers(value) || value['kind'] !== 'openpgp') {
    throw unfit('names a recipient that this version does not know')
  }
  return { fingerprint: text(value, 'fingerprint'), keySha256: text(value, 'key_sha256') }
}

function tokenReaderOf(value: unknown): string | null {
  if (value === undefined) return null
  if (isMembers(value) && value['kind'] === 'otp') return 'who has the one-time password of its start'
  return `who has the key ${recipientOf(value).fingerprint}`
}

function numberOf(members: Members, name: string): number {
  const value = members[name]
  if (typeof value !== 'number') throw unfit(`has no ${name}`)
  return value
}

function unfit(what: string): UsageError {
  return new UsageError(`the statement of this ceremony ${what}: no share was sent`, {
    code: 'statement_unfit',
    hint: 'Ask whoever runs the server, by another way than this one. A newer "conclave" may show it.',
  })
}
