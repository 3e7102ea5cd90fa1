import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SeededEntropy } from '../../tests/sim/seeded-entropy.ts'
import { hasCode, OperatingError } from '../base/errors.ts'
import { MAX_MOUNT_ENTRY_BYTES, MAX_MOUNTS } from '../base/limits.ts'
import { decodeMounts, type NewMount, newEntry, PLAIN_CONFIG } from './mount-table.ts'
import { type MountPorts, Mounts } from './mounts.ts'

const kv = (path: string): NewMount => ({
  path,
  type: 'kv',
  description: '',
  options: {},
  config: PLAIN_CONFIG,
  local: false,
  sealWrap: false,
})

/** A table in memory, and what was asked of the rest of the server. */
class World {
  stored = new Uint8Array()
  readonly wiped: string[] = []
  readonly ended: string[] = []
  failing: 'store' | 'wipe' | null = null
  waiting = 0
  /** What engines were told, in its order. */
  readonly told: string[] = []

  mounts(table = this.stored.length === 0 ? { mounts: [], leaving: [] } : decodeMounts(this.stored)): Mounts {
    const fail = (what: 'store' | 'wipe'): void => {
      if (this.failing === what) throw new OperatingError('storage_unavailable', 'the disk is gone')
    }
    const ports: MountPorts = {
      entropy: new SeededEntropy('mounts'),
      store: async (bytes) => {
        fail('store')
        this.stored = Uint8Array.from(bytes)
      },
      build: ({ path, options }) => {
        const name = `${path}${options['version'] ?? ''}`
        this.told.push(`build ${name}`)
        return {
          routes: [],
          start: async () => void this.told.push(`start ${name}`),
          end: async () => {
            await Promise.resolve()
            this.told.push(`end ${name}`)
          },
        }
      },
      endLeases: async ({ path }) => void this.ended.push(path),
      wipe: async (entry) => {
        fail('wipe')
        this.wiped.push(entry.path)
      },
      waits: () => void this.waiting++,
      stalls: () => void this.waiting++,
      systemTtl: { defaultTtl: 3600, maxTtl: 7200 },
      newId: () => 'move',
    }
    return new Mounts(table, ports)
  }
}

const refuses = async (asked: Promise<unknown>, text: string): Promise<void> => {
  await assert.rejects(asked, (error: unknown) => hasCode(error, 'bad_request') && error.message === text)
}

test('no mount makes the table long that every change of the others writes', async () => {
  const world = new World()
  const mounts = world.mounts()
  const description = 'x'.repeat(MAX_MOUNT_ENTRY_BYTES)
  const text = 'description and settings of a mount have at most 65536 bytes together'
  await refuses(mounts.mount({ ...kv('a/'), description }), text)
  await mounts.mount(kv('a/'))
  await refuses(mounts.tune('a/', { description }), text)
  await refuses(mounts.tune('a/', { options: { note: description } }), text)
  assert.equal(mounts.at('a/')?.entry.description, '')
})

test('what cannot be stored is not mounted, and what could not be taken out of the table stays', async () => {
  const world = new World()
  const mounts = world.mounts()
  await mounts.mount(kv('a/'))
  world.failing = 'store'
  await assert.rejects(mounts.mount(kv('b/')))
  await assert.rejects(mounts.unmount('a/'))
  assert.deepEqual([...mounts.live.keys()], ['a/'])
  assert.deepEqual(world.wiped, [])
})

test('a crash between taking away and wiping: gone for callers, and wiped after the next unseal', async () => {
  const world = new World()
  const before = world.mounts()
  await before.mount(kv('a/'))
  world.failing = 'wipe'
  await before.unmount('a/')
  assert.equal(world.waiting, 1)
  assert.equal(before.at('a/'), null)
  world.failing = null
  const after = world.mounts()
  assert.equal(after.at('a/'), null)
  await after.resume()
  assert.deepEqual([world.wiped, world.ended], [['a/'], ['a/', 'a/']])
  assert.deepEqual(decodeMounts(world.stored), { mounts: [], leaving: [] })
})

test('a path that is being cleared can be mounted anew: its data stands under another name', async () => {
  const world = new World()
  const mounts = world.mounts()
  await mounts.mount(kv('a/'))
  const first = mounts.at('a/')?.entry.uuid
  world.failing = 'wipe'
  await mounts.unmount('a/')
  world.failing = null
  await mounts.mount(kv('a/'))
  assert.notEqual(mounts.at('a/')?.entry.uuid, first)
  await mounts.resume()
  assert.equal(mounts.at('a/')?.path, 'a/')
})

test('what it gives out is bounded by the mount, then by the system', async () => {
  const mounts = new World().mounts()
  await mounts.mount(kv('a/'))
  const entry = mounts.at('a/')!.entry
  assert.deepEqual(mounts.ttlOf(entry), { defaultTtl: 3600, maxTtl: 7200 })
  await mounts.tune('a/', { config: { maxLeaseTtl: 60 } })
  assert.deepEqual(mounts.ttlOf(entry), { defaultTtl: 60, maxTtl: 60 })
  await mounts.tune('a/', { config: { maxLeaseTtl: 90_000, defaultLeaseTtl: 86_400 } })
  assert.deepEqual(mounts.ttlOf(entry), { defaultTtl: 86_400, maxTtl: 90_000 })
})

test('a move that another change overtook fails, and leaves both as they are', async () => {
  const mounts = new World().mounts()
  await mounts.mount(kv('a/'))
  const mounting = mounts.mount(kv('b/'))
  mounts.move('a/', 'b/')
  await mounting
  await mounts.resume()
  assert.equal(mounts.moveOf('move')?.status, 'failure')
  assert.deepEqual([...mounts.live.keys()].sort(), ['a/', 'b/'])
})

test('refuses one mount more than there may be', async () => {
  const entropy = new SeededEntropy('many')
  const full = Array.from({ length: MAX_MOUNTS }, (_, index) => newEntry(kv(`m${index}/`), entropy))
  const mounts = new World().mounts({ mounts: full, leaving: [] })
  await refuses(mounts.mount(kv('more/')), 'there are 10000 mounts already')
})

test('an engine starts with its mount, after an unseal only once that is stored', async () => {
  const world = new World()
  await world.mounts().mount(kv('a/'))
  assert.deepEqual(world.told.splice(0), ['build a/', 'start a/'])
  const mounts = world.mounts()
  assert.deepEqual(world.told.splice(0), ['build a/'])
  await mounts.resume()
  assert.deepEqual(world.told, ['start a/'])
})

test('another engine takes over the storage once the one before it has ended', async () => {
  const world = new World()
  const mounts = world.mounts()
  await mounts.mount(kv('a/'))
  world.told.splice(0)
  await mounts.tune('a/', { description: 'the same engine goes on' })
  assert.deepEqual(world.told.splice(0), [])
  await mounts.tune('a/', { options: { version: '2' } })
  assert.deepEqual(world.told.splice(0), ['end a/', 'build a/2', 'start a/2'])
  mounts.move('a/', 'b/')
  await mounts.unmount('b/')
  assert.deepEqual(world.told, ['end a/2', 'build b/2', 'start b/2', 'end b/2'])
})
