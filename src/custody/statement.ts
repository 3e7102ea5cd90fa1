import { canonicalJson, type RecordValue } from '../base/canonical-json.ts'
import type { UnixMillis } from '../base/clock.ts'
import { toHex, utf8 } from '../base/encoding.ts'
import type { Primitives } from '../crypto/primitives.ts'

export const STATEMENT_FORMAT = 1

/** What a ceremony is about, as its holders sign it (custody.md section 3). */
export interface Statement {
  readonly kind: 'init' | 'unseal' | 'rekey' | 'retire'
  /** The API's `nonce`. */
  readonly ceremonyId: string
  readonly storeId: Uint8Array
  /** The sets whose holders may agree: one, or two while one is retiring. */
  readonly keySets: readonly { readonly id: Uint8Array; readonly number: number }[]
  readonly opened: UnixMillis
  readonly expires: UnixMillis
  /** For a deal of new shares: what will be dealt, and to whom it goes. */
  readonly deal: DealTerms | null
}

export interface DealTerms {
  readonly shares: number
  readonly threshold: number
  readonly flow: 'direct'
  /** How new shares reach their holders. */
  readonly delivery: 'clear to the request that completes it'
}

/** The exact bytes that are hashed, kept and shown: RFC 8785 JSON of ASCII, integers and lower-case hex. */
export function encodeStatement(statement: Statement): Uint8Array {
  const members: Record<string, RecordValue> = {
    ceremony_id: statement.ceremonyId,
    expires: statement.expires,
    format: STATEMENT_FORMAT,
    key_sets: statement.keySets.map((set) => ({ id: toHex(set.id), number: set.number })),
    kind: statement.kind,
    opened: statement.opened,
    store_id: toHex(statement.storeId),
  }
  if (statement.deal !== null) {
    members['backup'] = false
    members['delivery'] = statement.deal.delivery
    members['flow'] = statement.deal.flow
    members['shares'] = statement.deal.shares
    members['threshold'] = statement.deal.threshold
    members['verify'] = 'none'
  }
  return canonicalJson(members)
}

/** SHA-256 over `"conclave statement v1\n"` and the statement's bytes. */
export function statementDigest(primitives: Primitives, statement: Uint8Array): Uint8Array {
  return primitives.sha256(utf8('conclave statement v1\n'), statement)
}
