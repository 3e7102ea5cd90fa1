import { readFile } from 'node:fs/promises'
import type { CommandCall, CommandSpec } from './command.ts'
import { SHELLS } from './completion/typed-line.ts'
import { EXIT_OK, UsageError } from './failure.ts'
import { put } from './io.ts'

/** `conclave completion`: what a shell reads to complete commands, flags, mounts and keys. */
export const command: CommandSpec = {
  name: 'completion',
  summary: 'Prints what a shell reads to complete commands, flags, mounts and keys. It changes no file.',
  operands: SHELLS.join('|'),
  arity: [1, 1],
  examples: [
    { does: 'bash: add to ~/.bashrc   source <(conclave completion bash)', types: 'completion bash' },
    { does: 'zsh: a file in a folder of fpath', types: 'completion zsh > ~/.zfunc/_conclave' },
    { does: 'fish', types: 'completion fish > ~/.config/fish/completions/conclave.fish' },
  ],
  flags: [],
  connects: false,
  answers: false,
  run,
}

/** The same place from `src/cli` and from `dist/parts`. */
const SCRIPTS = new URL('../../completions/', import.meta.url)

async function run(call: CommandCall): Promise<number> {
  const shell = SHELLS.find((known) => known === call.operands[0])
  if (shell === undefined) throw new UsageError(`there is no completion but for ${SHELLS.join(', ')}`)
  await put(call.io, await readFile(new URL(`conclave.${shell}`, SCRIPTS)))
  return EXIT_OK
}
