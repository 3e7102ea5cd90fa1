import { parseCanonicalJson } from '../../base/canonical-json.ts'
import { rfc3339, unixMillis } from '../../base/clock.ts'
import { fromBase64, fromHex, utf8 } from '../../base/encoding.ts'
import { isMembers, type Members } from '../../client/answers.ts'
import type { RekeyStatus } from '../../client/rekey-answers.ts'
import { digestWords, type Hashing, setWords } from '../../custody/share-card.ts'
import { UsageError } from '../failure.ts'

/** What the holders of a rekey agree to, read from the very bytes that they sign. */
export interface StatementFacts {
  /** The first 66 bits of the digest, made here: the server has no say in them. */
  readonly words: string
  /** The sets whose shares may agree. */
  readonly keySets: readonly { readonly number: number; readonly words: string }[]
  readonly isVerified: boolean
  /** Whether the encrypted shares are kept in the store, too. */
  readonly hasBackup: boolean
  /** How the new shares reach their holders: one line each, or one for all. */
  readonly delivery: readonly string[]
  readonly expires: string
}

/** custody.md section 3. */
const DIGEST_LABEL = utf8('conclave statement v1\n')
const FORMAT = 1
/** Every member that this version can show. Agreeing to what cannot be shown is agreeing blindly. */
const KNOWN_MEMBERS: ReadonlySet<string> = new Set([
  ...['backup', 'ceremony_id', 'delivery', 'expires', 'flow', 'format', 'key_sets', 'kind'],
  ...['opened', 'shares', 'store_id', 'threshold', 'verify'],
])

/**
 * Reads the statement of a running rekey; `null` when the server has none. Throws `UsageError` when it cannot
 * be shown as a whole, or when it says something else than the status it came with.
 */
export function readStatement(status: RekeyStatus, hashing: Hashing): StatementFacts | null {
  if (status.statement === '') return null
  const bytes = fromBase64(status.statement)
  const members = bytes === null ? null : parseCanonicalJson(bytes)
  if (bytes === null || !isMembers(members)) throw unfit('cannot be read')
  const unknown = Object.keys(members).find((name) => !KNOWN_MEMBERS.has(name))
  if (unknown !== undefined || members['format'] !== FORMAT) throw unfit('is of a newer kind')
  requireSame(members, status)
  return {
    words: digestWords(hashing.sha256(DIGEST_LABEL, bytes)),
    keySets: setsOf(members['key_sets']),
    isVerified: members['flow'] === 'verified',
    hasBackup: members['backup'] === true,
    delivery: deliveryOf(members['delivery']),
    expires: rfc3339(unixMillis(numberOf(members, 'expires'))),
  }
}

/** A server that shows one thing and lets people sign another is not to be given a share. */
function requireSame(members: Members, status: RekeyStatus): void {
  const isSame =
    members['kind'] === 'rekey' &&
    members['ceremony_id'] === status.nonce &&
    members['shares'] === status.shares &&
    members['threshold'] === status.threshold &&
    members['backup'] === status.backup &&
    (members['flow'] === 'verified') === status.verificationRequired
  if (!isSame) throw unfit('says something else than the status of the same rekey')
}

function setsOf(value: unknown): StatementFacts['keySets'] {
  if (!Array.isArray(value)) throw unfit('names no key set')
  return value.map((set: unknown) => {
    const id = isMembers(set) && typeof set['id'] === 'string' ? fromHex(set['id']) : null
    if (!isMembers(set) || id === null || id.length === 0) throw unfit('names a key set that cannot be read')
    return { number: numberOf(set, 'number'), words: setWords(id) }
  })
}

function deliveryOf(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value]
  throw unfit('has a way of delivery that this version does not know')
}

function numberOf(members: Members, name: string): number {
  const value = members[name]
  if (typeof value !== 'number') throw unfit(`has no ${name}`)
  return value
}

function unfit(what: string): UsageError {
  return new UsageError(`the statement of this rekey ${what}: no share was sent`, {
    code: 'statement_unfit',
    hint: 'Ask whoever runs the server, by another way than this one. A newer "conclave" may show it.',
  })
}
