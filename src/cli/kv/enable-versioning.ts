import type { CommandCall, CommandSpec } from '../command.ts'
import { during, EXIT_OK } from '../failure.ts'
import { say } from '../io.ts'
import { putWarnings } from '../logical-output.ts'

/** `conclave kv enable-versioning`: version 2 of KV for a mount of version 1. */
export const command: CommandSpec = {
  name: 'kv enable-versioning',
  summary: 'Makes a KV mount of version 1 one of version 2. There is no way back.',
  operands: 'PATH',
  arity: [1, 1],
  examples: [
    { does: 'policies on it need data/ and metadata/ from then on', types: 'kv enable-versioning secret' },
  ],
  flags: [],
  connects: true,
  requests: true,
  answers: false,
  run,
}

async function run(call: CommandCall): Promise<number> {
  const mount = (call.operands[0] ?? '').replace(/^\/+|\/+$/g, '')
  const client = await call.connect()
  const body = { options: { version: '2' } }
  const answer = await during('Error tuning secrets engine', () =>
    client.logical.write(`sys/mounts/${mount}/tune`, body),
  )
  putWarnings(call, answer)
  say(call.io, `Success! Tuned the secrets engine at: ${mount}/`)
  return EXIT_OK
}
