import { hasCode } from '../../base/errors.ts'
import type { SecretBytes } from '../../base/secret-bytes.ts'
import type { CardFacts, Hashing } from '../../custody/share-card.ts'
import { parseShare } from '../../custody/share-format.ts'
import { UsageError } from '../failure.ts'
import { readSecretFile } from '../share-input.ts'
import type { Dialog } from './dialog.ts'

/** A share that somebody gave. Whoever takes it from a source owns it. */
export interface GivenShare {
  readonly share: SecretBytes
  /** What its card says, when it was given as one. */
  readonly card: CardFacts | null
}

/** Bad answers in a row after which nobody can be meaning it. */
const MAX_BAD_ANSWERS = 100

/**
 * Where the shares of a ceremony come from, one after another: first the files that were named, then whoever
 * sits at the terminal. What cannot be a share is told of and passed over; nothing of it is sent.
 */
export class ShareSource implements Disposable {
  readonly #dialog: Dialog
  readonly #hashing: Hashing
  readonly #files: string[]
  #kept: GivenShare | null = null
  #hasRefused = false
  #isFromFile = false

  constructor(dialog: Dialog, hashing: Hashing, files: readonly string[]) {
    this.#dialog = dialog
    this.#hashing = hashing
    this.#files = [...files]
  }

  /** Whether a file held no share, or one that was not taken: a script has to learn of it. */
  get hasRefused(): boolean {
    return this.#hasRefused
  }

  /** Notes that the last share was not taken. Somebody who typed it has seen that, and tries again. */
  refused(): void {
    this.#hasRefused ||= this.#isFromFile
  }

  /** The next share, or `null` when the files are used up and nobody can be asked. */
  async next(question: string): Promise<GivenShare | null> {
    const kept = this.#kept
    this.#kept = null
    if (kept !== null) return kept
    for (let bad = 0; bad < MAX_BAD_ANSWERS; bad++) {
      if (this.#files.length === 0 && !this.#dialog.isInteractive) return null
      const given = await this.#nextOr(question)
      if (given !== null) return given
    }
    throw new UsageError('too many answers that are no share', { hint: 'Nothing of them was sent.' })
  }

  /** Gives a share back to the source, as the next one. */
  keep(given: GivenShare): void {
    this.#kept?.share[Symbol.dispose]()
    this.#kept = given
  }

  [Symbol.dispose](): void {
    this.#kept?.share[Symbol.dispose]()
  }

  /** `null` when this one was no share. */
  async #nextOr(question: string): Promise<GivenShare | null> {
    const file = this.#files.shift()
    this.#isFromFile = file !== undefined
    try {
      using text = file === undefined ? await this.#dialog.askSecret(question) : await readSecretFile(file)
      return text.lend((bytes) => parseShare(bytes, this.#hashing))
    } catch (error) {
      if (!isPassedOver(error)) throw error
      this.refused()
      this.#dialog.tell(file === undefined ? error.message : `${file}: ${error.message}`)
      return null
    }
  }
}

function isPassedOver(error: unknown): error is Error {
  if (hasCode(error, 'share_malformed')) return true
  return error instanceof UsageError && error.code !== 'interrupted'
}
