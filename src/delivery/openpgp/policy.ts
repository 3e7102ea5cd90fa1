import type { AlgorithmInfo, PartialConfig, PublicKey, Subkey } from 'openpgp'

/** The library, loaded when the first key is given: it costs 50 ms that a server without PGP keys keeps. */
export type Library = typeof import('openpgp')

export async function loadLibrary(): Promise<Library> {
  return await import('openpgp')
}

/** NIST SP 800-131A: RSA below this is for reading what is old. GnuPG makes none above the upper bound. */
const MIN_RSA_BITS = 2048
const MAX_RSA_BITS = 8192
/** Everybody's is 65537 or less. */
const MAX_RSA_EXPONENT_BYTES = 4
/**
 * Brainpool and secp256k1 are missing: on Node.js the library verifies them only by a package that it does
 * not bring (docs/decisions/0008-openpgp.md).
 */
const CURVES: ReadonlySet<string> = new Set([
  'nistP256',
  'nistP384',
  'nistP521',
  'ed25519Legacy',
  'curve25519Legacy',
])
const WANTED = 'wanted is RSA with 2048 to 8192 bits, Curve25519, Curve448, or NIST P-256, P-384 or P-521'

/**
 * What is wrong with the algorithm of a key, or `null`. Asked of the primary key before any signature is
 * verified: where OpenSSL does not take a number the library calculates itself, for seconds with 16,384 bits
 * and for more than 400 s with the 65,528 that the format has room for, and nothing else runs meanwhile.
 */
export function weakness(key: PublicKey | Subkey): string | null {
  const { e } = key.keyPacket.publicParams as { e?: Uint8Array }
  return weaknessOf(key.getAlgorithmInfo(), e?.length ?? 0)
}

/** The same of what a key says of itself; `exponentBytes` is 0 for all but RSA. */
export function weaknessOf({ algorithm, bits, curve }: AlgorithmInfo, exponentBytes: number): string | null {
  switch (algorithm) {
    case 'rsaEncryptSign':
    case 'rsaEncrypt':
    case 'rsaSign':
      if (exponentBytes > MAX_RSA_EXPONENT_BYTES)
        return `RSA with an exponent of ${exponentBytes} bytes; ${WANTED}`
      return isRsaSize(bits ?? 0) ? null : `RSA with ${bits ?? 0} bits; ${WANTED}`
    case 'ecdsa':
    case 'ecdh':
    case 'eddsaLegacy':
      return CURVES.has(curve ?? '') ? null : `the curve ${curve ?? 'unknown'}; ${WANTED}`
    case 'ed25519':
    case 'ed448':
    case 'x25519':
    case 'x448':
      return null
    default:
      return `${algorithm}; ${WANTED}`
  }
}

function isRsaSize(bits: number): boolean {
  return bits >= MIN_RSA_BITS && bits <= MAX_RSA_BITS
}

/** The same for the library, which asks it of every part that it uses. */
export function policyOf({ enums }: Library): PartialConfig {
  const { curve, publicKey } = enums
  return {
    minRSABits: MIN_RSA_BITS,
    rejectPublicKeyAlgorithms: new Set([publicKey.dsa, publicKey.elgamal]),
    rejectCurves: new Set([
      curve.secp256k1,
      curve.brainpoolP256r1,
      curve.brainpoolP384r1,
      curve.brainpoolP512r1,
    ]),
    rejectHashAlgorithms: new Set([enums.hash.md5, enums.hash.ripemd]),
    // A text of 66 digits does not get shorter, and what is compressed can be measured from outside.
    preferredCompressionAlgorithm: enums.compression.uncompressed,
    preferredSymmetricAlgorithm: enums.symmetric.aes256,
  }
}
