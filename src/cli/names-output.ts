import type { LogicalAnswer } from '../client/logical-client.ts'
import type { CommandCall } from './command.ts'
import { EXIT_OK, EXIT_SERVER } from './failure.ts'
import { say } from './io.ts'
import { dataOf, putIfWrapped, putWarnings } from './logical-output.ts'
import { renderValue } from './output.ts'

/** The names of a list, one a line or as an array; the exit code. `path` is what was listed. */
export async function putNames(
  call: CommandCall,
  answer: LogicalAnswer | null,
  path: string,
): Promise<number> {
  if (await putIfWrapped(call, answer)) return EXIT_OK
  putWarnings(call, answer)
  const names = answer === null ? [] : namesOf(answer)
  if (names.length === 0) {
    say(call.io, `No value found at ${path}`)
    return EXIT_SERVER
  }
  const { format } = call.output
  const table = `Keys\n----\n${names.map((name) => `${name}\n`).join('')}`
  await call.output.text(format === 'table' ? table : await renderValue(format, names))
  return EXIT_OK
}

/** `data.keys` of an envelope. */
export function namesOf(answer: LogicalAnswer): readonly string[] {
  const { keys } = dataOf(answer.members)
  return Array.isArray(keys) ? keys.filter((name) => typeof name === 'string') : []
}
