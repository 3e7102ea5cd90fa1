import { utf8 } from './encoding.ts'
import type { Entropy } from './entropy.ts'

const ALPHABET = utf8('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789')
/** The largest multiple of 62 below 256: bytes from it on are thrown away, so every letter is as likely. */
const UNBIASED = 248

/** Fills `target` with letters and digits in ASCII, 5.95 bits each. Nothing of them is left elsewhere. */
export function fillBase62(entropy: Entropy, target: Uint8Array): void {
  let filled = 0
  while (filled < target.length) {
    const random = entropy.bytes(2 * target.length)
    for (const byte of random) {
      if (byte < UNBIASED && filled < target.length) target[filled++] = ALPHABET[byte % 62] ?? 0
    }
    random.fill(0)
  }
}

/** As text, for names that are no secret. */
export function base62(entropy: Entropy, length: number): string {
  const letters = new Uint8Array(length)
  fillBase62(entropy, letters)
  return new TextDecoder().decode(letters)
}
