import assert from 'node:assert/strict'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Answer, ServerProcess, temporaryFolder } from '../api/server-process.ts'
import { FailingDisk } from './failing-disk.ts'
import { LiveStore } from './live-store.ts'

/** What a supervisor may see of a server that does not trust its disk (docs/operating.md). */
const EXIT_BROKEN = 70
const MAX_END_MS = 5000

for (const call of ['fsync', 'write'] as const) {
  test(`EIO on ${call}: the server seals itself and exits ${EXIT_BROKEN}, and nothing acknowledged is lost`, async (context) => {
    await withFailingDisk(context, async ({ store, failing }) => {
      const acknowledged = new Map<string, number>()
      const writing = writeUntilLost(store, acknowledged)
      await sleep(300)
      failing.fail([call], 'EIO')
      const began = performance.now()
      assert.equal(await inTime(store.server.exited), EXIT_BROKEN)
      const endedMs = performance.now() - began
      const lost = await writing
      assert.match(lost, /500 storage_unavailable|no answer/)
      assert.match(store.server.talk, /\[ERROR\] the server ends: .*sqlite=\d+ file=\S+conclave\.db io=true/)
      assert.match(store.server.talk, /\[INFO\] {2}store sealed/)

      failing.heal()
      await store.restart()
      // A write that nobody confirmed may be there all the same.
      for (const [name, n] of acknowledged) assert.ok((await store.read(name)).body.data.n >= n, name)
      context.diagnostic(`ended ${endedMs.toFixed(0)} ms after the first EIO; target: ${MAX_END_MS} ms`)
      context.diagnostic(
        `${acknowledged.size} entries, the newest acknowledged write of each is there; target: all`,
      )
    })
  })
}

test('EIO in the commit of a rekey: the process ends, and the shares that were handed out open the store', async (context) => {
  await withFailingDisk(context, async ({ store, failing }) => {
    const nonce = await store.startRekey()
    await store.giveForRekey(nonce, 0)
    failing.fail(['fsync'], 'EIO')
    const answer = await store.giveForRekey(nonce, 1).catch(() => null)
    assert.notEqual(answer?.status, 200, 'no new shares are handed out')
    assert.equal(await inTime(store.server.exited), EXIT_BROKEN)
    failing.heal()
    await store.restart()
    assert.deepEqual((await store.read('before')).body.data, { n: 1 })
  })
})

test('S4: EIO on reading: a clear error that names the file in the log, no end, and no end of sealing', async (context) => {
  await withFailingDisk(context, async ({ store, failing }) => {
    await store.server.stop()
    failing.fail(['read'], 'EIO')
    await assert.rejects(
      ServerProcess.run(flags(store), { environment: failing.environment(store.folder) }),
      {
        message:
          /ended with 1: .*the store in \S+ cannot be opened \(input\/output error, .*: run {2}conclave/s,
      },
    )
    failing.heal()
    await store.restart({ environment: failing.environment(store.folder) })
    await store.seal()

    failing.fail(['read'], 'EIO')
    const answers: Answer[] = []
    for (let round = 0; round < 5; round++) {
      for (const key of store.keys.slice(0, 2)) {
        answers.push(await store.server.call('PUT', '/v1/sys/unseal', { key }))
      }
    }
    const refused = answers.filter(({ status }) => status === 500)
    for (const answer of refused)
      store.refuses(answer, 'corrupt_store', /or the disk fails to read it: look into the log of the system/)
    assert.equal((await store.health()).status, 503)
    assert.match(store.server.talk, /code=corrupt_store .* file=\S+conclave\.db/)
    failing.heal()
    await store.unseal()
    assert.deepEqual((await store.read('before')).body.data, { n: 1 })
    assert.equal(await store.server.stop(), 0)
    context.diagnostic(`${refused.length} of ${answers.length} shares met EIO; start exit 1; no seal-loop`)
  })
})

interface Given {
  readonly store: LiveStore
  readonly failing: FailingDisk
}

async function withFailingDisk(context: TestContext, run: (given: Given) => Promise<void>): Promise<void> {
  const failing = FailingDisk.build()
  if (failing === null) return context.skip('no C compiler here')
  const work = temporaryFolder()
  const folder = join(work.path, 'store')
  const store = await LiveStore.make(folder, { environment: failing.environment(folder) })
  try {
    await store.write('before', { n: 1 })
    await run({ store, failing })
  } finally {
    await store.server.stop()
    failing.remove()
    work.remove()
  }
}

/** Writes until it does not work any more; what was said then. */
async function writeUntilLost(store: LiveStore, acknowledged: Map<string, number>): Promise<string> {
  for (let n = 0; ; n++) {
    const name = `w/${n % 20}`
    try {
      const { status, body } = await store.write(name, { n })
      if (status !== 204) return `${status} ${body.code}`
      acknowledged.set(name, n)
    } catch {
      return 'no answer'
    }
  }
}

async function inTime(ended: Promise<number | null>): Promise<number | null> {
  const late = sleep(MAX_END_MS, 'late' as const, { ref: false })
  const first = await Promise.race([ended, late])
  assert.notEqual(first, 'late', 'the server did not end')
  return first === 'late' ? null : first
}

function flags({ folder }: LiveStore): readonly string[] {
  return [`-data=${folder}`, '-address=127.0.0.1:0']
}
