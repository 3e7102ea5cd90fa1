import type { PublicKey, SessionKey } from 'openpgp'
import { concat } from '../../base/encoding.ts'
import type { Entropy } from '../../base/entropy.ts'
import { policyOf } from './policy.ts'
import type { Reading } from './usable-key.ts'

const AES_256_KEY_BYTES = 32
/** OpenPGP's way of saying that a message has no date (RFC 9580 section 5.9). */
const NO_DATE = new Date(0)

/** What a message is made with. */
export interface Wrapping extends Reading {
  readonly entropy: Entropy
}

/**
 * One binary message to one key: no armor, signature, compression, file name or date. `plaintext` stays with
 * the caller, who wipes it.
 *
 * The bytes go in as a stream because the library then hashes and encrypts them where they are. Of an array
 * it makes four copies that nobody wipes (docs/decisions/0008-openpgp.md has the figures).
 *
 * Throws `parameters_invalid` when the library cannot, for example with a point that is on no curve.
 */
export async function wrap(wrapping: Wrapping, key: PublicKey, plaintext: Uint8Array): Promise<Uint8Array> {
  const { library, date, fault } = wrapping
  const config = policyOf(library)
  const sessionKey = await makeSessionKey(wrapping, key)
  try {
    const binary = streamOf(plaintext)
    const message = await library.createMessage({ binary, date: NO_DATE, format: 'binary' })
    const parts: AsyncIterable<Uint8Array> = await library.encrypt({
      message,
      encryptionKeys: key,
      sessionKey,
      date,
      format: 'binary',
      config,
    })
    return await collect(parts)
  } catch (cause) {
    throw fault('the key can be read, but encrypting to it fails: it is damaged', cause)
  } finally {
    sessionKey.data.fill(0)
  }
}

/**
 * Whoever knows the session key reads the message, so it is drawn here, from the entropy that all our keys
 * come from, and wiped. (Padding, ephemeral keys and the prefix of the message are the library's.)
 *
 * Version 4: AES-256 in version 1 of the encrypted packet, with its modification detection code. GnuPG 2.2
 * reads nothing newer, and what the key's owner used to make it says nothing about what they will open the
 * message with. Version 6 exists only where RFC 9580 does: what its preferences say.
 */
async function makeSessionKey({ library, entropy, date }: Wrapping, key: PublicKey): Promise<SessionKey> {
  if (key.keyPacket.version === 4) return { data: entropy.bytes(AES_256_KEY_BYTES), algorithm: 'aes256' }
  const chosen = await library.generateSessionKey({ encryptionKeys: key, date, config: policyOf(library) })
  // Its algorithms are what was asked for; its key is left unused.
  return { ...chosen, data: entropy.bytes(chosen.data.length) }
}

function streamOf(bytes: Uint8Array): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller): void {
      controller.enqueue(bytes)
      controller.close()
    },
  })
}

/** Ciphertext only. */
async function collect(parts: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const read: Uint8Array[] = []
  for await (const part of parts) read.push(part)
  return concat(...read)
}
