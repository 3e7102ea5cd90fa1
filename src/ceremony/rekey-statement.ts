import type { Primitives } from '../crypto/primitives.ts'
import type { DealTerms, RecipientFacts } from '../custody/statement.ts'
import type { Recipient } from './delivery.ts'
import type { RekeyTerms } from './rekey.ts'

/** The terms as the statement of a rekey has them: what holders agree to, recipients by their digests. */
export function dealTermsOf(primitives: Primitives, terms: Omit<RekeyTerms, 'face'>): DealTerms {
  const { shares, threshold, verify, backup, recipients } = terms
  return {
    shares,
    threshold,
    flow: verify === 'none' ? 'direct' : 'verified',
    verify,
    backup,
    delivery:
      recipients === null
        ? 'clear to the request that completes it'
        : recipients.map((one) => factsOf(primitives, one)),
  }
}

/** A recipient as a statement names it. */
export function factsOf(primitives: Primitives, { kind, key, fingerprint }: Recipient): RecipientFacts {
  return { kind, keySha256: primitives.sha256(key), fingerprint }
}
