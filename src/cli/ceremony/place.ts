import type { RekeyStatus } from '../../client/rekey-answers.ts'
import { UsageError } from '../failure.ts'
import type { Guided } from './guided.ts'
import { prepareFolder } from './share-files.ts'

/** What of a change of shares says where the new ones may go. */
export interface PlacePlan {
  readonly isEncrypted: boolean
  readonly isVerified: boolean
}

/** Of one that runs already. */
export function planOf(status: RekeyStatus): PlacePlan {
  return { isEncrypted: status.pgpFingerprints !== null, isVerified: status.verificationRequired }
}

/**
 * Makes sure that new shares have a place to go, before anybody gives a share that could make them. Shares
 * that count at once must not depend on a screen: closed too early, it would take the only ones away.
 */
export async function preparePlace({ dialog, folder }: Guided, plan: PlacePlan): Promise<void> {
  if (folder !== null) return await prepareFolder(folder)
  if (plan.isEncrypted) return
  if (!plan.isVerified) {
    throw new UsageError('without verification the new shares need a place that outlives this screen', {
      code: 'no_place_for_shares',
      hint: 'Give -out=FOLDER for a file a holder, or -pgp-keys=FILES; or leave -direct out.',
    })
  }
  if (dialog.canClear) return
  throw new UsageError('the new shares would have no place to go: there is no screen that can be cleared', {
    code: 'no_place_for_shares',
    hint: 'Give -out=FOLDER for a file a holder, or -pgp-keys=FILES to have them encrypted.',
  })
}
