import { assert } from '../base/assert.ts'
import type { Entropy } from '../base/entropy.ts'
import { OperatingError } from '../base/errors.ts'
import { MAX_SHARES } from '../base/limits.ts'
import { SecretBytes, secretSpace } from '../base/secret-bytes.ts'
import { inverse, multiply } from './gf256.ts'

/** How many shares to make, how many of them rebuild the secret, and where randomness comes from. */
export interface SplitOptions {
  readonly shares: number
  readonly threshold: number
  readonly entropy: Entropy
}

const MIN_THRESHOLD = 2
const RANDOM_BLOCK = 256

/**
 * Splits a secret byte by byte over GF(2^8), in the format of Vault and OpenBao (key-lifecycle.md section
 * 8.1): a share is its y bytes, one for each byte of the secret, and then its x coordinate. The x coordinates
 * are distinct, never 0, and drawn at random. Demands 2 <= threshold <= shares <= 255; with one share there
 * is nothing to split. Throws `InvariantError` for other numbers.
 */
export function split(secret: Uint8Array, options: SplitOptions): SecretBytes[] {
  const { shares, threshold, entropy } = options
  assert(secret.length > 0, 'a secret to split has bytes')
  assert(Number.isInteger(threshold) && threshold >= MIN_THRESHOLD, 'a split has a threshold of at least two')
  assert(
    Number.isInteger(shares) && shares >= threshold && shares <= MAX_SHARES,
    'threshold <= shares <= 255',
  )
  // All randomness is drawn before the first share exists, so a source that fails leaves no share behind.
  const coordinates = drawCoordinates(shares, entropy)
  // One row of coefficients for each power of x from 1 up; the secret itself is the row of power 0.
  const coefficients = entropy.bytes((threshold - 1) * secret.length)
  try {
    return Array.from(coordinates, (x) => SecretBytes.take(evaluate(secret, coefficients, x)))
  } finally {
    coefficients.fill(0)
  }
}

/**
 * Rebuilds the secret from shares by Lagrange interpolation at 0, using all of them: the caller gives exactly
 * threshold many. Too few, or shares of different secrets, give other bytes, which only a check by the caller
 * can tell. Throws `OperatingError` `share_malformed` for shares that cannot belong together and
 * `share_duplicate` for one x coordinate given twice; `InvariantError` for fewer than two shares.
 */
export function combine(shares: readonly Uint8Array[]): SecretBytes {
  const length = checkShares(shares) - 1
  const weights = lagrangeAtZero(Uint8Array.from(shares, (share) => share[length]!))
  const secret = secretSpace(length)
  for (let part = 0; part < shares.length; part++) {
    const share = shares[part]!
    const weight = weights[part]!
    for (let at = 0; at < length; at++) secret[at]! ^= multiply(share[at]!, weight)
  }
  return SecretBytes.take(secret)
}

/**
 * The weight of each share in the sum that gives the secret: the product of x_j / (x_j - x_i) over all other
 * shares j. The coordinates are public, distinct and not 0. Subtraction is XOR.
 */
export function lagrangeAtZero(coordinates: Uint8Array): Uint8Array {
  const all = coordinates.reduce(multiply, 1)
  return coordinates.map((x, self) => {
    // x stands in for the factor of the share itself, which the product of all coordinates has too much.
    let divisor = x
    for (let other = 0; other < coordinates.length; other++) {
      if (other !== self) divisor = multiply(divisor, x ^ coordinates[other]!)
    }
    return multiply(all, inverse(divisor))
  })
}

/** The length that all shares have; see `combine` for what it refuses. */
function checkShares(shares: readonly Uint8Array[]): number {
  assert(shares.length >= MIN_THRESHOLD, 'less than two parts cannot be used to reconstruct the secret')
  const length = shares[0]!.length
  if (length < 2) throw new OperatingError('share_malformed', 'A share has at least two bytes.')
  if (shares.some((share) => share.length !== length)) {
    throw new OperatingError(
      'share_malformed',
      'The shares have different lengths: they do not belong together.',
    )
  }
  const coordinates = new Set(shares.map((share) => share[length - 1]!))
  if (coordinates.has(0)) {
    throw new OperatingError('share_malformed', 'The last byte of a share is 0, which no share has.')
  }
  if (coordinates.size !== shares.length) {
    throw new OperatingError(
      'share_duplicate',
      'One share was given twice, or two shares have the same number.',
    )
  }
  return length
}

/** The share at `x`: the polynomials of all secret bytes at once, by Horner's rule from the highest power. */
function evaluate(secret: Uint8Array, coefficients: Uint8Array, x: number): Uint8Array {
  const length = secret.length
  const share = secretSpace(length + 1)
  for (let row = coefficients.length - length; row >= 0; row -= length) {
    for (let at = 0; at < length; at++) share[at] = multiply(share[at]!, x) ^ coefficients[row + at]!
  }
  for (let at = 0; at < length; at++) share[at] = multiply(share[at]!, x) ^ secret[at]!
  share[length] = x
  return share
}

/** `count` different coordinates of 1 to 255: the first of a Fisher-Yates shuffle. Coordinates are public. */
function drawCoordinates(count: number, entropy: Entropy): Uint8Array {
  const coordinates = Uint8Array.from({ length: MAX_SHARES }, (_, index) => index + 1)
  const below = uniformBytes(entropy)
  for (let at = 0; at < count; at++) {
    const other = at + below(MAX_SHARES - at)
    const x = coordinates[at]!
    coordinates[at] = coordinates[other]!
    coordinates[other] = x
  }
  return coordinates.subarray(0, count)
}

/** Draws whole numbers below a bound of at most 255, each equally likely. */
function uniformBytes(entropy: Entropy): (bound: number) => number {
  let block: Uint8Array = new Uint8Array(0)
  let at = 0
  return (bound) => {
    // Bytes above the last whole multiple of the bound would favour small results: they are thrown away.
    const limit = 256 - (256 % bound)
    for (;;) {
      if (at === block.length) {
        block = entropy.bytes(RANDOM_BLOCK)
        at = 0
      }
      const byte = block[at++]!
      if (byte < limit) return byte % bound
    }
  }
}
