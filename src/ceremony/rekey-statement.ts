import type { Primitives } from '../crypto/primitives.ts'
import type { DealTerms, RecipientFacts } from '../custody/statement.ts'
import type { Recipient } from './delivery.ts'
import type { DealParameters } from './parameters.ts'
import type { RekeyTerms } from './rekey.ts'

/** How init deals, and a rekey of which nothing else was said. */
export const CLEAR_AND_DIRECT: Omit<DealTerms, keyof DealParameters> = {
  flow: 'direct',
  verify: 'none',
  backup: false,
  delivery: 'clear to the request that completes it',
}

/** The terms as the statement of a rekey has them: what holders agree to, recipients by their digests. */
export function dealTermsOf(primitives: Primitives, terms: RekeyTerms): DealTerms {
  const { shares, threshold, verify, backup, recipients } = terms
  return {
    shares,
    threshold,
    flow: verify === 'none' ? 'direct' : 'verified',
    verify,
    backup,
    delivery:
      recipients === null ? CLEAR_AND_DIRECT.delivery : recipients.map((one) => factsOf(primitives, one)),
  }
}

/** A recipient as a statement names it. */
export function factsOf(primitives: Primitives, { kind, key, fingerprint }: Recipient): RecipientFacts {
  return { kind, keySha256: primitives.sha256(key), fingerprint }
}
