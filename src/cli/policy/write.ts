import type { CommandCall, CommandSpec } from '../command.ts'
import { during, EXIT_OK, UsageError } from '../failure.ts'
import { say } from '../io.ts'
import { putWarnings } from '../logical-output.ts'
import { fileText, streamText } from '../pairs.ts'

/** `conclave policy write`: a policy from a file. */
export const command: CommandSpec = {
  name: 'policy write',
  summary: 'Writes a policy from a file, in HCL or JSON, in place of what it said.',
  operands: 'NAME FILE',
  arity: [2, 2],
  examples: [
    { does: 'from a file', types: 'policy write app app.hcl' },
    { does: 'from standard input', types: 'policy write app -' },
  ],
  flags: [],
  connects: true,
  requests: true,
  answers: false,
  run,
}

async function run(call: CommandCall): Promise<number> {
  const [name = '', file = ''] = call.operands
  const policy = file === '-' ? await streamText(call.io.stdin) : await fileText(file)
  if (policy.trim() === '') throw new UsageError('the policy is empty, and nothing was sent')
  const client = await call.connect()
  const answer = await during('Error uploading policy', () =>
    client.logical.write(`sys/policies/acl/${name}`, { policy }),
  )
  putWarnings(call, answer)
  say(call.io, `Success! Uploaded policy: ${name}`)
  say(call.io, `Next: conclave token create -policy=${name}`)
  return EXIT_OK
}
