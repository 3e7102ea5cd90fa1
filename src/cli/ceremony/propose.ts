import type { SecretBytes } from '../../base/secret-bytes.ts'
import type { KeySetStatus } from '../../client/answers.ts'
import type { RekeyStatus } from '../../client/rekey-answers.ts'
import type { RekeyRequest } from '../../client/rekey-client.ts'
import { CommandError, describeFailure, during, UsageError } from '../failure.ts'
import type { FlagValues } from '../flags.ts'
import { readPgpKeys } from '../pgp-keys.ts'
import { shownRekey } from '../statement-output.ts'
import { countOf, type Guided } from './guided.ts'
import { goesTo } from './recipients.ts'

const MAX_SHARES = 255
/** Wrong answers in a row after which nobody can be meaning it. */
const MAX_ATTEMPTS = 10

/** Agrees with the people on what the new shares are to be, and starts the change. */
export async function propose(guided: Guided): Promise<RekeyStatus> {
  const { live } = guided.custody
  if (live === null) {
    throw new UsageError('there are no shares yet that could be changed', {
      code: 'not_initialized',
      hint: 'Set the server up with "conclave operator init".',
    })
  }
  const request = await requestOf(guided, live)
  explain(guided, live, request)
  if (guided.dialog.isInteractive) await confirm(guided, live)
  const status = await start(guided, request)
  requireRecipients(guided, request, status)
  return status
}

/** Flags win; people are asked; a script that says nothing keeps the numbers that the set has. */
async function requestOf(guided: Guided, live: KeySetStatus): Promise<RekeyRequest> {
  const { flags } = guided.call
  const pgpKeys = await readPgpKeys(flags.text('pgp-keys'))
  const shares =
    flags.number('key-shares') ??
    (pgpKeys.length > 0 ? pgpKeys.length : await askCount(guided, HOW_MANY, live.shares))
  const threshold = flags.number('key-threshold') ?? (await askCount(guided, HOW_MANY_OPEN, live.threshold))
  return {
    shares,
    threshold,
    pgpKeys,
    backup: flags.on('backup'),
    verify: wantedVerification(flags),
  }
}

const HOW_MANY = 'How many people shall hold a new share?'
const HOW_MANY_OPEN = 'How many of them must come together to open the server?'

function wantedVerification(flags: FlagValues): 'none' | 'threshold' | 'all' {
  if (flags.on('verify-all')) return 'all'
  return flags.on('direct') ? 'none' : 'threshold'
}

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
  const later =
    request.verify === 'none'
      ? 'The old shares stop working as soon as the new ones are known to have arrived.'
      : 'The old shares keep working until the new ones have been given back (step 4).'
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
  const begin = (holder: SecretBytes | null): Promise<RekeyStatus> =>
    during('Error starting the change of shares', () => rekey.start(request, holder))
  try {
    return await begin(null)
  } catch (error) {
    if (!isRefused(error)) throw error
    dialog.tell(
      '',
      'This server asks who starts a change. A share that opens it is an answer, as is a token.',
    )
    const given = await source.next('Your share (hidden): ')
    if (given === null) throw error
    // Starting is not agreeing: the same holder has still to agree to the statement that comes of it.
    source.keep(given)
    return await begin(given.share)
  }
}

function isRefused(error: unknown): boolean {
  return error instanceof CommandError && describeFailure(error).code === 'permission_denied'
}

/** A server could have put keys of its own in the place of those that were given. */
function requireRecipients({ hashing }: Guided, request: RekeyRequest, status: RekeyStatus): void {
  if (goesTo(request.pgpKeys ?? [], shownRekey(status, hashing).facts, hashing)) return
  throw new UsageError('the server means to encrypt the new shares to other keys than were given', {
    code: 'statement_unfit',
    hint: 'No share was sent. End it with "conclave custody rekey -cancel", and find out why.',
  })
}
