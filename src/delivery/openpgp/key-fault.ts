import { OperatingError } from '../../base/errors.ts'

/** What to type to get the form that the API takes. */
export const EXPORT_HINT = 'export it with: gpg --export KEY | base64 -w0'
/** The same without what others have signed, and what has been replaced. */
export const MINIMAL_HINT =
  'export it without old and foreign signatures: ' +
  'gpg --export-options export-minimal --export KEY | base64 -w0'

/**
 * A key that is no base64. Clients match what stands before the colon (key-lifecycle.md section 2.2, row 8);
 * `reason` holds nothing of the key. `cause` is kept for a debugger and never shown.
 */
export function decodingFault(reason: string, cause?: unknown): OperatingError {
  return fault(`error decoding given PGP key: ${reason}`, cause)
}

/** How a key is refused: the sentence depends on what it was being used for. */
export type Fault = (reason: string, cause?: unknown) => OperatingError

/** Bytes that are no key, or a key that nothing can be encrypted to (row 9). */
export function parsingFault(reason: string, cause?: unknown): OperatingError {
  return fault(`error parsing given PGP key: ${reason}`, cause)
}

/**
 * A key that was taken, and that nothing can be encrypted to any more when a secret is there for it. The text
 * of section 5.6, without the peers' `failed to encrypt shares: `, which only the caller knows.
 */
export function encryptionFault(reason: string, cause?: unknown): OperatingError {
  return fault(`error setting up encryption for PGP message: ${reason}`, cause)
}

function fault(sentence: string, cause: unknown): OperatingError {
  return new OperatingError('parameters_invalid', sentence, cause === undefined ? {} : { cause })
}
