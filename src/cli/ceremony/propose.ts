import type { CustodyStatus, KeySetStatus } from '../../client/answers.ts'
import { ApiError } from '../../client/errors.ts'
import type { RekeyStatus } from '../../client/rekey-answers.ts'
import type { RekeyRequest } from '../../client/rekey-client.ts'
import { during, UsageError } from '../failure.ts'
import { readPgpKeys } from '../pgp-keys.ts'
import { countOf, type Guided } from './guided.ts'

const MAX_SHARES = 255
/** Wrong answers in a row after which nobody can be meaning it. */
const MAX_ATTEMPTS = 10

/** Agrees with the people on what the new shares are to be, and starts the change. */
export async function propose(guided: Guided, custody: CustodyStatus): Promise<RekeyStatus> {
  const { live } = custody
  if (live === null) {
    throw new UsageError('there are no shares yet that could be changed', {
      code: 'not_initialized',
      hint: 'Set the server up with "conclave operator init".',
    })
  }
  const request = await requestOf(guided, live)
  explain(guided, live, request)
  if (guided.dialog.isInteractive) await confirm(guided, live)
  return await start(guided, request)
}

/** Flags win; people are asked; a script that says nothing keeps the numbers that the set has. */
async function requestOf(guided: Guided, live: KeySetStatus): Promise<RekeyRequest> {
  const { flags } = guided.call
  const pgpKeys = await readPgpKeys(guided.call, flags.text('pgp-keys'))
  const shares =
    flags.number('key-shares') ??
    (pgpKeys.length > 0 ? pgpKeys.length : await askCount(guided, HOW_MANY, live.shares))
  const threshold = flags.number('key-threshold') ?? (await askCount(guided, HOW_MANY_OPEN, live.threshold))
  return {
    shares,
    threshold,
    pgpKeys,
    backup: flags.on('backup'),
    requireVerification: !flags.on('direct'),
  }
}

const HOW_MANY = 'How many people shall hold a new share?'
const HOW_MANY_OPEN = 'How many of them must come together to open the server?'

async function askCount(guided: Guided, question: string, present: number): Promise<number> {
  if (!guided.dialog.isInteractive) return present
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const answer = await guided.dialog.ask(`${question} [${present}] `)
    if (answer === '') return present
    const count = /^\d{1,3}$/.test(answer) ? Number(answer) : 0
    if (count >= 1 && count <= MAX_SHARES) return count
    guided.dialog.tell(`Give a number from 1 to ${MAX_SHARES}, or press Enter for ${present}.`)
  }
  throw new UsageError('no number was given, and nothing was started')
}

function explain(guided: Guided, live: KeySetStatus, request: RekeyRequest): void {
  const { dialog } = guided
  const later = request.requireVerification
    ? 'The old shares keep working until enough of the new ones have been given back (step 4).'
    : 'The old shares stop working as soon as the new ones are known to have arrived.'
  dialog.tell(
    '',
    `Today  key set ${live.number} "${live.words}": any ${live.threshold} of ${live.shares} shares open.`,
    `Plan   ${countOf(request.shares, 'new share')}, any ${request.threshold} of them open.`,
    '       Nothing that is stored changes, and the server stays open all the while.',
    `       ${later}`,
    '       You can stop at any time: run the command again to go on, with -cancel to end it.',
    `Steps  1 agree - 2 new shares are made - 3 each holder takes one - 4 each gives it back - 5 done`,
  )
}

/** Typed words, never a mere "yes": what follows makes the shares of a whole set worthless. */
async function confirm({ dialog }: Guided, live: KeySetStatus): Promise<void> {
  dialog.tell('', `In the end the shares of key set ${live.number} open nothing any more.`)
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const answer = await dialog.ask(`To go on, type the two words of that key set (${live.words}): `)
    if (answer.toLowerCase().split(/\s+/).join(' ') === live.words) return
    dialog.tell('These are not its words.')
  }
  throw new UsageError('the change was not confirmed, and nothing was started')
}

/** On a listener that asks who starts, a share of whoever sits here will do. */
async function start(guided: Guided, request: RekeyRequest): Promise<RekeyStatus> {
  const { rekey, dialog, source } = guided
  try {
    return await during('Error starting the change of shares', () => rekey.start(request))
  } catch (error) {
    if (!isRefused(error)) throw error
    dialog.tell(
      '',
      'This server asks who starts a change. A share that opens it is an answer, as is a token.',
    )
    const given = await source.next('Your share (hidden): ')
    if (given === null) throw error
    const status = await during('Error starting the change of shares', () =>
      rekey.start(request, given.share),
    )
    // Starting is not agreeing: the same holder has still to agree to the statement that came of it.
    source.keep(given)
    return status
  }
}

function isRefused(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : null
  return cause instanceof ApiError && cause.code === 'permission_denied'
}
