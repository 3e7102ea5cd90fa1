import { fromUtf8 } from '../../base/encoding.ts'
import type { SecretBytes } from '../../base/secret-bytes.ts'
import { ApiError } from '../../client/errors.ts'
import { type CliIo, put } from '../io.ts'
import { visible } from '../visible.ts'

const SHOWN_CHARS = 4

/** A step of the demo was not as it should be. */
export class DemoDiffers extends Error {
  override name = 'DemoDiffers'
}

/** Tells what is asked and what is answered, while it happens. */
export class Narrator {
  readonly #io: CliIo

  constructor(io: CliIo) {
    this.#io = io
  }

  /** The heading of some requests. */
  async heading(text: string): Promise<void> {
    await put(this.#io, `\n${text}\n`)
  }

  /** Something that is no request: a process starts or dies. */
  async event(text: string): Promise<void> {
    await put(this.#io, `  ${text}\n`)
  }

  /** Makes a request, shows it and its answer, and gives back the answer. */
  async request<Answer>(
    asked: string,
    act: () => Promise<Answer>,
    show: (answer: Answer) => string,
  ): Promise<Answer> {
    await put(this.#io, `  ${asked}\n`)
    try {
      const answer = await act()
      await put(this.#io, `      ${show(answer)}\n`)
      return answer
    } catch (error) {
      if (error instanceof ApiError)
        await put(this.#io, `      ${error.status} ${visible(error.errors.join(' '))}\n`)
      throw error
    }
  }

  /** Makes a request that has to be refused with 400. */
  async refused(asked: string, act: () => Promise<unknown>): Promise<void> {
    await put(this.#io, `  ${asked}\n`)
    try {
      await act()
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 400) throw error
      await put(this.#io, `      400 ${visible(error.errors.join(' '))}\n`)
      return
    }
    throw new DemoDiffers('this should have been refused')
  }
}

/** Ends the demo when a step is not as it should be. */
export function expect(holds: boolean, what: string): void {
  if (!holds) throw new DemoDiffers(what)
}

/** The first characters of a secret text, which say nothing of use. */
export function shortened(text: SecretBytes): string {
  return `${text.lend((bytes) => fromUtf8(bytes.slice(0, SHOWN_CHARS)))}…`
}
