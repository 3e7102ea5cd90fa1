import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as paths from '../../src/barrier/paths.ts'
import { utf8 } from '../../src/base/encoding.ts'
import { hasCode } from '../../src/base/errors.ts'
import { SecretBytes } from '../../src/base/secret-bytes.ts'
import { parseBackup } from '../../src/ceremony/parcel.ts'
import { SimStorage } from '../sim/sim-storage.ts'
import { ANYBODY, type ShareSet, World } from '../sim/world.ts'

const OTP = 'o'.repeat('hvs.simulated-generated-root'.length)

/** What a defect of ours, or another version, might seal in the place of a record. */
const NONSENSE = [
  ...['no JSON', '[]', '{}', '"text"', '5', '{"format":1}', '{"format":2}', '{"format":1,"x":1}', '{ "a":1}'],
  ...['{"done":-1,"format":1,"term":1}', '{"format":1,"versions":{}}', '{"format":1,"versions":[{"api":1}]}'],
  ...['{"ceremony_id":"a","head":"AAAA"}', '{"ceremony_id":5,"head":"AAAA"}', '{"head":5}'],
  ...['{"serial":"1","store_id":"A"}', '{"serial":1,"store_id":"A"}'],
]

async function open(): Promise<{ world: World; keys: ShareSet }> {
  const world = await World.start(new SimStorage(), 'nonsense')
  const keys = await world.init(3, 2)
  await world.unseal(keys)
  return { world, keys }
}

async function sealInto(world: World, path: string, text: string): Promise<void> {
  await world.session!.barrier.commit([{ op: 'put', key: path, value: utf8(text) }])
}

/** What people see when they open what `storage` holds: `open`, or the code of the refusal. */
async function outcome(storage: SimStorage, keys: ShareSet): Promise<string> {
  const world = await World.start(storage, 'reopened')
  try {
    await world.unseal(keys)
  } catch (error) {
    const code = (['corrupt_store', 'store_rolled_back', 'corrupt_entry'] as const).find((one) =>
      hasCode(error, one),
    )
    assert.ok(code !== undefined, `no typed error: ${error}`)
    assert.equal(world.custodian.isOpen, false)
    return code
  }
  assert.equal(await world.read('data/first'), 'written at init')
  return world.custodian.isOpen ? 'open' : 'sealed'
}

async function outcomesOf(path: string, contents: readonly string[] = NONSENSE): Promise<readonly string[]> {
  const { world, keys } = await open()
  const seen = new Set<string>()
  for (const content of contents) {
    await sealInto(world, path, content)
    seen.add(await outcome(world.storage.reopened(), keys))
  }
  return [...seen]
}

describe('nonsense under our own seal', () => {
  test('in what is only shown (operations, versions, the head of transcripts) leaves the store open', async () => {
    for (const path of [paths.OPERATIONS_PATH, paths.VERSIONS_PATH, paths.TRANSCRIPT_HEAD_PATH]) {
      assert.deepEqual(await outcomesOf(path), ['open'], path)
    }
  })

  test('in one anchor leaves the store open, and in both refuses it', async () => {
    const { world, keys } = await open()
    await sealInto(world, paths.ANCHOR_PATH, '[]')
    assert.equal(await outcome(world.storage.reopened(), keys), 'open')
    for (const content of NONSENSE) {
      await sealInto(world, paths.ANCHOR_PATH, content)
      await sealInto(world, paths.ANCHOR_COPY_PATH, content)
      assert.equal(await outcome(world.storage.reopened(), keys), 'store_rolled_back', content)
    }
  })

  test('in place of the identity key refuses the store, since a thief could have put it there', async () => {
    assert.deepEqual(await outcomesOf(paths.IDENTITY_PATH), ['corrupt_store'])
    const other = `\u0001${'k'.repeat(32)}`
    assert.deepEqual(await outcomesOf(paths.IDENTITY_PATH, [other]), ['store_rolled_back'])
  })

  test('in place of the one-time password refuses the root token, and nothing else', async () => {
    for (const content of ['', '\u0001short', `\u0002${OTP}`]) {
      const { world, keys } = await open()
      const otp = SecretBytes.take(utf8(OTP))
      const { running } = await world.custodian.generateRoot.start({ by: 'otp', otp }, ANYBODY)
      await sealInto(world, paths.GENERATE_ROOT_OTP_PATH, content)
      const nonce = running!.agreement.ceremonyId
      const give = (share: Uint8Array): Promise<unknown> =>
        world.custodian.generateRoot.submit({ share: SecretBytes.copyOf(share), nonce, source: '127.0.0.1' })
      await give(keys[0]!)
      await assert.rejects(give(keys[1]!), (error) => hasCode(error, 'corrupt_store'))
      assert.equal(await world.read('data/token'), null)
      assert.equal(await world.read('data/first'), 'written at init')
    }
  })

  test('in place of the backup of wrapped shares is told as damaged', () => {
    for (const content of NONSENSE) {
      assert.throws(
        () => parseBackup(utf8(content)),
        (error) => hasCode(error, 'corrupt_store'),
        content,
      )
    }
  })
})

describe('a record that is gone, or is of no term that there is,', () => {
  test('refuses the store where it is the identity key or both keyrings', async () => {
    const { world, keys } = await open()
    const without = (...gone: readonly string[]): SimStorage => {
      const storage = world.storage.reopened()
      for (const path of gone) storage.entries.delete(path)
      return storage
    }
    assert.equal(await outcome(without(paths.IDENTITY_PATH), keys), 'corrupt_store')
    assert.equal(await outcome(without(paths.KEYRING_PATH, paths.KEYRING_COPY_PATH), keys), 'corrupt_store')
    assert.equal(await outcome(without(paths.ANCHOR_PATH, paths.ANCHOR_COPY_PATH), keys), 'store_rolled_back')
    for (const path of [paths.CUSTODY_PATH, paths.KEYRING_PATH, paths.ANCHOR_PATH]) {
      assert.equal(await outcome(without(path), keys), 'open', path)
      assert.equal(await outcome(without(`${path}/copy`), keys), 'open', path)
    }
    for (const path of [paths.OPERATIONS_PATH, paths.VERSIONS_PATH, paths.TRANSCRIPT_HEAD_PATH]) {
      assert.equal(await outcome(without(path), keys), 'open', path)
    }
  })

  test('is told as what it is: another term, or bytes that nobody sealed', async () => {
    const { world, keys } = await open()
    const changed = (path: string, at: number): SimStorage => {
      const storage = world.storage.reopened()
      const bytes = storage.entries.get(path)!.slice()
      bytes[at]! ^= 1
      storage.entries.set(path, bytes)
      return storage
    }
    // The term stands in bytes 1 to 4 of an entry.
    assert.equal(await outcome(changed(paths.IDENTITY_PATH, 1), keys), 'store_rolled_back')
    assert.equal(await outcome(changed(paths.IDENTITY_PATH, 40), keys), 'corrupt_entry')
    for (const at of [0, 1, 40]) {
      for (const path of [paths.ANCHOR_PATH, paths.OPERATIONS_PATH, paths.VERSIONS_PATH]) {
        assert.equal(await outcome(changed(path, at), keys), 'open', `${path} ${at}`)
      }
    }
  })
})

describe('a process that gives up', () => {
  test('wipes the shares that were given while it was sealed, and takes none after it', async () => {
    const { world, keys } = await open()
    await world.custodian.seal('127.0.0.1')
    await world.offer(keys[0]!)
    world.custodian.abandon()
    await world.offer(keys[1]!)
    assert.equal(world.custodian.isOpen, false)
  })

  test('does so once', async () => {
    const { world } = await open()
    world.custodian.abandon()
    world.custodian.abandon()
    const events = world.journal.entries().filter(({ event }) => event === 'abandoned')
    assert.equal(events.length, 1)
    assert.equal(world.session, null)
  })

  test('seals nothing more once it has stopped', async () => {
    const { world } = await open()
    const { barrier } = world.session!
    barrier.stop()
    await assert.rejects(barrier.commit([{ op: 'put', key: 'data/x', value: utf8('x') }]), { code: 'sealed' })
    assert.equal(await world.read('data/first'), 'written at init')
  })
})
