import { type TransportCode, TransportError } from '../client/errors.ts'
import type { CompletedRekey } from '../client/rekey-answers.ts'
import { CommandError, OutputError } from './failure.ts'
import { type CliIo, say } from './io.ts'

/** Failures after which the server may have answered with new shares that nobody has seen. */
const MAY_HAVE_ANSWERED: ReadonlySet<TransportCode> = new Set([
  'answer_invalid',
  'answer_too_large',
  'connection_lost',
  'timed_out',
])

type Answered = Pick<CompletedRekey, 'nonce' | 'verificationRequired'>

/** Whatever kept new shares from being printed, with what to do. `verb` is the command that is typed. */
export function lostShares(cause: unknown, answered: Answered, verb: string): OutputError {
  const why = cause instanceof OutputError ? cause.message : 'a defect of conclave, please report it'
  const message = `The new shares could not be printed: ${why}`
  return new OutputError(message, { hint: giveAgain(answered, verb), cause })
}

/** A failure to get an answer, after which the answer can be had again. Other failures stay as they are. */
export function lostAnswer(error: unknown, nonce: string, verb: string): unknown {
  if (!(error instanceof CommandError) || !(error.failure instanceof TransportError)) return error
  const { code, message } = error.failure
  if (!MAY_HAVE_ANSWERED.has(code)) return error
  const hint = `If this share was the last that was needed, the old ones still open the server.\n${AGAIN}

Next: conclave ${verb} -nonce=${nonce}`
  return new TransportError(code, message, { hint, cause: error })
}

/** While new shares are printed: a signal that ends the process breaks their connection, and says so. */
export function announceLoss(io: CliIo, update: CompletedRekey, verb: string): Disposable {
  const act = (): void => {
    update.delivery[Symbol.dispose]()
    say(io, `\nInterrupted while the new shares were printed.\n${giveAgain(update, verb)}`)
  }
  return io.beforeEnd?.(act) ?? { [Symbol.dispose]: () => undefined }
}

function giveAgain({ nonce, verificationRequired }: Answered, verb: string): string {
  const state = verificationRequired
    ? 'The old shares open the server, as before, and the new ones open nothing yet.'
    : 'As far as the server knows they never arrived: the old shares open it, and so would the new ones.'
  return `${state}\n${AGAIN}\n\nNext: conclave ${verb}${nonce === '' ? '' : ` -nonce=${nonce}`}`
}

const AGAIN =
  'Give the same share again within 5 minutes, from this machine, and it answers with the same new shares.'
