import type { PublicKey, Subkey } from 'openpgp'
import type { Fault } from './key-fault.ts'
import { type Library, policyOf, weakness } from './policy.ts'

/** How a key is read. */
export interface Reading {
  readonly library: Library
  /** At which the key must be valid. */
  readonly date: Date
  readonly fault: Fault
}

/**
 * Reads a key of which `checkTransferableKey` has seen the outer form, and refuses one that nothing can be
 * encrypted to at `date`: it can only sign, it has expired, it is revoked, or it is weak. The peers notice
 * when the shares are made, and then it is too late. Throws `parameters_invalid` with the reason.
 */
export async function readUsableKey(reading: Reading, bytes: Uint8Array): Promise<PublicKey> {
  const key = await read(reading, bytes)
  const weak = weakness(key)
  if (weak !== null) throw refusal(reading, key, { why: `its primary key is of ${weak}` })
  const chosen = await encryptionKey(reading, key)
  // One that counts has been noticed by now. The library passes over one by a designated revoker, whose key
  // it would need; a person's warning about their own key is not ours to pass over.
  if (key.revocationSignatures.length > 0) {
    throw refusal(reading, key, { why: 'it holds a revocation that cannot be verified here' })
  }
  const weakPart = weakness(chosen)
  if (weakPart !== null) {
    throw refusal(reading, key, { why: `its subkey ${chosen.getKeyID().toHex()} is of ${weakPart}` })
  }
  return key
}

async function read({ library, fault }: Reading, bytes: Uint8Array): Promise<PublicKey> {
  try {
    return await library.readKey({ binaryKey: bytes, config: policyOf(library) })
  } catch (cause) {
    throw fault('a packet in it cannot be read: it is damaged, or of a kind not supported here', cause)
  }
}

/** The part of the key that the library will encrypt to: a subkey, or the whole key. */
async function encryptionKey(reading: Reading, key: PublicKey): Promise<PublicKey | Subkey> {
  const { library, date } = reading
  try {
    return await key.getEncryptionKey(undefined, date, undefined, configOf(library))
  } catch (cause) {
    throw refusal(reading, key, { why: await reason(reading, key), cause })
  }
}

/** The methods of keys, unlike the functions of the library, fill in nothing that is left out. */
function configOf(library: Library): typeof library.config {
  return { ...library.config, ...policyOf(library) }
}

/** The peers' sentence (key-lifecycle.md section 5.6), and ours behind it. */
function refusal(
  { fault }: Reading,
  key: PublicKey,
  { why, cause }: { readonly why: string; readonly cause?: unknown },
): Error {
  const id = key.getKeyID().toHex()
  const what = `cannot encrypt a message to key id ${id} because it has no valid encryption keys`
  return fault(`openpgp: invalid argument: ${what}: ${why}`, cause)
}

/** Asked only of a key that is refused: what its owner should hear. */
async function reason(reading: Reading, key: PublicKey): Promise<string> {
  const { library, date } = reading
  const config = configOf(library)
  if (await key.isRevoked(undefined, undefined, date, config)) return 'it is revoked'
  if (key.getCreationTime() > date) return "it was made later than now by this server's clock"
  const end = await key.getExpirationTime(undefined, config)
  if (end === null) return 'nothing in it that it signed for itself can be verified'
  if (end instanceof Date && end <= date) return `it expired on ${day(end)}`
  const newestFirst = [...key.subkeys].sort(
    (left, right) => +right.getCreationTime() - +left.getCreationTime(),
  )
  for (const subkey of newestFirst) {
    const why = await reasonOfSubkey(reading, subkey)
    if (why !== null) return `its subkey ${subkey.getKeyID().toHex()} ${why}`
  }
  return 'it can only sign; its owner should add a subkey for encryption'
}

async function reasonOfSubkey({ library, date }: Reading, subkey: Subkey): Promise<string | null> {
  const config = configOf(library)
  const weak = weakness(subkey)
  if (weak !== null) return `is of ${weak}`
  const [binding] = subkey.bindingSignatures
  if (binding === undefined) return 'is not signed by the key'
  if (await subkey.isRevoked(binding, subkey.mainKey.keyPacket, date, config)) return 'is revoked'
  const end = await subkey.getExpirationTime(date, config)
  if (end === null) return 'has no signature of the key that can be verified'
  return end instanceof Date && end <= date ? `expired on ${day(end)}` : null
}

function day(date: Date): string {
  return date.toISOString().slice(0, 10)
}
