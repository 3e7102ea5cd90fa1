import { isMembers } from '../../client/answers.ts'
import type { LogicalAnswer } from '../../client/logical-client.ts'
import type { CommandCall } from '../command.ts'
import { say } from '../io.ts'
import { dataOf, putAsked, putWarnings } from '../logical-output.ts'
import { pathPart, putParts, tablePart } from './kv-output.ts'
import { bothNames, type KvPath } from './kv-path.ts'

/** What a write answered: the new version, or a word where the mount keeps none. Never what was written. */
export async function putWritten(
  call: CommandCall,
  path: KvPath,
  answer: LogicalAnswer | null,
): Promise<void> {
  const isTable = call.flags.text('field') === null && call.output.format === 'table'
  if (answer === null) say(call.io, `Success! Data written to: ${bothNames(path, 'data')}`)
  else if (isTable && !isMembers(answer.members['wrap_info'])) {
    putWarnings(call, answer)
    await putParts(call, [pathPart(path, 'data'), tablePart('Metadata', dataOf(answer.members))])
  } else await putAsked(call, answer)
}
