import type { SealStatus } from '../client/answers.ts'
import type { ConclaveClient } from '../client/conclave-client.ts'
import type { CommandCall, CommandSpec } from './command.ts'
import { during, EXIT_OK } from './failure.ts'
import { HOLDER_FLAG, readHolder } from './holder.ts'
import { say } from './io.ts'
import { readShare, SHARE_FILE_FLAG, shareOrigin } from './share-input.ts'
import { progressLine, putSealStatus } from './status.ts'

/** `conclave operator unseal`: gives one share. */
export const command: CommandSpec = {
  name: 'operator unseal',
  summary: 'Gives the server one share: hex, base64 or words. With enough of them it opens.',
  operands: '[SHARE|-]',
  arity: [0, 1],
  examples: [
    { does: 'be asked for the share; what is typed is not shown', types: 'operator unseal' },
    { does: 'from a file, or from another program', types: 'operator unseal -share-file=share.txt' },
    { does: 'drop the shares that are in, and start again', types: 'operator unseal -reset' },
  ],
  flags: [
    SHARE_FILE_FLAG,
    {
      name: 'reset',
      kind: 'switch',
      help: 'drop the shares that are in; on a guarded listener, those from here',
    },
    { ...HOLDER_FLAG, help: 'with -reset: a share of yours drops those of all' },
  ],
  later: ['migrate'],
  connects: true,
  answers: true,
  run,
}

async function run(call: CommandCall): Promise<number> {
  if (call.flags.on('reset')) {
    using holder = await readHolder(call)
    const client = await call.connect()
    return tell(call, client, await during('Error resetting the unseal', () => client.unsealReset(holder)))
  }
  const origin = shareOrigin(call)
  const client = await call.connect()
  using share = await readShare(call, origin, 'Unseal Key (will be hidden): ')
  return tell(call, client, await during('Error unsealing', () => client.unseal(share)))
}

async function tell(call: CommandCall, client: ConclaveClient, status: SealStatus): Promise<number> {
  await putSealStatus(call, status, await during('Error reading the leader', () => client.leader()))
  const gap = call.output.format === 'table' ? '\n' : ''
  for (const warning of status.warnings) say(call.io, `${gap}Warning: ${warning}`)
  if (call.output.format !== 'table') return EXIT_OK
  if (!status.sealed) say(call.io, '\nThe server is open.\nNext: conclave login')
  else say(call.io, `\n${progressLine(status.progress, status.threshold)}\nNext: conclave operator unseal`)
  return EXIT_OK
}
