import { setTimeout as pause } from 'node:timers/promises'
import { isMembers, text } from '../../client/answers.ts'
import type { ConclaveClient } from '../../client/conclave-client.ts'
import type { CommandCall, CommandSpec } from '../command.ts'
import { during, EXIT_OK, EXIT_SERVER } from '../failure.ts'
import { say } from '../io.ts'
import { dataOf } from '../logical-output.ts'
import { mountPath } from './mount-path.ts'

const POLL_MS = 250
/** Longer moves go on, and are asked about by their id. */
const MAX_POLLS = 240

/** `conclave secrets move`: a mount to another path. */
export const command: CommandSpec = {
  name: 'secrets move',
  summary: 'Moves a mount to another path, with what it holds. Its leases end.',
  operands: 'PATH PATH',
  arity: [2, 2],
  examples: [{ does: 'policies have to follow', types: 'secrets move kv/ team/kv/' }],
  flags: [],
  connects: true,
  requests: true,
  answers: false,
  run,
}

async function run(call: CommandCall): Promise<number> {
  const [from, to] = [mountPath(call.operands[0]), mountPath(call.operands[1])]
  const client = await call.connect()
  const doing = `Error moving secrets engine ${from}/ to ${to}/`
  const answer = await during(doing, () => client.logical.write('sys/remount', { from, to }))
  const id = text(dataOf(answer?.members ?? {}), 'migration_id')
  say(call.io, `Started moving secrets engine ${from}/ to ${to}/, with migration ID ${id}`)
  const status = await during(doing, () => finished(client, id))
  if (status === 'success') {
    say(call.io, `Success! Finished moving secrets engine ${from}/ to ${to}/, with migration ID ${id}`)
    return EXIT_OK
  }
  const see = `See how it stands with "conclave read sys/remount/status/${id}".`
  say(
    call.io,
    status === 'failure' ? `Failure! The secrets engine was not moved. ${see}` : `It is still moving. ${see}`,
  )
  return EXIT_SERVER
}

async function finished({ looking }: ConclaveClient, id: string): Promise<string> {
  for (let polls = 0; polls < MAX_POLLS; polls++) {
    const info = dataOf((await looking.read(`sys/remount/status/${id}`))?.members ?? {})['migration_info']
    const status = isMembers(info) ? text(info, 'status') : ''
    if (status !== 'in-progress') return status
    await pause(POLL_MS)
  }
  return 'in-progress'
}
