import type { SecretBytes } from '../../base/secret-bytes.ts'
import { UsageError } from '../failure.ts'
import { type CliIo, say } from '../io.ts'
import { promptEnter, promptHidden, promptLine } from '../prompt.ts'
import { type Piece, writeSecret } from '../secret-output.ts'

/** ECMA-48: erase what is seen, then what can be scrolled back to (an extension of xterm), then go home. */
const CLEAR = '\x1b[2J\x1b[3J\x1b[H'

/** The people at a terminal: what they are told, asked and shown. Without a terminal they are only told. */
export class Dialog {
  /** Whether somebody is there to be asked. */
  readonly isInteractive: boolean
  readonly #io: CliIo

  constructor(io: CliIo, options: { readonly nonInteractive: boolean }) {
    this.#io = io
    // What is shown goes to stderr, as all talk does: were that a file, it would hold shares.
    this.isInteractive = io.tty.stdin && io.tty.stderr && !options.nonInteractive
  }

  /** Whether a share can be shown, and taken away from the screen again. */
  get canClear(): boolean {
    return this.isInteractive && this.#io.env['TERM'] !== 'dumb'
  }

  tell(...lines: readonly string[]): void {
    for (const line of lines) say(this.#io, line)
  }

  /** A step that begins. */
  heading(text: string): void {
    say(this.#io, `\n${text}`)
  }

  /** A line that may be seen. Throws `UsageError` when the terminal ends. */
  async ask(question: string): Promise<string> {
    return await promptLine(this.#io, question)
  }

  /** A secret: nothing of it is shown. Throws `UsageError` when there is no answer. */
  async askSecret(question: string): Promise<SecretBytes> {
    return await promptHidden(this.#io, question)
  }

  /** Waits until somebody presses Enter. */
  async pause(question: string): Promise<void> {
    await promptEnter(this.#io, question)
  }

  /** Shows a secret alone on the screen until Enter is pressed. It leaves the screen whatever happens. */
  async show(pieces: readonly Piece[], question: string): Promise<void> {
    if (!this.canClear) throw new UsageError('this terminal cannot take a share off its screen again')
    this.#io.stderr.write(CLEAR)
    try {
      await writeSecret(this.#io.stderr, pieces)
      await this.pause(question)
    } finally {
      this.#io.stderr.write(CLEAR)
    }
  }
}
