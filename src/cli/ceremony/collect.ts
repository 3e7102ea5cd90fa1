import { ApiError, TransportError } from '../../client/errors.ts'
import type { CompletedRekey, RekeyStatus, RekeyUpdate } from '../../client/rekey-answers.ts'
import { CommandError, during, UsageError } from '../failure.ts'
import { countOf, type Guided } from './guided.ts'
import type { GivenShare } from './share-source.ts'
import { readStatement, type StatementFacts } from './statement-facts.ts'

/** Shares that a ceremony can be asked for before something must be wrong. */
const MAX_GIVEN = 1000

export type Collected =
  | { readonly dealt: CompletedRekey; readonly status: RekeyStatus; readonly words: string }
  /** Nobody could be asked for more, or somebody else brought the last one. */
  | { readonly dealt: null; readonly status: RekeyStatus; readonly words: string }

/** Step 1: shows what is agreed to, then takes old shares until there are enough, or no more. */
export async function collect(guided: Guided, started: RekeyStatus): Promise<Collected> {
  const { dialog, rekey, source, hashing } = guided
  dialog.heading('1. Agree')
  const statement = readStatement(started, hashing)
  showStatement(guided, started, statement)
  const words = statement?.words ?? ''
  let status = started
  for (let given = 0; given < MAX_GIVEN; given++) {
    dialog.tell('', progress(status))
    const next = await source.next('A share of today, in hex, base64 or words (hidden): ')
    if (next === null) return { dealt: null, status, words }
    const update = await offer(guided, next, status.nonce)
    if (update === null) continue
    if (update.complete) return { dealt: update, status, words }
    status = await during('Error reading how far it is', () => rekey.status())
    // Somebody else may have brought the last share meanwhile: the new ones are on their screen.
    if (!status.started || status.verificationNonce !== '') return { dealt: null, status, words }
    requireSame(status, started)
  }
  throw new UsageError(`more than ${MAX_GIVEN} shares were given`)
}

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
    dialog.tell(reason, KEPT)
    return null
  }
}

const KEPT = 'It was not counted. What is in stays in: nobody has to start again.'

/** Whether the server may have done what was asked, and the answer did not arrive. */
function isLost(error: unknown): boolean {
  const cause = error instanceof CommandError ? error.failure : null
  return cause instanceof TransportError && (cause.code === 'connection_lost' || cause.code === 'timed_out')
}

/** What a server said of a share that it did not take; `null` when it is about something else. */
export function refusedShare(error: unknown): string | null {
  const cause = error instanceof CommandError ? error.failure : null
  if (!(cause instanceof ApiError) || cause.code?.startsWith('share_') !== true) return null
  return cause.errors.join(' ')
}

/** Before anybody is asked for a share: what it will agree to, and the words that all must see alike. */
function showStatement({ dialog }: Guided, status: RekeyStatus, facts: StatementFacts | null): void {
  const when = status.verificationRequired ? 'once enough were given back' : 'from when they are answered'
  const lines = [
    `  new shares    ${status.shares}, any ${status.threshold} of them open the server`,
    `  they count    ${when}`,
    ...recipientLines(status, facts),
    `  rekey         ${status.nonce}`,
  ]
  dialog.tell('Whoever gives a share agrees to this, and to nothing else:', '', ...lines)
  if (facts === null) {
    dialog.tell('', 'This server makes no statement of it, so there are no check words to compare.')
    return
  }
  const sets = facts.keySets.map((set) => `${set.number} "${set.words}"`).join(', or ')
  dialog.tell(`  agreed by     shares of key set ${sets}`, `  until         ${facts.expires}`)
  dialog.tell('', `  check words   ${facts.words.toUpperCase()}`, '', COMPARE)
}

const COMPARE = `Read the six words aloud. Everybody who takes part, here or elsewhere, must see the same
six: they stand for all of the above. If somebody sees others, stop.`

function recipientLines(status: RekeyStatus, facts: StatementFacts | null): readonly string[] {
  const prints = status.pgpFingerprints
  const backup = status.backup ? ['  a copy of the encrypted shares stays in the store'] : []
  if (prints === null) return (facts?.delivery ?? []).map((line) => `  delivery      ${line}`)
  return [...prints.map((print, at) => `  share ${`${at + 1}`.padEnd(8)}encrypted to ${print}`), ...backup]
}

function progress({ progress: given, required }: RekeyStatus): string {
  return `${given} of ${required} are in. ${countOf(required - given, 'more share')} needed.`
}

function requireSame(status: RekeyStatus, shown: RekeyStatus): void {
  if (status.nonce === shown.nonce && status.statement === shown.statement) return
  throw new UsageError('the change that was shown is over, and another one runs', {
    code: 'nonce_mismatch',
    hint: 'Run the command again, and read the new statement.',
  })
}
