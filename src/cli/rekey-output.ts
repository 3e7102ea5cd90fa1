import { wipeAll } from '../base/secret-bytes.ts'
import type { ConclaveClient } from '../client/conclave-client.ts'
import type { CompletedRekey, RekeyStatus } from '../client/rekey-answers.ts'
import type { CommandCall } from './command.ts'
import { say } from './io.ts'
import { type Piece, putSecret, renderMembers, type SecretMember } from './secret-output.ts'
import { putShares, type ShareFormat, sayKeySets } from './share-output.ts'

interface Rekeyed {
  readonly client: ConclaveClient
  readonly update: CompletedRekey
  readonly format: ShareFormat
  /** What was agreed to: how many shares there are now. */
  readonly agreed: RekeyStatus
}

/** Prints the new shares, once, and wipes them. Nothing else is asked of the server before. */
export async function putNewShares(call: CommandCall, done: Rekeyed): Promise<void> {
  const { client, update } = done
  const encrypted = update.pgpFingerprints !== null
  try {
    if (call.output.format !== 'table') {
      await putSecret(call.io, renderMembers(call.output.format, members(update)))
      return
    }
    if (encrypted) await putSecret(call.io, messages(update))
    else {
      const set = update.verificationRequired ? 'pending' : 'live'
      await putShares(call, { keys: update.keys, format: done.format, set }, (texts) => [
        '\n',
        ...texts.flatMap((text, at): readonly Piece[] => [`Key ${at + 1}: `, text, '\n']),
        `\nOperation nonce: ${update.nonce}\n`,
      ])
    }
    if (!update.verificationRequired) await sayKeySets(call, client)
    say(call.io, advice(done))
  } finally {
    wipeAll([...update.keys, ...update.keysBase64])
  }
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

function advice({ update, agreed }: Rekeyed): string {
  const shown =
    update.pgpFingerprints === null
      ? 'The new shares are shown this once and kept nowhere. Give each to a different person.'
      : 'Each value is for the holder of its key, who reads it with: base64 -d | gpg -d'
  const kept = update.backup
    ? `\nThe encrypted shares are kept in the store, too, until "-backup-delete" takes them away.`
    : ''
  if (update.verificationRequired) return `\n${shown}${kept}\n${PENDING}`
  return `
${shown}${kept}
Any ${agreed.threshold} of these ${agreed.shares} open the server from now on; the old shares do not.
The server stays open. Copies of the store that are older than today still open with the old shares.

Next: conclave snapshot save`
}

const PENDING = `
The new shares do NOT open anything yet, and the old ones still do: keep the old ones.
The new ones count once enough of them were given back, with -verify. A cancel, or sealing the server,
before that drops the new shares and leaves the old ones as they are.

How far that is, with its own nonce, stands below.`
