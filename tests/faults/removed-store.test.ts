import assert from 'node:assert/strict'
import {
  copyFileSync,
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
} from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { ServerProcess, temporaryFolder } from '../api/server-process.ts'
import { LiveStore } from './live-store.ts'

// The copies are stores too: not for other users.
process.umask(0o077)

const MAX_NOTICE_MS = 3000

/** What an operator, a script or another program may do to the files of a running server. */
const DEEDS: readonly {
  readonly what: string
  readonly act: (folder: string) => void
  readonly says: RegExp
}[] = [
  {
    what: 'the folder is removed',
    act: (folder) => rmSync(folder, { recursive: true }),
    says: /^conclave\.db was removed or moved away beneath the server/,
  },
  {
    what: 'the folder is renamed',
    act: (folder) => renameSync(folder, `${folder}.old`),
    says: /^conclave\.db was removed or moved away/,
  },
  {
    what: 'the file is removed',
    act: (folder) => rmSync(join(folder, 'conclave.db')),
    says: /^conclave\.db was removed or moved away/,
  },
  {
    what: 'the log is removed',
    act: (folder) => rmSync(join(folder, 'conclave.db-wal')),
    says: /^conclave\.db-wal was removed or moved away/,
  },
  {
    what: 'the lock is removed, so that another server could start',
    act: (folder) => rmSync(join(folder, 'conclave.db.lock')),
    says: /^conclave\.db\.lock was removed or moved away/,
  },
  {
    what: 'the file is replaced by a copy of itself',
    act: (folder) => {
      copyFileSync(join(folder, 'conclave.db'), join(folder, 'conclave.db.restoring'))
      renameSync(join(folder, 'conclave.db.restoring'), join(folder, 'conclave.db'))
    },
    says: /^conclave\.db was replaced by another file/,
  },
  {
    what: 'the file is cut short',
    act: (folder) => truncateSync(join(folder, 'conclave.db'), 4096),
    says: /^conclave\.db was cut short/,
  },
]

for (const { what, act, says } of DEEDS) {
  test(`${what}: no write is taken, no share is dealt, reads go on, and no file is made`, async () => {
    const work = temporaryFolder()
    const store = await LiveStore.make(join(work.path, 'store'))
    try {
      await store.write('before', { n: 1 })
      const nonce = await store.startRekey()
      await store.giveForRekey(nonce, 0)
      act(store.folder)
      const left = contents(work.path)

      await untilHealthSays(store, 'store_removed')
      store.refuses(await store.write('in vain', { n: 2 }), 'store_removed', says)
      store.refuses(await store.giveForRekey(nonce, 1), 'store_removed', says)
      assert.deepEqual((await store.read('before')).body.data, { n: 1 })
      assert.equal((await store.health()).status, 200)
      assert.equal((await store.seal()).status, 204)
      await store.unseal()
      assert.deepEqual((await store.read('before')).body.data, { n: 1 })
      assert.equal(await store.server.stop(), 0)
      assert.deepEqual(madeSince(left, work.path), [], 'nothing came into being')
    } finally {
      await store.server.stop()
      work.remove()
    }
  })
}

test('a log that is cut short: no write is taken, and what cannot be read is no wrong answer', async () => {
  const work = temporaryFolder()
  const store = await LiveStore.make(join(work.path, 'store'))
  try {
    await store.write('before', { n: 1 })
    truncateSync(join(store.folder, 'conclave.db-wal'), 4096)
    await untilHealthSays(store, 'store_removed')
    const read = await store.read('before')
    if (read.status === 200) assert.deepEqual(read.body.data, { n: 1 })
    else assert.equal(read.status, 500)
    assert.equal((await store.write('in vain', { n: 2 })).status, 500)
    assert.equal((await store.health()).status, 200)
  } finally {
    await store.server.stop()
    work.remove()
  }
})

test('a folder that comes back under its name: writing goes on, without a restart', async () => {
  const work = temporaryFolder()
  const store = await LiveStore.make(join(work.path, 'store'))
  try {
    renameSync(store.folder, `${store.folder}.old`)
    store.refuses(await store.write('in vain', { n: 1 }), 'store_removed', /put it back as it was/)
    renameSync(`${store.folder}.old`, store.folder)
    await untilHealthSays(store, undefined)
    assert.equal((await store.write('after', { n: 2 })).status, 204)
    await store.server.kill()
    await store.restart()
    assert.deepEqual((await store.read('after')).body.data, { n: 2 })
  } finally {
    await store.server.stop()
    work.remove()
  }
})

test('another store in its place is not touched, and a second server serves it beside the first', async () => {
  const work = temporaryFolder()
  const other = await LiveStore.make(join(work.path, 'other'))
  await other.write('of the other', { n: 1 })
  await other.server.stop()
  const store = await LiveStore.make(join(work.path, 'store'))
  try {
    renameSync(store.folder, `${store.folder}.old`)
    cpSync(other.folder, store.folder, { recursive: true, mode: 0 })
    store.refuses(await store.write('in vain', { n: 2 }), 'store_removed', /was replaced by another file/)
    const second = await ServerProcess.start(store.folder)
    assert.ok(await second.unseal(other.keys))
    assert.equal((await second.call('PUT', '/v1/secret/new', { n: 3 }, other.token)).status, 204)

    // The first one lets go of its own files, which have the same names.
    assert.equal(await store.server.stop(), 0)
    assert.equal((await second.call('PUT', '/v1/secret/newer', { n: 4 }, other.token)).status, 204)
    await second.kill()
    const again = await ServerProcess.start(store.folder)
    assert.ok(await again.unseal(other.keys))
    for (const [name, n] of [
      ['of the other', 1],
      ['new', 3],
      ['newer', 4],
    ] as const) {
      const { body } = await again.call(
        'GET',
        `/v1/secret/${encodeURIComponent(name)}`,
        undefined,
        other.token,
      )
      assert.deepEqual(body.data, { n }, name)
    }
    await again.stop()
  } finally {
    await store.server.stop()
    work.remove()
  }
})

/** Health looks at the files beside the requests, so that also who writes nothing is told. */
async function untilHealthSays(store: LiveStore, trouble: string | undefined): Promise<void> {
  const deadline = performance.now() + MAX_NOTICE_MS
  while ((await store.health()).body.storage_trouble !== trouble) {
    assert(performance.now() < deadline, `health does not say ${trouble}`)
    await sleep(50)
  }
}

function contents(folder: string): ReadonlyMap<string, Buffer> {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()
  const files = names.filter((name) => /conclave\.db[^/]*$|node\.key/.test(name))
  return new Map(files.map((name) => [name, readFileSync(join(folder, name))]))
}

/** Names that were not there, but for the folder, which a stopped server may have left. */
function madeSince(before: ReadonlyMap<string, Buffer>, folder: string): readonly string[] {
  if (!existsSync(folder)) return []
  return [...contents(folder).keys()].filter((name) => !before.has(name))
}
