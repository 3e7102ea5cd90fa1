import { wipeAll } from '../../base/secret-bytes.ts'
import type { CompletedRekey, RekeyStatus } from '../../client/rekey-answers.ts'
import { during, UsageError } from '../failure.ts'
import { readPgpKeys } from '../pgp-keys.ts'
import { orNull } from '../share-output.ts'
import { shownRekey } from '../statement-output.ts'
import { collect } from './collect.ts'
import { type GivenBack, giveAllBack, giveEnoughBack } from './give-back.ts'
import { type Guided, type HandedOut, NOTHING_HANDED_OUT, type Outcome } from './guided.ts'
import { handOut } from './hand-out.ts'
import { planOf, preparePlace } from './place.ts'
import { propose } from './propose.ts'
import { goesTo } from './recipients.ts'

/**
 * The whole change of shares with people who are led through it. Goes on where the ceremony is, whoever began
 * it and wherever; ends when it is complete, or when nobody is there who could be asked for a share.
 */
export async function guideRekey(guided: Guided): Promise<Outcome> {
  const { dialog } = guided
  const running = await readStatus(guided)
  if (!running.started) {
    const { flags } = guided.call
    await preparePlace(guided, {
      isEncrypted: flags.text('pgp-keys') !== null,
      isVerified: !flags.on('direct'),
    })
    return await agree(guided, await propose(guided))
  }
  await requireWanted(guided, running)
  dialog.tell('A change of shares is under way already: this goes on with it.')
  if (running.verificationNonce !== '') return await resumeGivingBack(guided, running)
  await preparePlace(guided, planOf(running))
  return await agree(guided, running)
}

/**
 * The new shares once more, for whoever gave the last old one within the last minutes from this machine: the
 * answer may have been lost. Throws what the server says when it is too late.
 */
export async function handOutAgain(guided: Guided): Promise<Outcome> {
  const status = await readStatus(guided)
  await preparePlace(guided, planOf(status))
  if (status.verificationNonce === '') {
    throw new UsageError('no new shares wait to be given back, so there are none to be shown again', {
      code: 'ceremony_not_running',
    })
  }
  const given = await guided.source.next('The share that was given last (hidden): ')
  if (given === null) throw new UsageError('the share that was given last is needed for that')
  using share = given.share
  const update = await during('Error asking for the new shares again', () =>
    guided.rekey.update(share, status.nonce),
  )
  if (!update.complete) throw new UsageError('the server did not give the new shares again')
  return await deliver(guided, { dealt: update, status, words: wordsOf(guided, status) })
}

/** Steps 1 to 5. */
async function agree(guided: Guided, started: RekeyStatus): Promise<Outcome> {
  const { dealt, status, words } = await collect(guided, started)
  if (dealt !== null) return await deliver(guided, { dealt, status, words })
  if (status.started && status.verificationNonce === '') {
    const { progress, required } = status
    return { phase: 'collecting', status, progress, required, words, handedOut: NOTHING_HANDED_OUT }
  }
  guided.dialog.tell('', 'The last share was given at another screen: the new ones are there.')
  if (!status.started) return complete(started, words, NOTHING_HANDED_OUT)
  return await resumeGivingBack(guided, status)
}

interface Dealt {
  readonly dealt: CompletedRekey
  readonly status: RekeyStatus
  readonly words: string
}

/** Steps 3 to 5. The new shares are wiped in the end, whatever happens. */
async function deliver(guided: Guided, { dealt, status, words }: Dealt): Promise<Outcome> {
  using delivery = dealt.delivery
  try {
    const handedOut = await handOutAll(guided, dealt, status)
    if (!dealt.verificationRequired) {
      // On the disk, on paper or printed: only now may the old ones go. Messages that belong into the answer
      // of this command are none of that yet: the old ones stay until the new ones have opened the server.
      if (handedOut.messages.length === 0) await orNull(() => delivery.acknowledge())
      return complete(status, words, handedOut)
    }
    const verifying = { ...status, verificationNonce: dealt.verificationNonce }
    // A script that wrote the shares to files has not yet brought them to anybody.
    if (!guided.dialog.isInteractive) return await waiting(guided, verifying, { words, handedOut })
    const back = await giveBack(guided, verifying, dealt)
    return outcomeOf(back, { status: verifying, words, handedOut })
  } finally {
    wipeAll([...dealt.keys, ...dealt.keysBase64])
  }
}

/** Interrupted in the middle, some holders have their share and some have not. */
async function handOutAll(guided: Guided, dealt: CompletedRekey, status: RekeyStatus): Promise<HandedOut> {
  try {
    return await handOut(guided, dealt, status)
  } catch (error) {
    if (!(error instanceof UsageError) || error.code !== 'interrupted') throw error
    throw new UsageError('interrupted while the new shares were handed out', {
      code: 'interrupted_hand_out',
      hint: LOST_SHARES,
    })
  }
}

/** Everybody's share is compared where this screen knows them all; encrypted ones it has never seen. */
function giveBack(guided: Guided, status: RekeyStatus, dealt: CompletedRekey): Promise<GivenBack> {
  if (dealt.pgpFingerprints !== null) return giveEnoughBack(guided, status)
  return giveAllBack(guided, status, dealt)
}

const LOST_SHARES = `The old shares still open the server. If a new one got lost: within five minutes, and
from the machine that gave the last share, "conclave custody rekey -again" hands them out once more.
Later, end it with -cancel and begin anew.`

async function resumeGivingBack(guided: Guided, status: RekeyStatus): Promise<Outcome> {
  guided.dialog.tell('', 'The new shares were made and handed out.', LOST_SHARES)
  const back = await giveEnoughBack(guided, status)
  return outcomeOf(back, { status, words: wordsOf(guided, status), handedOut: NOTHING_HANDED_OUT })
}

async function waiting(
  { rekey }: Guided,
  status: RekeyStatus,
  rest: { readonly words: string; readonly handedOut: HandedOut },
): Promise<Outcome> {
  const { progress, required } = await during('Error reading how far it is', () => rekey.verifyStatus())
  return { phase: 'verifying', status, progress, required, ...rest }
}

function outcomeOf(
  back: GivenBack,
  rest: { readonly status: RekeyStatus; readonly words: string; readonly handedOut: HandedOut },
): Outcome {
  if (back.isProven) return complete(rest.status, rest.words, rest.handedOut)
  return { phase: 'verifying', progress: back.given, required: back.required, ...rest }
}

function complete(status: RekeyStatus, words: string, handedOut: HandedOut): Outcome {
  const { threshold } = status
  return { phase: 'complete', status, progress: threshold, required: threshold, words, handedOut }
}

function wordsOf(guided: Guided, status: RekeyStatus): string {
  return shownRekey(status, guided.hashing).facts?.words ?? ''
}

function readStatus({ rekey }: Guided): Promise<RekeyStatus> {
  return during('Error reading how far it is', () => rekey.status())
}

/** A running change is gone on with as it is: flags that want another one are a mistake somewhere. */
async function requireWanted({ call, hashing }: Guided, running: RekeyStatus): Promise<void> {
  const { flags } = call
  const { facts } = shownRekey(running, hashing)
  const wanted = [
    [flags.number('key-shares'), running.shares],
    [flags.number('key-threshold'), running.threshold],
    [flags.on('direct') || null, !running.verificationRequired],
    [flags.on('verify-all') || null, facts?.verify === 'all'],
    [flags.on('backup') || null, running.backup],
  ] as const
  const keyFiles = flags.text('pgp-keys')
  const isSameDelivery = keyFiles === null || goesTo(await readPgpKeys(keyFiles), facts, hashing)
  if (isSameDelivery && wanted.every(([asked, is]) => asked === null || asked === is)) return
  throw new UsageError('another change of shares is under way than the flags ask for', {
    code: 'ceremony_running',
    hint: 'Leave the flags out to go on with it, or end it with -cancel.',
  })
}
