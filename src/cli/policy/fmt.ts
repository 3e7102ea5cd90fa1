import { writeFile } from 'node:fs/promises'
import { formatHcl } from '../../hcl/format.ts'
import { HclError } from '../../hcl/value.ts'
import type { CommandCall, CommandSpec } from '../command.ts'
import { EXIT_OK, UsageError } from '../failure.ts'
import { say } from '../io.ts'
import { fileText, streamText } from '../pairs.ts'

/** `conclave policy fmt`: a policy in its usual form. Asks no server. */
export const command: CommandSpec = {
  name: 'policy fmt',
  summary: 'Writes a policy file in its usual form: indented, an item a line. Comments stay.',
  operands: 'FILE',
  arity: [1, 1],
  examples: [
    { does: 'the file itself', types: 'policy fmt app.hcl' },
    { does: 'from standard input to standard output', types: 'policy fmt -' },
  ],
  flags: [],
  connects: false,
  answers: false,
  run,
}

async function run(call: CommandCall): Promise<number> {
  const [file = ''] = call.operands
  const source = file === '-' ? 'standard input' : file
  const before = file === '-' ? await streamText(call.io.stdin) : await fileText(file)
  if (/^\s*\{/.test(before)) throw new UsageError(`${source} is in the JSON form, which has none of its own`)
  const after = formatted(before, source)
  if (file === '-') {
    await call.output.exact(after)
    return EXIT_OK
  }
  if (after !== before) await written(file, after)
  say(call.io, `Success! Formatted policy: ${file}`)
  return EXIT_OK
}

function formatted(text: string, source: string): string {
  try {
    return formatHcl(text, source)
  } catch (error) {
    if (error instanceof HclError) throw new UsageError(error.message)
    throw error
  }
}

async function written(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'an unknown error'
    throw new UsageError(`the file ${file} cannot be written: ${code}`)
  }
}
