import type { CommandCall, CommandSpec } from '../command.ts'
import { during, EXIT_OK } from '../failure.ts'
import { truth, truthFlag } from '../flag-values.ts'
import { say } from '../io.ts'
import { putWarnings } from '../logical-output.ts'
import { mountPath } from './mount-path.ts'
import { given, MOUNT_FLAGS, readMountConfig, readOptions } from './mount-settings.ts'

/** `conclave secrets enable`: mounts an engine. */
export const command: CommandSpec = {
  name: 'secrets enable',
  summary: 'Mounts an engine, at a path of its type if no other is given.',
  operands: 'TYPE',
  arity: [1, 1],
  examples: [
    { does: 'KV with versions at secret/', types: 'secrets enable -path=secret -version=2 kv' },
    { does: 'the same', types: 'secrets enable -path=secret kv-v2' },
  ],
  flags: [
    { name: 'path', kind: 'text', value: 'WHERE', help: 'at which path (the type)' },
    ...MOUNT_FLAGS,
    truth('local', 'of this server alone'),
    truth('seal-wrap', 'wrapped by the seal as well'),
  ],
  connects: true,
  requests: true,
  answers: false,
  run,
}

async function run(call: CommandCall): Promise<number> {
  const [type = ''] = call.operands
  const path = mountPath(call.flags.text('path') ?? type)
  const body = given({
    type,
    description: call.flags.text('description'),
    config: readMountConfig(call),
    options: readOptions(call),
    local: truthFlag(call, 'local'),
    seal_wrap: truthFlag(call, 'seal-wrap'),
  })
  const client = await call.connect()
  putWarnings(call, await during('Error enabling', () => client.logical.write(`sys/mounts/${path}`, body)))
  say(call.io, `Success! Enabled the ${type} secrets engine at: ${path}/`)
  return EXIT_OK
}
