import type { SecretBytes } from '../base/secret-bytes.ts'

/** A person's public key, parsed once and proven by a trial encryption: what a new share is wrapped for. */
export interface Recipient {
  readonly kind: 'openpgp'
  /** The binary key as it was given: its SHA-256 stands in the statement. */
  readonly key: Uint8Array
  /** Of the primary key, 40 or 64 lower-case hex digits. */
  readonly fingerprint: string
}

/**
 * Wraps secrets for people. The one asynchronous step of a deal: it copies what it is lent, and wipes its
 * copies before it resolves or rejects (custody.md section 7).
 */
export interface Delivery {
  /**
   * Reads one key in standard base64 of its binary form, and encrypts 32 random bytes to it, so that a key
   * that cannot be encrypted to is refused before anything depends on it.
   *
   * Throws `parameters_invalid` with the texts of key-lifecycle.md section 2.2, rows 8 and 9.
   */
  recipient(key: string): Promise<Recipient>
  /**
   * The binary message. `plaintext` stays with the caller. Throws `parameters_invalid` with `error setting up
   * encryption for PGP message: …` (section 5.6) when the key has expired since it was read.
   */
  encrypt(recipient: Recipient, plaintext: SecretBytes): Promise<Uint8Array>
}
