/**
 * Arithmetic in GF(2^8) with the reduction polynomial x^8 + x^4 + x^3 + x + 1 (0x11b, FIPS 197 section 4.2),
 * in which addition is XOR. Operands may be secret, so nothing here takes a time or touches memory that
 * depends on them: no table, no branch; a bit becomes a mask of all ones or all zeros instead. A test reads
 * this file and keeps it so.
 */

const REDUCTION = 0x11b

/** The product of two bytes. Anything above eight bits in an operand is a mistake of the caller. */
export function multiply(left: number, right: number): number {
  let product = 0
  let shifted = left
  for (let bit = 0; bit < 8; bit++) {
    product ^= shifted & -((right >> bit) & 1)
    shifted = (shifted << 1) ^ (REDUCTION & -(shifted >> 7))
  }
  return product
}

/**
 * The byte that `multiply` turns into 1 with `value`; 0 for 0. By Fermat it is value^254, and
 * 254 = 2 + 4 + 8 + 16 + 32 + 64 + 128: the product of the seven squares, whatever the value.
 */
export function inverse(value: number): number {
  let square = value
  let product = 1
  for (let power = 1; power < 8; power++) {
    square = multiply(square, square)
    product = multiply(product, square)
  }
  return product
}
