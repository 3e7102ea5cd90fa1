import { wipeAll } from '../base/secret-bytes.ts'
import type { CustodyStatus } from '../client/answers.ts'
import type { CompletedRekey } from '../client/rekey-answers.ts'
import type { CommandCall } from './command.ts'
import { say } from './io.ts'
import { announceLoss, lostShares } from './lost-answer.ts'
import { type Piece, putSecret, renderFirst, renderRest, type SecretMember } from './secret-output.ts'
import { orNull, putShares, type ShareFormat, sayKeySet } from './share-output.ts'

interface Rekeyed {
  /** The command that is typed, for example `operator rekey`. */
  readonly verb: string
  readonly update: CompletedRekey
  readonly format: ShareFormat
}

/**
 * Prints the new shares, wipes them, and only then tells the server that they arrived: nothing else is asked
 * of it before. Throws `OutputError`, with nothing told, when not all of them are safely out.
 */
export async function putNewShares(call: CommandCall, done: Rekeyed): Promise<void> {
  const { update, verb } = done
  const { format } = call.output
  using delivery = update.delivery
  try {
    using _ = announceLoss(call.io, update, verb)
    if (format === 'table') await putTable(call, done)
    else await putSecret(call.io, renderFirst(format, members(update)))
  } catch (error) {
    throw lostShares(error, update, verb)
  } finally {
    wipeAll([...update.keys, ...update.keysBase64])
  }
  // Pending shares are acknowledged by being given back.
  const custody = update.verificationRequired ? null : await orNull(() => delivery.acknowledge())
  if (format === 'table') tell(call, done, custody)
  else await putSecret(call.io, renderRest(format, whoElseOpens(custody)))
}

async function putTable(call: CommandCall, { update, format }: Rekeyed): Promise<void> {
  if (update.pgpFingerprints !== null) return await putSecret(call.io, messages(update))
  const set = update.verificationRequired ? 'pending' : 'live'
  await putShares(call, { keys: update.keys, format, set }, (texts) => [
    '\n',
    ...texts.flatMap((text, at): readonly Piece[] => [`Key ${at + 1}: `, text, '\n']),
    `\nOperation nonce: ${update.nonce}\n`,
  ])
}

/** `retiring`: the set of old shares that open as well, or `null`. Left out where nobody could be asked. */
function whoElseOpens(custody: CustodyStatus | null): readonly SecretMember[] {
  if (custody === null) return []
  const { retiring } = custody
  const value = retiring === null ? null : { number: retiring.number, words: retiring.words }
  return [{ name: 'retiring', value }]
}

/** key-lifecycle.md section 5.6, number 10. */
function members(update: CompletedRekey): readonly SecretMember[] {
  const nonce: readonly SecretMember[] =
    update.verificationNonce === '' ? [] : [{ name: 'verification_nonce', value: update.verificationNonce }]
  return [
    { name: 'nonce', value: update.nonce },
    { name: 'complete', value: true },
    { name: 'keys', secrets: update.keys },
    { name: 'keys_base64', secrets: update.keysBase64 },
    { name: 'pgp_fingerprints', value: update.pgpFingerprints },
    { name: 'backup', value: update.backup },
    { name: 'verification_required', value: update.verificationRequired },
    ...nonce,
  ]
}

/** Shares that are encrypted to people: whoever sees the messages learns nothing. */
function messages(update: CompletedRekey): readonly Piece[] {
  const texts = update.keysBase64.length === update.keys.length ? update.keysBase64 : update.keys
  return [
    '\n',
    ...texts.flatMap((text, at): readonly Piece[] => {
      const fingerprint = update.pgpFingerprints?.[at] ?? 'unknown'
      return [`Key ${at + 1} fingerprint: ${fingerprint}; value: `, text, '\n']
    }),
    `\nOperation nonce: ${update.nonce}\n`,
  ]
}

function tell(call: CommandCall, { update }: Rekeyed, custody: CustodyStatus | null): void {
  sayKeySet(call, custody)
  const shown =
    update.pgpFingerprints === null
      ? 'The new shares are shown this once and kept nowhere. Give each to a different person.'
      : 'Each value is for the holder of its key, who reads it with: base64 -d | gpg -d'
  const kept = update.backup
    ? `\nThe encrypted shares are kept in the store, too, until "-backup-delete" takes them away.`
    : ''
  const opens = update.verificationRequired ? PENDING : whatOpens(custody)
  say(call.io, `\n${shown}${kept}\n${opens}`)
}

function whatOpens(custody: CustodyStatus | null): string {
  const live = custody?.live
  if (!custody || !live) return UNKNOWN
  const { retiring } = custody
  const some = live.shares === 1 ? 'It opens' : `Any ${live.threshold} of these ${live.shares} open`
  if (retiring === null) {
    return `${some} the server from now on; the old shares do not.
The server stays open. Copies of the store that are older than today still open with the old shares.

Next: conclave snapshot save`
  }
  return `${some} the server from now on. Keep the old shares, "${retiring.words}", as well:
they open it too, until the new ones have opened it once. That is the proof which this listener wants.

Next: conclave operator seal
      conclave operator unseal    with new shares, ${live.threshold} times`
}

const UNKNOWN = `The new shares open the server from now on. Whether the old ones still do could not be asked.

Next: conclave custody status`

const PENDING = `
The new shares do NOT open anything yet, and the old ones still do: keep the old ones.
The new ones count once enough of them were given back, with -verify. A cancel, or sealing the server,
before that drops the new shares and leaves the old ones as they are.

How far that is, with its own nonce, stands below.`
