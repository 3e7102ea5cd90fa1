import { toBase64, toHex } from '../base/encoding.ts'
import type { Parcel } from '../ceremony/parcel.ts'
import type { DealtRekey } from '../ceremony/rekey.ts'
import type { RekeyAnswer, RekeyStatus } from '../ceremony/rekey-runner.ts'
import { setWords } from '../custody/share-card.ts'
import type { BareRequest, BareResponse } from '../logical/bare-route.ts'
import type { JsonOut } from '../logical/json.ts'
import type { Origin } from '../logical/request.ts'
import { ok, sharesOut } from './answers.ts'
import type { Lifecycle } from './lifecycle.ts'

export type Completed = Extract<RekeyAnswer, { complete: true }>

type Body = { readonly [member: string]: JsonOut }

/**
 * The nine fields of key-lifecycle.md section 5.3 and, while one runs, ours: the statement, from which a
 * device makes words and digest itself, who agreed, who wants it to end, and the set that waits to be proven.
 * All of it is public: numbers, never names.
 */
export function statusBody({ running, progress, required, cancels }: RekeyStatus): Body {
  const terms = running?.terms
  return {
    nonce: running?.agreement.ceremonyId ?? '',
    started: running !== null,
    t: terms?.threshold ?? 0,
    n: terms?.shares ?? 0,
    progress,
    required,
    pgp_fingerprints: terms?.recipients?.map(({ fingerprint }) => fingerprint) ?? null,
    backup: terms?.backup ?? false,
    verification_required: (terms?.verify ?? 'none') !== 'none',
    ...(running?.phase === 'dealt' ? dealtBody(running) : {}),
    ...(running === null
      ? {}
      : {
          statement: toBase64(running.agreement.statement),
          agreed_by: running.agreement.consents.map(({ setId, shareNumber }) => ({
            key_set: toHex(setId),
            share: shareNumber,
          })),
          cancel_progress: cancels.progress,
          cancel_required: cancels.required,
        }),
  }
}

function dealtBody({ verificationNonce, pending }: DealtRekey): Body {
  return {
    verification_nonce: verificationNonce,
    pending: {
      id: toHex(pending.id),
      number: pending.number,
      words: setWords(pending.id),
      shares: pending.entries.length,
      threshold: pending.threshold,
    },
  }
}

/** What the last `update` answers (section 5.6): the shares, in the clear or wrapped. */
export function completedBody(answer: Completed): Body {
  const { ceremonyId, parcel, backup, verificationNonce } = answer
  return {
    nonce: ceremonyId,
    complete: true,
    ...parcelOut(parcel),
    pgp_fingerprints: parcel.kind === 'clear' ? null : parcel.messages.map(({ fingerprint }) => fingerprint),
    backup,
    verification_required: verificationNonce !== null,
    ...(verificationNonce === null ? {} : { verification_nonce: verificationNonce }),
  }
}

/** Section 5.7: the verification lives on the new set. */
export function verifyBody({ running, verification }: RekeyStatus): Body {
  const dealt = running?.phase === 'dealt' ? running : null
  return {
    nonce: dealt?.verificationNonce ?? '',
    started: dealt !== null,
    t: running?.terms.threshold ?? 0,
    n: running?.terms.shares ?? 0,
    progress: verification.progress,
    ...(running?.terms.verify === 'all' ? { required: verification.required } : {}),
  }
}

/** Wrapped shares are no secrets: hex of the binary message, and base64 of the same bytes (section 8.2). */
export function parcelOut(parcel: Parcel): { readonly keys: JsonOut; readonly keys_base64: JsonOut } {
  if (parcel.kind === 'clear') return sharesOut(parcel.shares)
  return {
    keys: parcel.messages.map(({ message }) => toHex(message)),
    keys_base64: parcel.messages.map(({ message }) => toBase64(message)),
  }
}

/** The answer with new shares, and what to do once the peer has shown that it received it. */
export function withEvidence(
  { custodian }: Lifecycle,
  { origin }: BareRequest,
  given: { readonly body: Body; readonly answer: Completed },
): BareResponse {
  return { ...ok(given.body), ...arrivalOf({ custodian }, origin, given.answer) }
}

/** Evidence is waited for where the new set is live, and an acknowledgement retires the old one. */
export function arrivalOf(
  { custodian }: Pick<Lifecycle, 'custodian'>,
  origin: Origin,
  { ceremonyId, verificationNonce }: Completed,
): { readonly onArrived?: () => void } {
  const waits = verificationNonce === null && origin.retireOn === 'acknowledgement' && !origin.forwarded
  return waits ? { onArrived: () => custodian.rekey.acknowledge(ceremonyId) } : {}
}
