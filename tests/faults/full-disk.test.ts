import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { ServerProcess } from '../api/server-process.ts'
import { type LiveStore, onDisk } from './live-store.ts'
import { SmallDisk } from './small-disk.ts'

const DISK_MIB = 64
/** How long the disk stays full under load; the target is ten minutes (S3). */
const FULL_SECONDS = process.env['CONCLAVE_SLOW'] === '1' ? 600 : 6
const NO_MOUNT = 'this user may not mount a small disk here'
const FULL = /the disk is full: nothing was written; make room and try again/

test('a disk that is full while the server is open: reads go on, writes are refused, and room is all it takes', async (context) => {
  const disk = SmallDisk.inMemory(DISK_MIB)
  if (disk === null) return context.skip(NO_MOUNT)
  await onDisk(disk, async (store) => {
    assert.equal((await store.write('before', { n: 1 })).status, 204)
    const nonce = await store.startRekey()
    assert.equal((await store.giveForRekey(nonce, 0)).body.progress, 1)

    disk.fill()
    await fillTheLog(store)
    store.refuses(await store.write('in vain', page()), 'storage_full', FULL)
    store.refuses(await store.giveForRekey(nonce, 1), 'storage_full', FULL)
    assert.equal(await store.rekeyProgress(), 1, 'the share that did not count took no other with it')
    assert.deepEqual((await store.read('before')).body.data, { n: 1 })
    const health = await store.health()
    assert.deepEqual([health.status, health.body.storage_trouble], [200, 'storage_full'])

    disk.makeRoom()
    assert.equal((await store.write('after', { n: 2 })).status, 204)
    assert.equal((await store.health()).body.storage_trouble, undefined)
    const done = await store.giveForRekey(nonce, 1)
    assert.equal(done.body.complete, true)
    store.keys = done.body.keys
    assert.equal((await store.seal()).status, 204)
    await store.unseal()
    assert.deepEqual((await store.read('after')).body.data, { n: 2 })
    assert.equal((await store.read('in vain')).status, 404)
  })
})

test('health tells of room without a write: it looks again by itself', async (context) => {
  const disk = SmallDisk.inMemory(DISK_MIB)
  if (disk === null) return context.skip(NO_MOUNT)
  await onDisk(disk, async (store) => {
    disk.fill()
    await fillTheLog(store)
    assert.equal((await store.health()).body.storage_trouble, 'storage_full')
    disk.makeRoom()
    const deadline = performance.now() + 5000
    while ((await store.health()).body.storage_trouble !== undefined) {
      assert(performance.now() < deadline, 'health still tells of a full disk')
      await sleep(100)
    }
  })
})

test('a disk that is full while the server is sealed: the shares open it, for reading', async (context) => {
  const disk = SmallDisk.inMemory(DISK_MIB)
  if (disk === null) return context.skip(NO_MOUNT)
  await onDisk(disk, async (store) => {
    await store.write('before', { n: 1 })
    const nonce = await store.startRekey()
    await store.giveForRekey(nonce, 0)
    disk.fill()
    await fillTheLog(store)
    assert.equal((await store.seal()).status, 204)
    disk.fill()
    await store.unseal()
    assert.deepEqual((await store.read('before')).body.data, { n: 1 })
    store.refuses(await store.write('in vain', page()), 'storage_full', FULL)

    disk.makeRoom()
    assert.equal((await store.write('after', { n: 2 })).status, 204)
    assert.equal((await store.giveForRekey(await store.startRekey(), 0)).body.progress, 1)
  })
})

test('a disk that is full at the start: refused with what to do, nothing is harmed, and room is all it takes', async (context) => {
  const disk = SmallDisk.inMemory(DISK_MIB)
  if (disk === null) return context.skip(NO_MOUNT)
  await onDisk(disk, async (store) => {
    const { folder } = store
    await store.write('before', { n: 1 })
    assert.equal(await store.server.stop(), 0)
    disk.fill()
    await assert.rejects(ServerProcess.start(folder), ({ message }: Error) => {
      assert.match(message, /ended with 1: /)
      assert.ok(message.includes(`there is no room on the disk of ${folder}: make some, and start again`))
      return true
    })
    await assert.rejects(ServerProcess.start(join(disk.path, 'new')), /there is no room on the disk of/)
    disk.makeRoom()
    await store.restart()
    assert.deepEqual((await store.read('before')).body.data, { n: 1 })
  })
})

test(`S3: ${FULL_SECONDS} seconds of a full disk under load`, async (context) => {
  const disk = SmallDisk.inMemory(DISK_MIB)
  if (disk === null) return context.skip(NO_MOUNT)
  await onDisk(disk, async (store) => {
    await store.write('constant', { n: 1 })
    const load = new Load(store)
    const running = load.run()
    await sleep(500)
    disk.fill()
    const full = load.counting()
    await sleep(FULL_SECONDS * 1000)
    const counted = full()
    disk.makeRoom()
    const free = load.counting()
    await sleep(1000)
    const after = free()
    load.stop()
    await running
    context.diagnostic(`full for ${FULL_SECONDS} s: ${JSON.stringify(counted)}; target: reads, health 200`)
    context.diagnostic(`room again, no restart: ${JSON.stringify(after)}`)
    assert.deepEqual(Object.keys(counted.reads), ['200'])
    assert.deepEqual(Object.keys(counted.health), ['200'])
    assert.ok((counted.writes['500 storage_full'] ?? 0) > 0, 'writes were refused while it was full')
    assert.deepEqual(Object.keys(after.reads), ['200'])
    assert.ok((after.writes['204'] ?? 0) > 0, 'writes went on by themselves')

    assert.equal(await store.server.stop(), 0)
    expectIntact(store.folder)
    await store.restart()
    for (const [name, n] of load.acknowledged) {
      assert.equal((await store.read(name)).body.data.n, n, `what was acknowledged of ${name}`)
    }
    context.diagnostic(`${load.acknowledged.size} acknowledged entries are all there; 0 corrupt`)
  })
})

interface Counts {
  readonly reads: Record<string, number>
  readonly health: Record<string, number>
  readonly writes: Record<string, number>
}

/** Four writers, a reader, and one who asks for health, without a pause. */
class Load {
  readonly acknowledged = new Map<string, number>()
  readonly #store: LiveStore
  #counts: Counts = { reads: {}, health: {}, writes: {} }
  #stopped = false

  constructor(store: LiveStore) {
    this.#store = store
  }

  async run(): Promise<void> {
    const store = this.#store
    await Promise.all([
      ...[0, 1, 2, 3].map((writer) => this.#write(writer)),
      this.#repeat('reads', () => store.read('constant')),
      this.#repeat('health', () => store.health()),
    ])
  }

  /** Counts from now on; what is returned ends it and gives the counts. */
  counting(): () => Counts {
    const counts: Counts = { reads: {}, health: {}, writes: {} }
    this.#counts = counts
    return () => {
      this.#counts = { reads: {}, health: {}, writes: {} }
      return counts
    }
  }

  stop(): void {
    this.#stopped = true
  }

  async #write(writer: number): Promise<void> {
    for (let n = 0; !this.#stopped; n++) {
      // One of them writes new names: what is only written over may find room in its own place for ever.
      const name = `${writer}-${writer === 0 ? n : n % 50}`
      const { writes } = this.#counts
      const { status, body } = await this.#store.write(name, { n, ...page() })
      if (status === 204) this.acknowledged.set(name, n)
      count(writes, status === 204 ? '204' : `${status} ${body.code}`)
    }
  }

  async #repeat(what: 'reads' | 'health', ask: () => Promise<{ status: number }>): Promise<void> {
    while (!this.#stopped) {
      const counts = this.#counts[what]
      count(counts, String((await ask()).status))
    }
  }
}

function count(counts: Record<string, number>, name: string): void {
  counts[name] = (counts[name] ?? 0) + 1
}

/** The log has room of its own for a few commits; a full disk shows when that is used up. */
async function fillTheLog(store: LiveStore): Promise<void> {
  for (let index = 0; index < 2000; index++) {
    if ((await store.write('ballast', page())).status === 500) return
  }
  assert.fail('the disk was never full')
}

function page(): { readonly text: string } {
  return { text: 'x'.repeat(20_000) }
}

function expectIntact(folder: string): void {
  using store = new DatabaseSync(join(folder, 'conclave.db'), { readOnly: true })
  assert.equal(store.prepare('PRAGMA integrity_check').get()?.['integrity_check'], 'ok')
}
