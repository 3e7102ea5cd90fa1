import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { ServerProcess, temporaryFolder } from '../api/server-process.ts'

// The stores that the children make are not for other users.
process.umask(0o077)

const work = temporaryFolder()
after(work.remove)
const CHILD = join(import.meta.dirname, 'planted-fault.child.ts')
const ENDS_WITHIN_MS = 5000

for (const [fault, nodeFlags] of [
  ['exception', []],
  ['rejection', []],
  // As somebody may have set it for all programs of a machine.
  ['rejection', ['--unhandled-rejections=warn']],
] as const) {
  const how = nodeFlags.length > 0 ? `${fault} that Node.js would only warn of` : fault
  test(`an ${how} that nobody catches wipes the keys and ends the process with 70`, async () => {
    const folder = join(work.path, `${fault}${nodeFlags.length}`)
    const server = await ServerProcess.run([folder, fault], { nodeFlags, main: CHILD })
    const counts = { secret_shares: 2, secret_threshold: 2 }
    const { body: init } = await server.call('PUT', '/v1/sys/init', counts)
    assert.equal(await server.unseal(init.keys), true)
    await server.call('POST', '/v1/sys/mounts/secret', { type: 'kv' }, init.root_token)
    const written = await server.call('PUT', '/v1/secret/a', { value: 'kept' }, init.root_token)
    assert.equal(written.status, 204)
    const began = performance.now()
    process.kill(server.pid, 'SIGUSR2')
    assert.equal(await server.exited, 70)
    assert.ok(performance.now() - began < ENDS_WITHIN_MS)
    assert.match(
      server.talk,
      /\[ERROR\] the server ends: its state cannot be trusted any more: why=TypeError/,
    )
    assert.doesNotMatch(server.talk, /canary/)

    const next = await ServerProcess.start(folder)
    assert.equal((await next.call('GET', '/v1/sys/seal-status')).body.sealed, true)
    assert.equal(await next.unseal(init.keys), true)
    const read = await next.call('GET', '/v1/secret/a', undefined, init.root_token)
    assert.deepEqual(read.body.data, { value: 'kept' })
    // Written by the same step that wipes them: the line is there only where that was done.
    const journal = await next.call('GET', '/v1/sys/custody/journal', undefined, init.root_token)
    const events = journal.body.data.entries.map(
      (one: { kind: string; event: string }) => `${one.kind} ${one.event}`,
    )
    assert.ok(events.includes('seal abandoned'), events.join())
    assert.equal(await next.stop(), 0)
  })
}
