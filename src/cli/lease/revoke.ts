import type { CommandCall, CommandSpec } from '../command.ts'
import { during, EXIT_OK, UsageError } from '../failure.ts'
import { say } from '../io.ts'
import { putWarnings } from '../logical-output.ts'

/** `conclave lease revoke`: ends a lease, or all below a path. */
export const command: CommandSpec = {
  name: 'lease revoke',
  summary: 'Ends a lease, or with -prefix all below a path.',
  operands: 'LEASE',
  arity: [1, 1],
  examples: [
    {
      does: 'one, and wait until it has ended',
      types: 'lease revoke -sync database/creds/readonly/2f6a614c…',
    },
    { does: 'all of a role', types: 'lease revoke -prefix database/creds/readonly' },
  ],
  flags: [
    { name: 'prefix', kind: 'switch', help: 'all whose id begins so; needs sudo' },
    {
      name: 'force',
      alias: 'f',
      kind: 'switch',
      help: 'forget them even if the engine cannot end them; with -prefix',
    },
    { name: 'sync', kind: 'switch', help: 'wait until they have ended' },
  ],
  connects: true,
  requests: true,
  answers: false,
  run,
}

async function run(call: CommandCall): Promise<number> {
  const id = (call.operands[0] ?? '').replace(/\/+$/, '')
  const [isPrefix, isForced, sync] = ['prefix', 'force', 'sync'].map((name) => call.flags.on(name))
  if (isForced && !isPrefix) throw new UsageError('-force needs -prefix: it forgets all below a path')
  const route = isForced ? `revoke-force/${id}` : isPrefix ? `revoke-prefix/${id}` : 'revoke'
  const body = isForced ? {} : { ...(isPrefix ? {} : { lease_id: id }), sync: sync === true }
  const client = await call.connect()
  const doing = `Error revoking ${isPrefix ? 'leases with prefix' : 'lease'} ${id}`
  putWarnings(call, await during(doing, () => client.logical.write(`sys/leases/${route}`, body)))
  if (isForced) say(call.io, `Success! Force revoked any leases with prefix: ${id}`)
  else if (!sync) say(call.io, 'All revocation operations queued successfully!')
  else say(call.io, `Success! Revoked ${isPrefix ? 'any leases with prefix' : 'lease'}: ${id}`)
  return EXIT_OK
}
