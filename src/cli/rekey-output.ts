import { wipeAll } from '../base/secret-bytes.ts'
import type { RekeyStatus, RekeyUpdate } from '../client/answers.ts'
import type { ConclaveClient } from '../client/conclave-client.ts'
import type { CommandCall } from './command.ts'
import { say } from './io.ts'
import { type Piece, putSecret, renderMembers, type SecretMember } from './secret-output.ts'
import { putShares, type ShareFormat } from './share-output.ts'

type Completed = Extract<RekeyUpdate, { complete: true }>

interface Rekeyed {
  readonly update: Completed
  readonly format: ShareFormat
  /** What was agreed to: how many shares there are now. */
  readonly agreed: RekeyStatus
}

/** Prints the new shares, once, and wipes them. */
export async function putNewShares(call: CommandCall, client: ConclaveClient, done: Rekeyed): Promise<void> {
  const { update } = done
  try {
    if (call.output.format !== 'table') {
      await putSecret(call.io, renderMembers(call.output.format, members(update)))
      return
    }
    await putShares(call, client, {
      keys: update.keys,
      format: done.format,
      lines: (texts) => [
        '\n',
        ...texts.flatMap((text, at): readonly Piece[] => [`Key ${at + 1}: `, text, '\n']),
        `\nOperation nonce: ${update.nonce}\n`,
      ],
    })
    say(call.io, advice(done.agreed))
  } finally {
    wipeAll([...update.keys, ...update.keysBase64])
  }
}

/** key-lifecycle.md section 5.6, number 10. */
function members(update: Completed): readonly SecretMember[] {
  return [
    { name: 'nonce', value: update.nonce },
    { name: 'complete', value: true },
    { name: 'keys', secrets: update.keys },
    { name: 'keys_base64', secrets: update.keysBase64 },
    { name: 'pgp_fingerprints', value: null },
    { name: 'backup', value: false },
    { name: 'verification_required', value: update.verificationRequired },
    { name: 'verification_nonce', value: update.verificationNonce },
  ]
}

function advice(agreed: RekeyStatus): string {
  return `
The new shares are shown this once and kept nowhere. Give each to a different person.
Any ${agreed.threshold} of these ${agreed.shares} open the server from now on; the old shares do not.
The server stays open. Copies of the store that are older than today still open with the old shares.

Next: conclave snapshot save`
}
