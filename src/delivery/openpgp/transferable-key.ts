import { MAX_RECIPIENT_KEY_PACKETS } from '../../base/limits.ts'
import { EXPORT_HINT, MINIMAL_HINT, parsingFault } from './key-fault.ts'

/** Packet types of RFC 9580 section 5, as far as a key has them. */
const SIGNATURE = 2
const PUBLIC_KEY = 6
const SECRET_KEYS = new Set([5, 7])
/** Signature, public key, marker, trust, user id, public subkey, user attribute, padding. */
const PARTS = new Set([SIGNATURE, PUBLIC_KEY, 10, 12, 13, 14, 17, 21])
/** From here on a reader passes over what it does not know (section 4.3). */
const FIRST_NON_CRITICAL = 40
const KEY_VERSIONS = new Set([4, 6])
/** Where signatures of these versions name their hash (section 5.2.3); the library ignores other versions. */
const SIGNATURE_VERSIONS = new Set([4, 6])
const HASH_AT = 3
/**
 * SHA-1, SHA-256, SHA-384, SHA-512: what Web Crypto has. With any other the library verifies in JavaScript,
 * and a key full of such signatures stopped the process for 3 s. SHA-1 is accepted because self-signatures of
 * old keys have it; it would take a second preimage to forge one.
 */
const HASHES = new Set([2, 8, 9, 10])
const MSB = 0x80
const DASH = 0x2d

interface Packet {
  readonly type: number
  /** Where it begins, and where the next one does. */
  readonly start: number
  readonly end: number
  readonly content: Uint8Array
}

/**
 * Refuses everything but exactly one public key, before any of it is looked at more closely: a private key,
 * a second key, a message, something behind the key, and a key that is cut off anywhere but between two of
 * its packets. Reads only the outer form (RFC 9580 section 4.2). The library alone would pass over a second
 * key whose version it does not know. Throws `parameters_invalid`.
 */
export function checkTransferableKey(bytes: Uint8Array): void {
  if (bytes.length === 0) throw parsingFault(`EOF: there is no key; ${EXPORT_HINT}`)
  let read = 0
  for (const packet of packetsOf(bytes)) {
    read += 1
    if (read > MAX_RECIPIENT_KEY_PACKETS) {
      throw parsingFault(`it has more than ${MAX_RECIPIENT_KEY_PACKETS} packets; ${MINIMAL_HINT}`)
    }
    checkPacket(packet, read === 1)
  }
}

function checkPacket({ type, start, content }: Packet, leads: boolean): void {
  const version = content[0] ?? 0
  if (SECRET_KEYS.has(type)) {
    throw parsingFault(
      `this is a private key, which nobody but its owner may have; take the public one and ${EXPORT_HINT}`,
    )
  }
  if (leads && type !== PUBLIC_KEY) {
    throw parsingFault(`it begins with a packet of type ${type}, which is no public key; ${EXPORT_HINT}`)
  }
  if (leads && !KEY_VERSIONS.has(version)) {
    throw parsingFault(`keys of version ${version} are not supported, only those of version 4 and 6`)
  }
  if (!leads && type === PUBLIC_KEY) {
    throw parsingFault(`a second key begins at byte ${start}; give one key for each share, each by itself`)
  }
  if (!PARTS.has(type) && type < FIRST_NON_CRITICAL) {
    throw parsingFault(`a packet of type ${type} at byte ${start} belongs to no public key; ${EXPORT_HINT}`)
  }
  const hash = content[HASH_AT] ?? 0
  if (type === SIGNATURE && SIGNATURE_VERSIONS.has(version) && !HASHES.has(hash)) {
    throw parsingFault(
      `the signature at byte ${start} uses hash algorithm ${hash}, which is not verified; ${MINIMAL_HINT}`,
    )
  }
}

function* packetsOf(bytes: Uint8Array): Generator<Packet> {
  let at = 0
  while (at < bytes.length) {
    const packet = packetAt(bytes, at)
    yield packet
    at = packet.end
  }
}

/** RFC 9580 section 4.2.1 and 4.2.2. Lengths that are not told in advance are for data only. */
function packetAt(bytes: Uint8Array, start: number): Packet {
  const header = bytes[start] ?? 0
  if ((header & MSB) === 0) throw noPacket(bytes, start)
  const isNew = (header & 0x40) !== 0
  const type = isNew ? header & 0x3f : (header & 0x3f) >> 2
  const { content, length } = isNew ? newLength(bytes, start + 1) : oldLength(bytes, start + 1, header & 3)
  const end = content + length
  if (end > bytes.length) throw cutOff(bytes)
  return { type, start, end, content: bytes.subarray(content, end) }
}

/** Where the content begins and how long it is. */
interface Extent {
  readonly content: number
  readonly length: number
}

function newLength(bytes: Uint8Array, at: number): Extent {
  const first = bytes[at]
  if (first === undefined) throw cutOff(bytes)
  if (first < 192) return { content: at + 1, length: first }
  if (first < 224) return { content: at + 2, length: ((first - 192) << 8) + byteAt(bytes, at + 1) + 192 }
  if (first < 255) throw undetermined(at - 1)
  return { content: at + 5, length: numberAt(bytes, at + 1, 4) }
}

function oldLength(bytes: Uint8Array, at: number, kind: number): Extent {
  if (kind === 3) throw undetermined(at - 1)
  const size = 2 ** kind
  return { content: at + size, length: numberAt(bytes, at, size) }
}

function numberAt(bytes: Uint8Array, at: number, size: number): number {
  let value = 0
  for (let index = 0; index < size; index++) value = value * 256 + byteAt(bytes, at + index)
  return value
}

function byteAt(bytes: Uint8Array, at: number): number {
  const byte = bytes[at]
  if (byte === undefined) throw cutOff(bytes)
  return byte
}

function noPacket(bytes: Uint8Array, at: number): Error {
  const what = 'openpgp: invalid data: tag byte does not have MSB set'
  if (at > 0) return parsingFault(`${what}: at byte ${at} the key is damaged, or something stands behind it`)
  const isArmor = bytes[0] === DASH && bytes[1] === DASH
  return parsingFault(`${what}${isArmor ? ': this is the armored form of a key' : ''}; ${EXPORT_HINT}`)
}

function cutOff(bytes: Uint8Array): Error {
  return parsingFault(`unexpected EOF: the key is cut off behind ${bytes.length} bytes; ${EXPORT_HINT}`)
}

function undetermined(at: number): Error {
  return parsingFault(`the packet at byte ${at} does not tell its length, which no packet of a key may`)
}
