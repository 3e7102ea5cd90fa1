import { sameBytes } from '../../base/encoding.ts'
import { type SecretBytes, wipeAll } from '../../base/secret-bytes.ts'
import { ApiError, TransportError } from '../../client/errors.ts'
import type { CompletedRekey, RekeyStatus } from '../../client/rekey-answers.ts'
import { parseShare } from '../../custody/share-format.ts'
import { during, UsageError } from '../failure.ts'
import { refusedShare } from './collect.ts'
import type { Guided } from './guided.ts'
import { showAgain } from './hand-out.ts'

/** Shares that can be asked for before something must be wrong. */
const MAX_GIVEN = 1000

/** Whether the new shares are proven, or how many were given back before nobody could be asked. */
export type GivenBack =
  | { readonly isProven: true }
  | { readonly isProven: false; readonly given: number; readonly required: number }

/**
 * Step 4, where the new shares went over this very screen: every holder gives theirs back, and it is compared
 * here. Only when all are right is the server told, with as many as it needs: one holder who wrote down a
 * wrong word would otherwise be found out on the worst day.
 */
export async function giveAllBack(
  guided: Guided,
  status: RekeyStatus,
  dealt: CompletedRekey,
): Promise<GivenBack> {
  const { keys } = dealt
  begin(guided, `every holder types theirs once more. When all ${keys.length} are right, they begin to count`)
  const shares = keys.map((key) => key.lend((text) => parseShare(text, guided.hashing).share))
  const right: (SecretBytes | null)[] = shares.map(() => null)
  try {
    for (let given = 0; right.includes(null); given++) {
      if (given === MAX_GIVEN) throw new UsageError(`more than ${MAX_GIVEN} shares were given`)
      const number = right.indexOf(null) + 1
      const next = await guided.source.next(`Holder ${number}: your new share (hidden): `)
      if (next === null) return { isProven: false, given: 0, required: status.threshold }
      const at = shares.findIndex((share) => isSame(guided, share, next.share))
      if (at >= 0 && right[at] === null) right[at] = next.share
      else next.share[Symbol.dispose]()
      await answer(guided, { at, isNew: right[at] === next.share, left: right, dealt, status, number })
    }
    return await prove(guided, status, right)
  } finally {
    wipeAll([...shares, ...right.filter((share) => share !== null)])
  }
}

interface Answered {
  /** Which of the new shares was given; -1 for none. */
  readonly at: number
  readonly isNew: boolean
  readonly left: readonly (SecretBytes | null)[]
  readonly dealt: CompletedRekey
  readonly status: RekeyStatus
  /** The holder who was asked. */
  readonly number: number
}

async function answer(guided: Guided, { at, isNew, left, dealt, status, number }: Answered): Promise<void> {
  const { dialog, folder } = guided
  if (isNew) {
    const missing = left.flatMap((share, index) => (share === null ? [index + 1] : []))
    const rest = missing.length === 0 ? 'All are right.' : `Missing: ${missing.join(', ')}.`
    return dialog.tell(`Share ${at + 1} is right. ${rest}`)
  }
  if (at >= 0) return dialog.tell(`Share ${at + 1} was given back already. Another one is wanted.`)
  dialog.tell(MISTYPED)
  if (folder !== null || !dialog.canClear) return
  const wish = await dialog.ask(`To see share ${number} once more, type "show"; else press Enter: `)
  if (wish === 'show') await showAgain(guided, { dealt, agreed: status, number })
}

const MISTYPED =
  'This is none of the new shares: a typing error, or an old share. Nothing was sent. Look at each word.'

/** Step 4, where the new shares are with their holders: as many as the server needs are given back. */
export async function giveEnoughBack(guided: Guided, status: RekeyStatus): Promise<GivenBack> {
  const { dialog, rekey, source } = guided
  let back = await during('Error reading how far it is', () => rekey.verifyStatus())
  const who = back.required === back.shares ? `all ${back.shares} holders` : `any ${back.required} holders`
  begin(guided, `${who} give theirs back. Then the new ones begin to count`)
  for (let given = 0; given < MAX_GIVEN; given++) {
    dialog.tell('', `${back.progress} of ${back.required} new shares were given back.`)
    const next = await source.next('A new share, in hex, base64 or words (hidden): ')
    if (next === null) return { isProven: false, given: back.progress, required: back.required }
    try {
      using share = next.share
      const update = await during('Error giving the share back', () =>
        giveOneBack(rekey, share, status.verificationNonce),
      )
      if (update.complete) return { isProven: true }
      back = update.status
    } catch (error) {
      const reason = refusedShare(error)
      if (reason === null) throw error
      source.refused()
      dialog.tell(reason)
    }
  }
  throw new UsageError(`more than ${MAX_GIVEN} shares were given`)
}

function begin({ dialog }: Guided, how: string): void {
  dialog.heading('4. Each gives it back')
  dialog.tell('So that nobody finds out too late that a share was lost on the way:', `${how}.`)
  dialog.tell('Until then the old shares open the server: keep them.')
}

async function prove(
  { rekey }: Guided,
  status: RekeyStatus,
  right: readonly (SecretBytes | null)[],
): Promise<GivenBack> {
  for (const share of right) {
    if (share === null) continue
    const update = await during('Error giving the share back', () =>
      giveOneBack(rekey, share, status.verificationNonce),
    )
    if (update.complete) return { isProven: true }
  }
  return { isProven: false, given: right.length, required: right.length }
}

/**
 * Once more where the answer was lost on the way: the server then says that this share is in, or once
 * more that it was the last.
 */
async function giveOneBack(
  rekey: Guided['rekey'],
  share: SecretBytes,
  nonce: string,
): Promise<Awaited<ReturnType<typeof rekey.verifyUpdate>>> {
  try {
    return await rekey.verifyUpdate(share, nonce)
  } catch (error) {
    if (!(error instanceof TransportError)) throw error
  }
  try {
    return await rekey.verifyUpdate(share, nonce)
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== 'share_duplicate') throw error
    return { complete: false, status: await rekey.verifyStatus() }
  }
}

/** By their digests: the time that it takes says nothing of the shares. */
function isSame({ hashing }: Guided, left: SecretBytes, right: SecretBytes): boolean {
  const digest = (share: SecretBytes): Uint8Array => share.lend((bytes) => hashing.sha256(bytes))
  return sameBytes(digest(left), digest(right))
}
