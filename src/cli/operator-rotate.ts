import type { CommandCall, CommandSpec } from './command.ts'
import { during, EXIT_OK } from './failure.ts'
import { say } from './io.ts'
import { putKeyStatus } from './operator-key-status.ts'

/** `conclave operator rotate`: a new data key. The shares stay as they are. */
export const command: CommandSpec = {
  name: 'operator rotate',
  summary: 'Makes a new data key for what is written from now on. Shares stay; old data stays readable.',
  operands: '',
  arity: [0, 0],
  examples: [
    { does: 'needs a token with sudo on sys/rotate', types: 'operator rotate' },
    { does: 'for other shares, see', types: 'custody rekey -h' },
  ],
  flags: [],
  connects: true,
  answers: true,
  run,
}

async function run(call: CommandCall): Promise<number> {
  const client = await call.connect()
  await during('Error rotating key', () => client.rotate())
  if (call.output.format === 'table') say(call.io, 'Success! Rotated key\n')
  await putKeyStatus(call, await during('Error reading key status', () => client.keyStatus()))
  return EXIT_OK
}
