import { SecretBytes } from '../base/secret-bytes.ts'
import { UsageError } from './failure.ts'
import type { CliIo, InputStream } from './io.ts'
import { visible } from './visible.ts'

/** A share as words, with room for blanks; longer input is refused. */
export const MAX_TYPED_BYTES = 4096

const ENTER = new Set([0x0a, 0x0d])
const BLANK = 0x20
const CTRL_C = 0x03
const CTRL_D = 0x04
const CTRL_U = 0x15
const ERASE = new Set([0x08, 0x7f])
const ESCAPE = 0x1b
const BRACKETED_PASTE_OFF = '\x1b[?2004l'

export type Typed = 'more' | 'entered' | 'interrupted' | 'ended' | 'too_long' | 'several_lines'

/** What lines after the first are, of what is pasted: words of the same share, or more than was asked for. */
export type MoreLines = 'joined' | 'refused'

/** A line as it is typed, in bytes of its own that are wiped. Knows the keys that correct it. */
export class HiddenLine implements Disposable {
  readonly #bytes = Buffer.allocUnsafeSlow(MAX_TYPED_BYTES)
  readonly #moreLines: MoreLines
  #length = 0
  /** Inside an escape sequence (an arrow key, the marks of a paste), which is no part of the text. */
  #escape: 'none' | 'begun' | 'sequence' = 'none'

  constructor(moreLines: MoreLines = 'joined') {
    this.#moreLines = moreLines
  }

  /** Takes what the terminal gave. The rest of a piece after the end of the line is dropped. */
  feed(piece: Uint8Array): Typed {
    for (let at = 0; at < piece.length; at++) {
      const byte = piece[at] ?? 0
      if (this.#escapes(byte)) continue
      if (byte === CTRL_C) return 'interrupted'
      if (byte === CTRL_D) return this.#length === 0 ? 'ended' : 'entered'
      if (ENTER.has(byte)) {
        if (!hasText(piece, at + 1)) return 'entered'
        if (this.#moreLines === 'refused') return 'several_lines'
        // A pasted card has its words on several lines: a line end with more behind it is a blank.
        this.#add(BLANK)
      } else if (byte === CTRL_U) this.#clear()
      else if (ERASE.has(byte)) this.#eraseOne()
      else if (byte >= BLANK && !this.#add(byte)) return 'too_long'
    }
    return 'more'
  }

  /** The line so far; empty text gives `null`. The caller owns it. */
  take(): SecretBytes | null {
    return this.#length === 0 ? null : SecretBytes.copyOf(this.#bytes.subarray(0, this.#length))
  }

  [Symbol.dispose](): void {
    this.#clear()
  }

  #escapes(byte: number): boolean {
    if (this.#escape === 'begun') {
      this.#escape = byte === 0x5b || byte === 0x4f ? 'sequence' : 'none'
      return true
    }
    if (this.#escape === 'sequence') {
      // ECMA-48 section 5.4: a control sequence ends with a byte from 0x40 on.
      if (byte >= 0x40) this.#escape = 'none'
      return true
    }
    if (byte !== ESCAPE) return false
    this.#escape = 'begun'
    return true
  }

  #add(byte: number): boolean {
    if (this.#length === MAX_TYPED_BYTES) return false
    this.#bytes[this.#length++] = byte
    return true
  }

  /** Takes back one character: all bytes of it, where it is UTF-8 of several. */
  #eraseOne(): void {
    while (this.#length > 0) {
      const erased = this.#bytes[--this.#length] ?? 0
      this.#bytes[this.#length] = 0
      if ((erased & 0xc0) !== 0x80) return
    }
  }

  #clear(): void {
    this.#bytes.fill(0)
    this.#length = 0
  }
}

/** Asks on the terminal and shows nothing of what is typed. Throws `UsageError` when there is no answer. */
export async function promptHidden(
  io: CliIo,
  question: string,
  moreLines: MoreLines = 'joined',
): Promise<SecretBytes> {
  using line = new HiddenLine(moreLines)
  await typeHidden(io, question, line)
  const secret = line.take()
  if (secret === null) throw new UsageError('nothing was typed, and nothing was sent')
  return secret
}

/** Waits for Enter, whatever is typed before it. Throws `UsageError` when interrupted. */
export async function promptEnter(io: CliIo, question: string): Promise<void> {
  using line = new HiddenLine()
  await typeHidden(io, question, line)
}

/** Asks for a line that may be seen; empty when nothing was typed. Throws `UsageError` at the end. */
export async function promptLine(io: CliIo, question: string): Promise<string> {
  io.stderr.write(visible(question))
  const pieces: string[] = []
  const { promise, resolve, reject } = Promise.withResolvers<string | null>()
  const onData = (piece: Buffer) => {
    pieces.push(piece.toString('utf8'))
    const text = pieces.join('')
    const end = text.search(/[\r\n]/)
    if (end >= 0) resolve(text.slice(0, end))
    else if (text.length > MAX_TYPED_BYTES) resolve(text)
  }
  const line = await listening(io.stdin, { onData, onEnd: () => resolve(null), onError: reject }, promise)
  if (line === null)
    throw new UsageError('nothing was typed: the terminal has ended', { code: 'interrupted' })
  return line.trim()
}

/** All of a stream of at most `MAX_TYPED_BYTES` bytes. Its pieces are wiped. Throws `UsageError`. */
export async function readSecret(stream: AsyncIterable<unknown>, origin: string): Promise<SecretBytes> {
  const bytes = Buffer.allocUnsafeSlow(MAX_TYPED_BYTES)
  let length = 0
  try {
    for await (const piece of stream) {
      if (!(piece instanceof Uint8Array)) continue
      if (length + piece.length > MAX_TYPED_BYTES) {
        throw new UsageError(`${origin} holds more than ${MAX_TYPED_BYTES} bytes, and nothing was sent`)
      }
      bytes.set(piece, length)
      length += piece.length
      piece.fill(0)
    }
    if (length === 0) throw new UsageError(`${origin} is empty, and nothing was sent`)
    return SecretBytes.copyOf(bytes.subarray(0, length))
  } finally {
    bytes.fill(0)
  }
}

function hasText(piece: Uint8Array, from: number): boolean {
  return piece.subarray(from).some((byte) => byte > BLANK && byte < 0x7f)
}

async function typeHidden(io: CliIo, question: string, line: HiddenLine): Promise<void> {
  // Marks around pasted text are not wanted here.
  if (io.env['TERM'] !== 'dumb') io.stderr.write(BRACKETED_PASTE_OFF)
  io.stderr.write(visible(question))
  const typed = await readRaw(io.stdin, line)
  io.stderr.write('\n')
  if (typed === 'interrupted') throw new UsageError('interrupted: nothing was sent', { code: 'interrupted' })
  // Nobody is there any more, or somebody wants it to end: asking once more would be asking for ever.
  if (typed === 'ended') {
    throw new UsageError('nothing was typed, and nothing was sent', { code: 'interrupted' })
  }
  if (typed === 'several_lines') {
    throw new UsageError('several lines were typed where one was asked for, and nothing was sent', {
      hint: 'Give a value of several lines with @FILE, or by a pipe.',
    })
  }
  if (typed === 'too_long') throw new UsageError(`more than ${MAX_TYPED_BYTES} bytes were typed`)
}

/** Raw mode for as long as one line takes; the terminal is put back whatever happens. */
async function readRaw(stdin: InputStream, line: HiddenLine): Promise<Typed> {
  const { promise, resolve, reject } = Promise.withResolvers<Typed>()
  const onData = (piece: Buffer) => {
    const typed = line.feed(piece)
    piece.fill(0)
    if (typed !== 'more') resolve(typed)
  }
  stdin.setRawMode?.(true)
  try {
    return await listening(stdin, { onData, onEnd: () => resolve('ended'), onError: reject }, promise)
  } finally {
    stdin.setRawMode?.(false)
  }
}

interface Listeners {
  onData(piece: Buffer): void
  onEnd(): void
  onError(error: unknown): void
}

/** Listens to a stream until `settled` is, and leaves it paused. */
async function listening<Result>(
  stdin: InputStream,
  { onData, onEnd, onError }: Listeners,
  settled: Promise<Result>,
): Promise<Result> {
  stdin.on('data', onData).on('end', onEnd).on('error', onError)
  stdin.resume()
  // A stream tells its end only once, perhaps to an earlier question.
  if (stdin.readableEnded) onEnd()
  try {
    return await settled
  } finally {
    stdin.off('data', onData).off('end', onEnd).off('error', onError)
    stdin.pause()
  }
}
