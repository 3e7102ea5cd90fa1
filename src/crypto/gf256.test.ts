import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { inverse, multiply } from './gf256.ts'

/** Long multiplication of polynomials and division by 0x11b, bit by bit: slow, with branches, and plain. */
function multiplyByHand(left: number, right: number): number {
  let product = 0
  for (let bit = 0; bit < 8; bit++) if ((right >> bit) & 1) product ^= left << bit
  for (let bit = 14; bit >= 8; bit--) if ((product >> bit) & 1) product ^= 0x11b << (bit - 8)
  return product
}

test('multiplies the examples of FIPS 197', () => {
  // Sections 4.2 and 4.2.1.
  assert.equal(multiply(0x57, 0x83), 0xc1)
  assert.equal(multiply(0x57, 0x13), 0xfe)
  assert.equal(multiply(0x57, 0x02), 0xae)
})

test('multiplies every pair of bytes as long division does', () => {
  for (let left = 0; left < 256; left++) {
    for (let right = 0; right < 256; right++) {
      if (multiply(left, right) !== multiplyByHand(left, right)) assert.fail(`${left} times ${right}`)
    }
  }
})

test('finds the inverse of every byte but 0', () => {
  assert.equal(inverse(0), 0)
  for (let value = 1; value < 256; value++) assert.equal(multiply(value, inverse(value)), 1)
})

test('has no table, no branch and no early exit on a secret', () => {
  const source = readFileSync(new URL('gf256.ts', import.meta.url), 'utf8')
  const code = source.replaceAll(/\/\*.*?\*\//gs, '').replaceAll(/\/\/.*$/gm, '')
  const suspicious = /\[|\bif\b|\?|&&|\|\||\bswitch\b|\bwhile\b|\bbreak\b|\bcontinue\b|\bMath\b|\/|%/
  assert.equal(suspicious.exec(code), null)
  // The loops there are count to a constant.
  const loops = code.match(/\bfor \(.*\)/g) ?? []
  assert.equal(loops.length, code.match(/\bfor\b/g)?.length)
  for (const loop of loops) assert.match(loop, /^for \(let (\w+) = [01]; \1 < 8; \1\+\+\)$/)
})
