import type { SecretBytes } from '../base/secret-bytes.ts'
import { count, flag, isMembers, type KeySetStatus, keySet, type Members, text } from './answers.ts'
import type { Delivery } from './delivery.ts'
import type { SecretAnswer } from './exchange.ts'

/** `GET …/init` of any face (key-lifecycle.md sections 5.3 and 6). What a face leaves out is empty. */
export interface RekeyStatus {
  readonly nonce: string
  readonly started: boolean
  /** Of the shares that will be made. */
  readonly threshold: number
  readonly shares: number
  /** Shares that have agreed, and how many have to. */
  readonly progress: number
  readonly required: number
  /** Fingerprints of the keys that the new shares are encrypted to, in their order; `null` without any. */
  readonly pgpFingerprints: readonly string[] | null
  readonly backup: boolean
  readonly verificationRequired: boolean
  /** Not empty from when the new shares were dealt until they are proven. */
  readonly verificationNonce: string
  /** The statement that holders sign, in base64; empty when the server has none (custody.md section 3). */
  readonly statement: string
  /** Who has agreed; `null` when the server does not say. */
  readonly agreedBy: readonly HolderNumber[] | null
  /** The set that was dealt and waits to be proven. */
  readonly pending: KeySetStatus | null
  /** Holders who want it to end, and how many it takes. */
  readonly cancelProgress: number
  readonly cancelRequired: number
}

/** A holder, as everybody may know them. */
export interface HolderNumber {
  /** The id of the key set, in hex. */
  readonly keySet: string
  readonly share: number
}

/** `PUT …/update` (section 5.6): progress, or the new shares, which belong to the caller. */
export type RekeyUpdate = { readonly complete: false; readonly status: RekeyStatus } | CompletedRekey

export interface CompletedRekey {
  readonly complete: true
  readonly nonce: string
  /** Hex text of each share, or of the message that it is encrypted in. */
  readonly keys: readonly SecretBytes[]
  /** The same in base64. Empty on the original face, which knows only hex. */
  readonly keysBase64: readonly SecretBytes[]
  readonly pgpFingerprints: readonly string[] | null
  readonly backup: boolean
  readonly verificationRequired: boolean
  readonly verificationNonce: string
  /** The caller's, to acknowledge once the shares are safe, and to dispose of. */
  readonly delivery: Delivery
}

/** `GET …/verify` (section 5.7). */
export interface VerifyStatus {
  readonly nonce: string
  readonly started: boolean
  readonly threshold: number
  readonly shares: number
  readonly progress: number
  /** How many new shares have to be given back: the threshold, or all of them. */
  readonly required: number
}

/** `PUT …/verify`: progress, or that the new shares are the ones that count. */
export type VerifyUpdate =
  | { readonly complete: false; readonly status: VerifyStatus }
  | { readonly complete: true; readonly nonce: string }

/** `GET …/backup` (section 5.8): encrypted shares by the fingerprint of their key. Not secret. */
export interface RekeyBackup {
  readonly nonce: string
  readonly keys: Members
  readonly keysBase64: Members
}

/** Reads the members of a rekey status. */
export function rekeyStatus(members: Members): RekeyStatus {
  return {
    nonce: text(members, 'nonce'),
    started: flag(members, 'started'),
    threshold: count(members, 't'),
    shares: count(members, 'n'),
    progress: count(members, 'progress'),
    required: count(members, 'required'),
    pgpFingerprints: fingerprints(members),
    backup: flag(members, 'backup'),
    verificationRequired: flag(members, 'verification_required'),
    verificationNonce: text(members, 'verification_nonce'),
    statement: text(members, 'statement'),
    agreedBy: holders(members['agreed_by']),
    pending: keySet(members['pending']),
    cancelProgress: count(members, 'cancel_progress'),
    cancelRequired: count(members, 'cancel_required'),
  }
}

/** Reads an answer that completes a rekey, and came by `delivery`. */
export function completedRekey({ members, secrets }: SecretAnswer, delivery: Delivery): CompletedRekey {
  return {
    complete: true,
    nonce: text(members, 'nonce'),
    keys: secrets.get('keys') ?? [],
    keysBase64: secrets.get('keys_base64') ?? [],
    pgpFingerprints: fingerprints(members),
    backup: flag(members, 'backup'),
    verificationRequired: flag(members, 'verification_required'),
    verificationNonce: text(members, 'verification_nonce'),
    delivery,
  }
}

/** Reads the members of a verification. Only the whole set has a member of its own for how many it takes. */
export function verifyStatus(members: Members): VerifyStatus {
  return {
    required: count(members, 'required') || count(members, 't'),
    nonce: text(members, 'nonce'),
    started: flag(members, 'started'),
    threshold: count(members, 't'),
    shares: count(members, 'n'),
    progress: count(members, 'progress'),
  }
}

function holders(value: unknown): readonly HolderNumber[] | null {
  if (!Array.isArray(value)) return null
  return value
    .filter(isMembers)
    .map((holder) => ({ keySet: text(holder, 'key_set'), share: count(holder, 'share') }))
}

/** `null` for an empty list, too: the peers' authenticated face says it either way. */
function fingerprints(members: Members): readonly string[] | null {
  const value = members['pgp_fingerprints']
  if (!Array.isArray(value) || value.length === 0) return null
  return value.filter((one) => typeof one === 'string')
}
