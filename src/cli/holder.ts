import type { SecretBytes } from '../base/secret-bytes.ts'
import type { CommandCall } from './command.ts'
import { EXIT_OK } from './failure.ts'
import type { FlagSpec } from './flags.ts'
import { say } from './io.ts'
import { readShare, shareOrigin } from './share-input.ts'

export const HOLDER_FLAG: FlagSpec = {
  name: 'holder',
  kind: 'switch',
  help: 'with -init, -cancel: show a share of yours in place of a token',
}

/** Ends a call that wanted a ceremony to end; `rest` is what holds it, when one holder was not enough. */
export function tellCancelled(
  call: CommandCall,
  rest: { readonly cancelProgress: number; readonly cancelRequired: number } | null,
  done: readonly string[],
): number {
  if (rest === null) {
    for (const line of done) say(call.io, line)
    return EXIT_OK
  }
  const { cancelProgress, cancelRequired } = rest
  say(call.io, `Your wish is counted: ${cancelProgress} of ${cancelRequired} holders want it to end.`)
  say(call.io, 'Others have joined it, so one holder alone does not end it. It goes on until then.')
  return EXIT_OK
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
