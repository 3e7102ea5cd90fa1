import { ApiError, TransportError } from '../../client/errors.ts'
import type { CompletedRekey, RekeyStatus, RekeyUpdate } from '../../client/rekey-answers.ts'
import { CommandError, during, UsageError } from '../failure.ts'
import { shownRekey } from '../statement-output.ts'
import type { Guided } from './guided.ts'
import { agreedShares, progressLines } from './progress.ts'
import type { GivenShare } from './share-source.ts'

/** Shares that a ceremony can be asked for before something must be wrong. */
const MAX_GIVEN = 1000

export interface Collected {
  /** `null` when nobody could be asked for more, or somebody else brought the last share. */
  readonly dealt: CompletedRekey | null
  /** As it was last read. */
  readonly status: RekeyStatus
  readonly words: string
}

/** Step 1: shows what is agreed to, then takes old shares until there are enough, or no more. */
export async function collect(guided: Guided, started: RekeyStatus): Promise<Collected> {
  const { custody, dialog, rekey, source } = guided
  dialog.heading('1. Agree')
  const words = showStatement(guided, started)
  let status = started
  for (let given = 0; given < MAX_GIVEN; given++) {
    dialog.tell('', ...progressLines(status, custody))
    const next = await source.next('A share of today, in hex, base64 or words (hidden): ')
    if (next === null) return { dealt: null, status, words }
    const update = await offer(guided, next, status.nonce)
    if (update === null) continue
    if (update.complete) return { dealt: update, status, words }
    const before = status
    status = await during('Error reading how far it is', () => rekey.status())
    // Somebody else may have brought the last share meanwhile: the new ones are on their screen.
    if (!status.started || status.verificationNonce !== '') return { dealt: null, status, words }
    requireSame(status, started)
    tellNew(guided, before, status)
  }
  throw new UsageError(`more than ${MAX_GIVEN} shares were given`)
}

/** Before anybody is asked for a share: what it will agree to, and the words that all must see alike. */
function showStatement({ dialog, hashing }: Guided, status: RekeyStatus): string {
  const { lines, facts } = shownRekey(status, hashing)
  dialog.tell('Whoever gives a share agrees to this, and to nothing else:', '', ...lines)
  if (facts === null) return ''
  dialog.tell('', COMPARE)
  return facts.words
}

const COMPARE = `Read the six words aloud. Everybody who takes part, here or elsewhere, must see the same six:
they stand for all of the above. If somebody sees others, stop.`

/** A refused share is told of and passed over: it stops nobody. `null` then. */
async function offer(guided: Guided, { share }: GivenShare, nonce: string): Promise<RekeyUpdate | null> {
  const { dialog, rekey, source } = guided
  using given = share
  const act = (): Promise<RekeyUpdate> => during('Error giving the share', () => rekey.update(given, nonce))
  try {
    return await act().catch((error: unknown) => {
      if (!isLost(error)) throw error
      // An answer that was lost on the way is given again to the same share (custody.md section 4).
      dialog.tell('The answer was lost on the way: the share is given once more.')
      return act()
    })
  } catch (error) {
    const reason = refusedShare(error)
    if (reason === null) throw error
    source.refused()
    dialog.tell(reason)
    return null
  }
}

/** Whether the server may have done what was asked, and the answer did not arrive. */
function isLost(error: unknown): boolean {
  const cause = error instanceof CommandError ? error.failure : null
  return cause instanceof TransportError && (cause.code === 'connection_lost' || cause.code === 'timed_out')
}

/**
 * Why a server did not take a share, and what of it; `null` when it is about something else. A refused share
 * is refused alone: nobody has to start again.
 */
export function refusedShare(error: unknown): string | null {
  const cause = error instanceof CommandError ? error.failure : null
  if (!(cause instanceof ApiError) || cause.code?.startsWith('share_') !== true) return null
  if (cause.code === 'share_duplicate') return DUPLICATE
  return `Refused: ${cause.errors.join(' ')}.`
}

const DUPLICATE = 'Refused: this share is in already. The next one has to come from somebody else.'

function requireSame(status: RekeyStatus, shown: RekeyStatus): void {
  if (status.nonce === shown.nonce && status.statement === shown.statement) return
  throw new UsageError('the change that was shown is over, and another one runs', {
    code: 'nonce_mismatch',
    hint: 'Run the command again, and read the new statement.',
  })
}

function tellNew({ dialog }: Guided, before: RekeyStatus, after: RekeyStatus): void {
  const known = new Set(agreedShares(before).map(({ keySet, share }) => `${keySet} ${share}`))
  for (const { keySet, share } of agreedShares(after)) {
    if (!known.has(`${keySet} ${share}`)) dialog.tell(`Share ${share} is in.`)
  }
}
