import type { CommandSpec } from './command.ts'
import { rekeyCommand } from './rekey-command.ts'

/** `conclave operator rekey`: new shares for the same secrets, agreed by holders of the old ones. */
export const command: CommandSpec = rekeyCommand({
  name: 'operator rekey',
  summary: 'Changes the shares: holders of the old ones agree, and new ones are printed, this once.',
  noun: 'rekey',
  gerund: 'rekeying',
  faces: { barrier: 'rekey', recovery: 'rekey-recovery' },
  takesHolder: true,
  examples: [
    {
      does: 'start: four new shares, two to open, which count once given back',
      types: 'operator rekey -init -n 4 -t 2 -verify',
    },
    { does: 'agree with an old share; what is typed is not shown', types: 'operator rekey' },
    {
      does: 'from a file, for the rekey that was announced',
      types: 'operator rekey -nonce=N -share-file=share.txt',
    },
    { does: 'give a new share back', types: 'operator rekey -verify' },
  ],
})
