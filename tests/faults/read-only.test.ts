import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { ServerProcess, temporaryFolder } from '../api/server-process.ts'
import { FailingDisk } from './failing-disk.ts'
import { LiveStore, onDisk } from './live-store.ts'
import { SmallDisk } from './small-disk.ts'

const READ_ONLY = /the file system of the store is read-only: nothing was written; .* the reason, mend it/
const NO_DISK = 'no ext4 that becomes read-only can be had here'

test('S4: ext4 that finds an error and becomes read-only: reads go on, writes are refused, no ceremony is lost', async (context) => {
  const disk = SmallDisk.ext4(64)
  if (disk === null) return context.skip(NO_DISK)
  await onDisk(disk, async (store) => {
    await store.write('before', { n: 1 })
    const nonce = await store.startRekey()
    await store.giveForRekey(nonce, 0)
    if (!disk.findError()) return context.skip(NO_DISK)

    store.refuses(await store.write('in vain', { n: 2 }), 'storage_read_only', READ_ONLY)
    store.refuses(await store.giveForRekey(nonce, 1), 'storage_read_only', READ_ONLY)
    assert.equal(await store.rekeyProgress(), 1)
    assert.deepEqual((await store.read('before')).body.data, { n: 1 })
    const health = await store.health()
    assert.deepEqual([health.status, health.body.storage_trouble], [200, 'storage_read_only'])

    assert.equal((await store.seal()).status, 204)
    await store.unseal()
    assert.deepEqual((await store.read('before')).body.data, { n: 1 })
    assert.equal(await store.server.stop(), 0)
    await assert.rejects(ServerProcess.start(store.folder), ({ message }: Error) => {
      assert.ok(message.includes(`the file system of ${store.folder} is read-only: make it writable`))
      return true
    })
    context.diagnostic('reads and unseal 200, writes 500 storage_read_only; start: exit 1; target: the same')
  })
})

test('a file system that is mounted read-only: the server does not start, and says why', async (context) => {
  const disk = SmallDisk.inMemory(16)
  if (disk === null) return context.skip('this user may not mount a small disk here')
  await onDisk(disk, async (store) => {
    await store.write('before', { n: 1 })
    await store.server.stop()
    assert.ok(disk.remount('ro'))
    const why = /ended with 1: .*is read-only: make it writable, and start again/s
    await assert.rejects(ServerProcess.start(store.folder), why)
    await assert.rejects(ServerProcess.start(join(disk.path, 'new')), why)
    assert.ok(disk.remount('rw'))
    await store.restart()
    assert.deepEqual((await store.read('before')).body.data, { n: 1 })
  })
})

for (const { error, code } of [
  { error: 'EROFS', code: 'storage_read_only' },
  { error: 'EDQUOT', code: 'storage_full' },
] as const) {
  test(`writes that the system refuses with ${error} are ${code}, and go on by themselves once it takes them`, async (context) => {
    const failing = FailingDisk.build()
    if (failing === null) return context.skip('no C compiler here')
    const disk = temporaryFolder()
    const folder = join(disk.path, 'store')
    const store = await LiveStore.make(folder, { environment: failing.environment(folder) })
    try {
      failing.fail(['write', 'create'], error)
      for (let round = 0; round < 3; round++) {
        store.refuses(await store.write('in vain', { n: 1 }), code, /nothing was written/)
      }
      failing.heal()
      assert.equal((await store.write('after', { n: 2 })).status, 204)
      assert.equal((await store.read('in vain')).status, 404)
      await store.server.kill()
      await store.restart()
      assert.deepEqual((await store.read('after')).body.data, { n: 2 })
      assert.equal((await store.read('in vain')).status, 404, 'refused is refused, also after a crash')
    } finally {
      await store.server.stop()
      failing.remove()
      disk.remove()
    }
  })
}
