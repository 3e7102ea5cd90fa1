import type { Fields } from '../logical/field-table.ts'
import { either, listOf, nullable, shape, TEXT, TEXTS, TRUTH, WHOLE } from '../logical/schema.ts'

/** What starting a rekey takes, on the faces of today. */
export const REKEY_FIELDS = {
  secret_shares: { type: 'integer', description: 'How many shares the new set has.' },
  secret_threshold: { type: 'integer', description: 'How many of them open the store.' },
  pgp_keys: { type: 'strings', description: 'Public keys in base64, one a share, to wrap them for.' },
  backup: { type: 'boolean', description: 'Whether the wrapped shares are kept in the store as well.' },
  require_verification: { type: 'boolean', description: 'Whether new shares come back before old ones end.' },
  verify: { type: 'string', description: 'How many of them: "threshold", "all", or "none".' },
} as const satisfies Fields

const PENDING = shape({ id: TEXT, number: WHOLE, words: TEXT, shares: WHOLE, threshold: WHOLE })

/** Of `sys/rekey/init` (key-lifecycle.md section 5.3), and what is ours beside it. */
export const REKEY_STATUS = shape(
  {
    nonce: TEXT,
    started: TRUTH,
    t: WHOLE,
    n: WHOLE,
    progress: WHOLE,
    required: WHOLE,
    pgp_fingerprints: nullable(TEXTS),
    backup: TRUTH,
    verification_required: TRUTH,
  },
  {
    verification_nonce: TEXT,
    pending: PENDING,
    statement: TEXT,
    agreed_by: listOf(shape({ key_set: TEXT, share: WHOLE })),
    cancel_progress: WHOLE,
    cancel_required: WHOLE,
  },
)

const DEALT = {
  nonce: TEXT,
  complete: TRUTH,
  keys: TEXTS,
  keys_base64: TEXTS,
  pgp_fingerprints: nullable(TEXTS),
  backup: TRUTH,
  verification_required: TRUTH,
}

/** Of an update (section 5.6): how far it has come, and at the end the new shares. */
export const REKEY_UPDATE = either(REKEY_STATUS, shape(DEALT, { verification_nonce: TEXT }))

const VERIFICATION = { nonce: TEXT, started: TRUTH, t: WHOLE, n: WHOLE, progress: WHOLE }

/** Of a verification (section 5.7); `required` is ours, where every new share comes back. */
export const VERIFICATION_STATUS = shape(VERIFICATION, { required: WHOLE })
export const VERIFICATION_UPDATE = either(VERIFICATION_STATUS, shape({ nonce: TEXT, complete: TRUTH }))

const IDLE = { n: WHOLE, required: WHOLE, started: TRUTH, t: WHOLE }

/** The same behind a token (section 6): fewer fields while none runs. */
export const ROTATION_STATUS = either(
  shape(
    {
      ...IDLE,
      nonce: TEXT,
      progress: WHOLE,
      verification_nonce: TEXT,
      verification_required: TRUTH,
    },
    { pgp_fingerprints: TEXTS, backup: TRUTH },
  ),
  shape(IDLE),
)
export const ROTATION_UPDATE = either(ROTATION_STATUS, shape({ ...DEALT, verification_nonce: TEXT }))
export const ROTATION_VERIFICATION = shape(VERIFICATION)
export const ROTATION_VERIFICATION_UPDATE = either(
  ROTATION_VERIFICATION,
  shape({ nonce: TEXT, complete: TRUTH }),
)
