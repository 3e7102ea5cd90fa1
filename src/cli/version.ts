import { readFile } from 'node:fs/promises'
import { isMembers, text } from '../client/answers.ts'
import type { CommandCall, CommandSpec } from './command.ts'
import { EXIT_OK } from './failure.ts'
import { put } from './io.ts'

/** `conclave version`. */
export const command: CommandSpec = {
  name: 'version',
  summary: 'Prints the version of this program.',
  operands: '',
  arity: [0, 0],
  examples: [{ does: 'one line', types: 'version' }],
  flags: [],
  connects: false,
  answers: false,
  run,
}

async function run(call: CommandCall): Promise<number> {
  // The same place from `src/cli` and from `dist/parts`.
  const manifest: unknown = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8'))
  await put(call.io, `Conclave v${isMembers(manifest) ? text(manifest, 'version') : ''}\n`)
  return EXIT_OK
}
