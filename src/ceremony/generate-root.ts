import type { PlainWrite } from '../barrier/barrier.ts'
import { GENERATE_ROOT_OTP_PATH, GENERATE_ROOT_PATH } from '../barrier/paths.ts'
import { assert } from '../base/assert.ts'
import { concat } from '../base/encoding.ts'
import { SecretBytes } from '../base/secret-bytes.ts'
import { corrupt } from '../custody/record-fields.ts'
import { base64Of } from '../custody/share-digits.ts'
import type { Agreement } from './agreement.ts'
import type { Recipient } from './delivery.ts'
import type { LedgerKind } from './ledger.ts'
import { parseRecipient, recipientRecord } from './rekey-store.ts'
import { type CeremonyFormat, encodeCeremony } from './stored-ceremony.ts'

/** `hvs.` and 24 characters: what a token has, and so the one-time password that hides it. */
export const OTP_LENGTH = 28
const OTP_FORMAT = 0x01

/** A running generation of a root token. The one-time password itself is stored apart, as bytes. */
export interface RunningGeneration {
  readonly agreement: Agreement
  /** Whom the token is wrapped for; `null`: it is hidden under the one-time password. */
  readonly recipient: Recipient | null
}

export const GENERATION_LEDGER: LedgerKind<RunningGeneration> = {
  noun: 'root generation',
  kind: 'generate_root',
  path: GENERATE_ROOT_PATH,
  besides: [GENERATE_ROOT_OTP_PATH],
  encode: ({ running, chain }) =>
    encodeCeremony(running.agreement, chain, {
      recipient: running.recipient === null ? null : recipientRecord(running.recipient),
    }),
}

export const GENERATION_FORMAT: CeremonyFormat<RunningGeneration> = {
  path: GENERATE_ROOT_PATH,
  what: 'the running root generation',
  parse: (agreement, fields) => {
    const recipient = fields.value('recipient')
    return { agreement, recipient: recipient === null ? null : parseRecipient(recipient ?? null) }
  },
  withAgreement: (running, agreement) => ({ ...running, agreement }),
}

/** Keeps the one-time password: `0x01` and its bytes, never a string. The plaintext is wiped after it. */
export function otpWrite(otp: SecretBytes): PlainWrite {
  const value = otp.lend((bytes) => concat(new Uint8Array([OTP_FORMAT]), bytes))
  return { op: 'put', key: GENERATE_ROOT_OTP_PATH, value }
}

/** Reads what `otpWrite` stored, and wipes `stored`. Throws `corrupt_store`. */
export function parseOtp(stored: Uint8Array | null): SecretBytes {
  if (stored?.[0] !== OTP_FORMAT || stored.length !== 1 + OTP_LENGTH) {
    throw corrupt('the one-time password', 'cannot be read')
  }
  const otp = SecretBytes.copyOf(stored.subarray(1))
  stored.fill(0)
  return otp
}

/**
 * The token under the one-time password: XOR of the ASCII bytes, then standard base64 without padding
 * (key-lifecycle.md section 7.2).
 */
export function hideToken(token: SecretBytes, otp: SecretBytes): SecretBytes {
  assert(token.length === otp.length, 'a one-time password is as long as a token')
  const hidden = token.lend((one) =>
    otp.lend((other) => one.map((byte, index) => byte ^ (other[index] ?? 0))),
  )
  using padded = base64Of(hidden)
  hidden.fill(0)
  return padded.lend((text) => SecretBytes.copyOf(text.subarray(0, lengthUnpadded(text))))
}

function lengthUnpadded(text: Uint8Array): number {
  const pad = text.indexOf('='.charCodeAt(0))
  return pad === -1 ? text.length : pad
}
