import { SecretBytes } from '../../base/secret-bytes.ts'

const WORDS_A_LINE = 5
/** A number of two digits, a blank, and the longest word of the list with a gap behind it. */
const CELL = 14
const BLANK = 0x20
const LINE_END = 0x0a

/**
 * The words of a card, numbered, five a line, as people write them down. Bytes in, bytes out: no string is
 * made of a word. `card` stays with the caller, who also owns what is returned.
 */
export function cardGrid(card: SecretBytes): SecretBytes {
  return card.lend((text) => {
    const words = text.reduce((count, byte) => count + (byte === BLANK ? 1 : 0), 1)
    const lines = Math.ceil(words / WORDS_A_LINE)
    const grid = new Uint8Array(lines * (WORDS_A_LINE * CELL + 1)).fill(BLANK)
    for (let line = 1; line <= lines; line++) grid[line * (WORDS_A_LINE * CELL + 1) - 1] = LINE_END
    let word = 0
    let at = writeNumber(grid, word)
    for (const byte of text) {
      if (byte === BLANK) at = writeNumber(grid, ++word)
      else grid[at++] = byte
    }
    return SecretBytes.take(grid)
  })
}

/** Writes the number of a word at its place, and returns where the word begins. */
function writeNumber(grid: Uint8Array, word: number): number {
  const line = Math.floor(word / WORDS_A_LINE)
  const start = line * (WORDS_A_LINE * CELL + 1) + (word % WORDS_A_LINE) * CELL
  const number = String(word + 1).padStart(2)
  grid[start] = number.charCodeAt(0)
  grid[start + 1] = number.charCodeAt(1)
  return start + 3
}
