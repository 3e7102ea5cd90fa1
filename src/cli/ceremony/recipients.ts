import { fromBase64, toHex } from '../../base/encoding.ts'
import type { Hashing } from '../../custody/share-card.ts'
import type { StatementFacts } from '../statement.ts'

/**
 * Whether the new shares of a statement go to these keys, one a share in their order; to none of a recipient,
 * where there are no keys. By the digests in the statement: what a server shows besides proves nothing. A
 * server without statements cannot be asked.
 */
export function goesTo(pgpKeys: readonly string[], facts: StatementFacts | null, hashing: Hashing): boolean {
  if (facts === null) return true
  const named = facts.recipients?.map((recipient) => recipient.keySha256) ?? []
  const given = pgpKeys.map((key) => toHex(hashing.sha256(fromBase64(key) ?? new Uint8Array())))
  return given.length === named.length && given.every((digest, at) => digest === named[at])
}
