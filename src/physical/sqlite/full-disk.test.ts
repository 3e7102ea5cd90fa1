import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { hasCode } from '../../base/errors.ts'
import type { Write } from '../backend.ts'
import { openSqliteStore, type SqliteBackend } from './sqlite-backend.ts'

const DISK_BYTES = 2 * 1024 * 1024

test('a real disk that is full: says so, reads go on, and what fits again is written', async (context) => {
  const disk = mountSmallDisk()
  if (disk === null) return context.skip('this user may not mount a small disk here')
  try {
    const store = await openSqliteStore({ folder: join(disk, 'store') })
    await store.commit([put('first', 1000)])
    fillUp(join(disk, 'ballast'))
    const kept = await writeUntilFull(store)

    assert.equal((await store.get('first'))?.length, 1000)
    for (let index = 0; index < kept; index++) {
      assert.equal((await store.get(`k/${index}`))?.length, 3000)
    }
    assert.equal(await store.get(`k/${kept}`), null)
    await assert.rejects(store.commit([put('first', 40_000)]), (error) => hasCode(error, 'storage_full'))
    assert.equal((await store.get('first'))?.length, 1000)

    rmSync(join(disk, 'ballast'))
    await store.commit([put('first', 40_000)])
    await store.close()
    const again = await openSqliteStore({ folder: join(disk, 'store') })
    assert.equal((await again.get('first'))?.length, 40_000)
    assert.equal((await again.list('k/', { after: '', limit: 10_000 })).length, kept)
    await again.close()
  } finally {
    spawnSync('umount', [disk])
    rmSync(disk, { recursive: true })
  }
})

/** The number of writes that were acknowledged before the first refusal. */
async function writeUntilFull(store: SqliteBackend): Promise<number> {
  for (let index = 0; index < 10_000; index++) {
    try {
      await store.commit([put(`k/${index}`, 3000)])
    } catch (error) {
      assert.ok(hasCode(error, 'storage_full'), String(error))
      return index
    }
  }
  throw new Error('the disk never became full')
}

/** A folder that is a disk of its own, or `null`. */
function mountSmallDisk(): string | null {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return null
  const folder = mkdtempSync(join(tmpdir(), 'conclave-'))
  const options = ['-t', 'tmpfs', '-o', `size=${DISK_BYTES},mode=700`, 'tmpfs', folder]
  if (spawnSync('mount', options).status === 0) return folder
  rmSync(folder, { recursive: true })
  return null
}

/** Leaves some room, less than the store's log needs to be emptied. */
function fillUp(path: string): void {
  writeFileSync(path, new Uint8Array(DISK_BYTES - 600 * 1024))
}

function put(key: string, length: number): Write {
  return { op: 'put', key, value: new Uint8Array(length).fill(7) }
}
