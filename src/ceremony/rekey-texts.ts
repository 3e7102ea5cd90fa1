import { type ErrorCode, OperatingError } from '../base/errors.ts'
import type { RekeyFace, RunningRekey } from './rekey.ts'

/**
 * The sentences that each face has for the same refusal: clients match on them (key-lifecycle.md sections 5,
 * 6 and 11.2).
 */
interface Texts {
  readonly running: string
  readonly idle: string
  readonly nonce: string
  readonly duplicate: string
  readonly pending: string
  readonly verify: {
    readonly nothing: string
    readonly idle: string
    readonly early: string
    readonly duplicate: string
  }
}

const DUPLICATE = 'given key has already been provided during this'
const VERIFY_DUPLICATE = `${DUPLICATE} verify operation`

const REKEY_VERIFY = {
  nothing: 'no rekey configuration found',
  idle: 'no rekey in progress',
  early: 'no rekey verification in progress',
  duplicate: VERIFY_DUPLICATE,
}

const TEXTS: Readonly<Record<RekeyFace, Texts>> = {
  original: {
    running: 'rekey already in progress',
    idle: 'no rekey in progress',
    nonce: '',
    duplicate: '',
    pending: '',
    verify: REKEY_VERIFY,
  },
  modern: {
    running: 'rekey already in progress',
    idle: 'no barrier rekey in progress',
    nonce: 'incorrect nonce supplied; nonce for this rekey operation is',
    duplicate: `${DUPLICATE} generation operation`,
    pending: 'rekey operation already finished; verification must be performed; ',
    verify: REKEY_VERIFY,
  },
  rotate: {
    running: 'rotation already in progress',
    idle: 'no rotation in progress',
    nonce: 'incorrect nonce supplied; nonce for rotation is',
    duplicate: `${DUPLICATE} rotation`,
    pending: 'rotation already finished; verification must be performed; ',
    verify: {
      nothing: 'no rotation configuration found',
      idle: 'no rotation in progress',
      early: 'no rotation verification in progress',
      duplicate: VERIFY_DUPLICATE,
    },
  },
}

const refusal = (code: ErrorCode, text: string): OperatingError => new OperatingError(code, text)

export const alreadyRunning = (face: RekeyFace): OperatingError =>
  refusal('ceremony_running', TEXTS[face].running)

export const notRunning = (face: RekeyFace): OperatingError =>
  refusal('ceremony_not_running', TEXTS[face].idle)

export const nothingToVerify = (face: RekeyFace): OperatingError =>
  refusal('ceremony_not_running', TEXTS[face].verify.nothing)

export const verificationIdle = (face: RekeyFace, isRunning: boolean): OperatingError =>
  refusal('ceremony_not_running', isRunning ? TEXTS[face].verify.early : TEXTS[face].verify.idle)

/** Repeated on a face that says so; the original one does not, and its caller never asks. */
export const repeated = (face: RekeyFace, phase: 'update' | 'verify'): OperatingError =>
  refusal('share_duplicate', phase === 'update' ? TEXTS[face].duplicate : TEXTS[face].verify.duplicate)

/** The nonce is public: it prevents mix-ups and is a credential for nothing. */
export const wrongNonce = (face: RekeyFace, nonce: string): OperatingError =>
  refusal('nonce_mismatch', `${TEXTS[face].nonce} "${nonce}"`)

export const wrongVerificationNonce = (nonce: string): OperatingError =>
  refusal('nonce_mismatch', `incorrect nonce supplied; nonce for this verify operation is "${nonce}"`)

/** Refuses a share for a rekey that has all it needs of the old set. */
export function alreadyDealt(face: RekeyFace, nonce: string): OperatingError {
  const text = `${TEXTS[face].pending}nonce for the verification operation is "${nonce}"`
  return refusal('ceremony_dealt', text)
}

/** The original face has no words for what the others can do, so it moves only its own ceremonies. */
export function checkFace(face: RekeyFace, running: RunningRekey): void {
  if (face !== 'original' || running.terms.face === 'original') return
  const other = running.terms.face === 'rotate' ? '/v1/sys/rotate/root' : '/v1/sys/rekey'
  throw refusal(
    'ceremony_other_face',
    `the running rekey was opened at ${other}/init: give shares at ${other}/update, with its nonce`,
  )
}
