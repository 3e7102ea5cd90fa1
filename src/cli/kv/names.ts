import type { LogicalAnswer } from '../../client/logical-client.ts'
import type { CommandCall } from '../command.ts'
import { during } from '../failure.ts'
import { putNames } from '../names-output.ts'
import { bothNames, kvPath } from './kv-path.ts'

/** Lists the names below a path of a KV mount, of one level or of all; the exit code. */
export async function putKvNames(call: CommandCall, depth: 'list' | 'scan'): Promise<number> {
  const client = await call.connect()
  const [given = ''] = call.operands
  const path = await during('Error looking for the mount', () => kvPath(call, client, given))
  const api = path.api('metadata')
  const answer: LogicalAnswer | null = await during(`Error listing ${api}`, () =>
    depth === 'scan' ? client.logical.scan(api) : client.logical.list(api),
  )
  return await putNames(call, answer, bothNames(path, 'metadata'))
}
