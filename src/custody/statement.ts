import { canonicalJson, type RecordValue } from '../base/canonical-json.ts'
import type { UnixMillis } from '../base/clock.ts'
import { toHex, utf8 } from '../base/encoding.ts'
import type { Primitives } from '../crypto/primitives.ts'

export const STATEMENT_FORMAT = 1

/** What a ceremony is about, as its holders sign it (custody.md section 3). */
export interface Statement {
  readonly kind: 'init' | 'unseal' | 'rekey' | 'retire' | 'generate-root'
  /** The API's `nonce`. */
  readonly ceremonyId: string
  readonly storeId: Uint8Array
  /** The sets whose holders may agree: one, or two while one is retiring. */
  readonly keySets: readonly { readonly id: Uint8Array; readonly number: number }[]
  readonly opened: UnixMillis
  readonly expires: UnixMillis
  /** For a deal of new shares: what will be dealt, and to whom it goes. */
  readonly deal: DealTerms | null
  /** For a root token that will be made: who will be able to read it. */
  readonly token?: TokenDelivery
}

export interface DealTerms {
  readonly shares: number
  readonly threshold: number
  /** `verified`: the old shares live until the new ones have been given back. */
  readonly flow: 'direct' | 'verified'
  /** How many new shares must be given back. */
  readonly verify: 'none' | 'threshold' | 'all'
  /** Whether the wrapped shares are kept behind the barrier as well. */
  readonly backup: boolean
  /** How new shares reach their holders: as they are, or one recipient a share, in their order. */
  readonly delivery: 'clear to the request that completes it' | readonly RecipientFacts[]
}

/** Whom a secret is wrapped for. The key's digest, so that no other key can be put in its place. */
export interface RecipientFacts {
  readonly kind: 'openpgp'
  readonly keySha256: Uint8Array
  readonly fingerprint: string
}

/** How a root token reaches who asked for it: wrapped, or hidden under a one-time password. */
export type TokenDelivery = RecipientFacts | { readonly kind: 'otp'; readonly otpSha256: Uint8Array }

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
    const { backup, delivery, flow, shares, threshold, verify } = statement.deal
    const recipients = typeof delivery === 'string' ? delivery : delivery.map(recipientMembers)
    Object.assign(members, { backup, delivery: recipients, flow, shares, threshold, verify })
  }
  if (statement.token !== undefined) members['token'] = tokenMembers(statement.token)
  return canonicalJson(members)
}

/** SHA-256 over `"conclave statement v1\n"` and the statement's bytes. */
export function statementDigest(primitives: Pick<Primitives, 'sha256'>, statement: Uint8Array): Uint8Array {
  return primitives.sha256(utf8('conclave statement v1\n'), statement)
}

/** Binds a one-time password to its ceremony: SHA-256 over the id's ASCII and the password. */
export function otpDigest(primitives: Primitives, ceremonyId: string, otp: Uint8Array): Uint8Array {
  return primitives.sha256(utf8(ceremonyId), otp)
}

function recipientMembers(recipient: RecipientFacts): { readonly [member: string]: RecordValue } {
  const { fingerprint, keySha256, kind } = recipient
  return { fingerprint, key_sha256: toHex(keySha256), kind }
}

function tokenMembers(token: TokenDelivery): { readonly [member: string]: RecordValue } {
  return token.kind === 'otp'
    ? { kind: token.kind, otp_sha256: toHex(token.otpSha256) }
    : recipientMembers(token)
}
