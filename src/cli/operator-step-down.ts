import type { CommandCall, CommandSpec } from './command.ts'
import { during, EXIT_OK } from './failure.ts'
import { say } from './io.ts'

/** `conclave operator step-down`: lets another server of the cluster take over. */
export const command: CommandSpec = {
  name: 'operator step-down',
  summary: 'Makes the active server of a cluster give way to another; a server alone just goes on.',
  operands: '',
  arity: [0, 0],
  examples: [{ does: 'needs a token with sudo on sys/step-down', types: 'operator step-down' }],
  flags: [],
  connects: true,
  answers: false,
  run,
}

async function run(call: CommandCall): Promise<number> {
  const client = await call.connect()
  await during('Error stepping down', () => client.stepDown())
  say(call.io, `Success! Stepped down: ${client.address}`)
  return EXIT_OK
}
