import type { CommandCall, CommandSpec } from '../command.ts'
import { during, EXIT_OK } from '../failure.ts'
import { say } from '../io.ts'
import { putWarnings } from '../logical-output.ts'
import { mountPath } from './mount-path.ts'

/** `conclave secrets disable`: takes a mount away, with what it holds. */
export const command: CommandSpec = {
  name: 'secrets disable',
  summary: 'Takes a mount away with all that it holds, and ends its leases.',
  operands: 'PATH',
  arity: [1, 1],
  examples: [{ does: 'there is no way back', types: 'secrets disable kv/' }],
  flags: [],
  connects: true,
  requests: true,
  answers: false,
  run,
}

async function run(call: CommandCall): Promise<number> {
  const path = mountPath(call.operands[0])
  const client = await call.connect()
  const doing = `Error disabling secrets engine at ${path}/`
  putWarnings(call, await during(doing, () => client.logical.delete(`sys/mounts/${path}`)))
  say(call.io, `Success! Disabled the secrets engine (if it existed) at: ${path}/`)
  return EXIT_OK
}
