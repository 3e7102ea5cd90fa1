import type { CommandCall, CommandSpec } from '../command.ts'
import { during, EXIT_OK, UsageError } from '../failure.ts'
import { say } from '../io.ts'
import { putWarnings } from '../logical-output.ts'
import { mountPath } from './mount-path.ts'
import { given, MOUNT_FLAGS, readMountConfig, readOptions } from './mount-settings.ts'

/** `conclave secrets tune`: the settings of a mount. */
export const command: CommandSpec = {
  name: 'secrets tune',
  summary: 'Changes the settings that are given, and leaves the others of a mount.',
  operands: 'PATH',
  arity: [1, 1],
  examples: [
    { does: 'how long leases live', types: 'secrets tune -default-lease-ttl=18h kv/' },
    { does: 'what is set', types: 'read sys/mounts/kv/tune' },
  ],
  flags: MOUNT_FLAGS,
  connects: true,
  requests: true,
  answers: false,
  run,
}

async function run(call: CommandCall): Promise<number> {
  const path = mountPath(call.operands[0])
  const body = given({
    description: call.flags.text('description'),
    ...readMountConfig(call),
    options: readOptions(call),
  })
  if (Object.keys(body).length === 0)
    throw new UsageError('there is nothing to change: see the flags with -h')
  const client = await call.connect()
  const doing = `Error tuning secrets engine ${path}/`
  putWarnings(call, await during(doing, () => client.logical.write(`sys/mounts/${path}/tune`, body)))
  say(call.io, `Success! Tuned the secrets engine at: ${path}/`)
  return EXIT_OK
}
