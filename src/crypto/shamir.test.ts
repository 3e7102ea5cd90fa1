import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import * as oracle from 'shamir-secret-sharing'
import { InvariantError } from '../base/assert.ts'
import { concat, fromBase64, fromUtf8, uint32, utf8 } from '../base/encoding.ts'
import type { Entropy } from '../base/entropy.ts'
import { hasCode } from '../base/errors.ts'
import type { SecretBytes } from '../base/secret-bytes.ts'
import { nodePrimitives } from './node/primitives.ts'
import { combine, split } from './shamir.ts'

const entropy: Entropy = { bytes: (length) => new Uint8Array(randomBytes(length)) }

const VECTOR = JSON.parse(
  readFileSync(new URL('../../tests/vectors/openbao-shamir.json', import.meta.url), 'utf8'),
) as { shares: string[]; unsealKey: string } & Record<string, string>

const open = (secret: SecretBytes): Uint8Array => secret.lend((bytes) => bytes.slice())
const bytesOf = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'))
const hexOf = (secret: SecretBytes): string => Buffer.from(open(secret)).toString('hex')

function subsets<Item>(items: readonly Item[], size: number): Item[][] {
  if (size === 0) return [[]]
  return items.flatMap((item, at) => subsets(items.slice(at + 1), size - 1).map((rest) => [item, ...rest]))
}

describe('shares of OpenBao', () => {
  const shares = VECTOR.shares.map(bytesOf)

  test('give the unseal key from any three of the five', () => {
    for (const three of subsets(shares, 3)) assert.equal(hexOf(combine(three)), VECTOR.unsealKey)
    assert.equal(subsets(shares, 3).length, 10)
  })

  test('give something else from any two', () => {
    for (const two of subsets(shares, 2)) assert.notEqual(hexOf(combine(two)), VECTOR.unsealKey)
  })

  test('open the root key, the keyring and an entry (key-lifecycle.md section 9.2)', () => {
    const unsealKey = open(combine(shares.slice(0, 3)))
    // Protobuf: field 1, 76 bytes: nonce, ciphertext and tag.
    const stored = fromBase64(VECTOR['core/hsm/barrier-unseal-keys']!)!
    const rootKeys = openEntry(unsealKey, stored.subarray(2, 2 + 76), new Uint8Array(0))
    const rootKey = fromBase64(JSON.parse(fromUtf8(rootKeys))[0])!
    assert.equal(rootKey.length, 32)

    const keyring = JSON.parse(fromUtf8(openBarrierEntry(rootKey, 'core/keyring', 1)))
    assert.deepEqual(fromBase64(keyring.MasterKey), rootKey)
    const newest = keyring.Keys.find((key: { Term: number }) => key.Term === 3)
    const stowed = JSON.parse(fromUtf8(openBarrierEntry(fromBase64(newest.Value)!, 'core/root-key', 3)))
    assert.deepEqual(fromBase64(stowed.Value), rootKey)
  })

  function openBarrierEntry(key: Uint8Array, path: string, term: number): Uint8Array {
    const stored = fromBase64(VECTOR[path]!)!
    assert.deepEqual([...stored.subarray(0, 5)], [0, 0, 0, term, 2])
    return openEntry(key, stored.subarray(5), utf8(path))
  }

  function openEntry(key: Uint8Array, stored: Uint8Array, additionalData: Uint8Array): Uint8Array {
    const opened = nodePrimitives
      .aeadKey(key)
      .open(stored.subarray(0, 12), stored.subarray(12), additionalData)
    assert.ok(opened)
    return opened
  }
})

describe('split', () => {
  const sizes = fc
    .tuple(fc.integer({ min: 2, max: 255 }), fc.integer({ min: 2, max: 255 }))
    .map(([a, b]) => ({ shares: Math.max(a, b), threshold: Math.min(a, b) }))
  const secrets = fc.uint8Array({ minLength: 1, maxLength: 33 })

  test('gives shares that combine, and that the oracle combines', async () => {
    await fc.assert(
      fc.asyncProperty(secrets, sizes, async (secret, size) => {
        const shares = split(secret, { ...size, entropy }).map(open)
        assert.equal(shares.length, size.shares)
        const some = shares.toReversed().slice(0, size.threshold)
        assert.deepEqual(open(combine(some)), secret)
        assert.deepEqual(await oracle.combine(some), secret)
      }),
      { numRuns: 25 },
    )
  })

  test('made by the oracle combines here', async () => {
    await fc.assert(
      fc.asyncProperty(secrets, sizes, async (secret, { shares, threshold }) => {
        const parts = await oracle.split(secret, shares, threshold)
        assert.deepEqual(open(combine(parts.slice(0, threshold))), secret)
      }),
      { numRuns: 15 },
    )
  })

  test('puts y first and x last, distinct and never 0', () => {
    const shares = split(bytesOf(VECTOR.unsealKey), { shares: 255, threshold: 2, entropy }).map(open)
    assert.ok(shares.every((share) => share.length === 33))
    const coordinates = shares.map((share) => share[32]!)
    assert.deepEqual(
      coordinates.toSorted((a, b) => a - b),
      Array.from({ length: 255 }, (_, index) => index + 1),
    )
    assert.notDeepEqual(
      coordinates,
      coordinates.toSorted((a, b) => a - b),
    )
  })

  test('draws every x coordinate equally often', () => {
    // A fixed stream, so that this test gives one answer: SHA-256 of a counter.
    let block = 0
    const stream: Entropy = {
      bytes(length) {
        const blocks = Array.from({ length: Math.ceil(length / 32) }, () =>
          nodePrimitives.sha256(uint32(block++)),
        )
        return concat(...blocks).slice(0, length)
      },
    }
    const seen = new Array<number>(256).fill(0)
    for (let run = 0; run < 5100; run++) {
      const shares = split(Uint8Array.of(1), { shares: 2, threshold: 2, entropy: stream })
      for (const share of shares) seen[open(share)[1]!]! += 1
    }
    // 10,200 draws, 40 each expected: chi-squared with 254 degrees of freedom is below 318 in 99.6 % of
    // streams.
    const distance = seen.slice(1).reduce((sum, count) => sum + (count - 40) ** 2 / 40, 0)
    assert.ok(distance < 318, `chi-squared is ${distance}`)
    assert.equal(seen[0], 0)
  })

  test('wipes its coefficients', () => {
    const drawn: Uint8Array[] = []
    const watched: Entropy = {
      bytes(length) {
        const bytes = entropy.bytes(length)
        drawn.push(bytes)
        return bytes
      },
    }
    split(bytesOf(VECTOR.unsealKey), { shares: 5, threshold: 3, entropy: watched })
    const coefficients = drawn.filter((bytes) => bytes.length === 64)
    assert.equal(coefficients.length, 1)
    assert.ok(coefficients[0]!.every((byte) => byte === 0))
  })

  test('refuses one share, a threshold of one, more than 255, t above n, and no secret', () => {
    const sizes = [
      [1, 1],
      [2, 1],
      [256, 2],
      [2, 3],
      [2.5, 2],
    ] as const
    for (const [shares, threshold] of sizes) {
      assert.throws(() => split(Uint8Array.of(1), { shares, threshold, entropy }), InvariantError)
    }
    assert.throws(() => split(new Uint8Array(0), { shares: 2, threshold: 2, entropy }), InvariantError)
  })
})

describe('combine', () => {
  const shares = VECTOR.shares.map(bytesOf)
  const malformed = (error: unknown): boolean => hasCode(error, 'share_malformed')

  test('refuses fewer than two shares', () => {
    assert.throws(() => combine([]), InvariantError)
    assert.throws(() => combine([shares[0]!]), InvariantError)
  })

  test('refuses shares of different lengths, without y, or at x = 0', () => {
    assert.throws(() => combine([shares[0]!, shares[1]!.subarray(1)]), malformed)
    assert.throws(() => combine([Uint8Array.of(1), Uint8Array.of(2)]), malformed)
    assert.throws(() => combine([shares[0]!, new Uint8Array(33)]), malformed)
  })

  test('refuses one x coordinate twice, also with another y', () => {
    const other = shares[0]!.with(0, 0)
    for (const second of [shares[0]!, other]) {
      assert.throws(
        () => combine([shares[0]!, second, shares[1]!]),
        (error) => hasCode(error, 'share_duplicate'),
      )
    }
  })

  test('rebuilds from 255 of 255', () => {
    const secret = bytesOf(VECTOR.unsealKey)
    const all = split(secret, { shares: 255, threshold: 255, entropy }).map(open)
    assert.deepEqual(open(combine(all)), secret)
    assert.notDeepEqual(open(combine(all.slice(1))), secret)
  })
})

describe('the arithmetic', () => {
  const source = readFileSync(new URL('shamir.ts', import.meta.url), 'utf8')
  const code = source.replaceAll(/\/\*.*?\*\//gs, '').replaceAll(/\/\/.*$/gm, '')

  test('looks nothing up by a byte of a secret: every index is a position', () => {
    const indexes = [...code.matchAll(/[\w)\]!]\[([^\]]+)\]/g)].map(([, index]) => index)
    assert.ok(indexes.length > 10)
    const position = /^(?:at|part|other|length|0)(?:\+\+| - 1)?$|^row \+ at$/
    assert.deepEqual(
      indexes.filter((index) => index === undefined || !position.test(index)),
      [],
    )
  })

  test('takes no way that depends on a byte of a secret', () => {
    const touching = code
      .split('\n')
      .filter((line) => /\b(?:secret|share|coefficients)\[(?:row|at)/.test(line))
    assert.ok(touching.length >= 3)
    const loop = 'for (let at = 0; at < length; at++)'
    const way = /\bif\b|\bwhile\b|\?|&&|\|\||[<>]|===|!==/
    assert.deepEqual(
      touching.map((line) => line.replace(loop, '')).filter((line) => way.test(line)),
      [],
    )
  })
})
