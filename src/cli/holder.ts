import type { SecretBytes } from '../base/secret-bytes.ts'
import type { CommandCall } from './command.ts'
import type { FlagSpec } from './flags.ts'
import { readShare, shareOrigin } from './share-input.ts'

export const HOLDER_FLAG: FlagSpec = {
  name: 'holder',
  kind: 'switch',
  help: 'with -init, -cancel: show a share of yours in place of a token',
}

/**
 * The share that starts or cancels a ceremony in place of a token, where a listener asks for either; `null`
 * when none is given. It counts for nothing else: whoever starts a ceremony has not agreed to it.
 */
export async function readHolder(call: CommandCall): Promise<SecretBytes | null> {
  const isGiven = call.operands.length > 0 || call.flags.text('share-file') !== null
  if (!isGiven && !call.flags.on('holder')) return null
  return await readShare(call, shareOrigin(call), 'A share that opens the server (will be hidden): ')
}
