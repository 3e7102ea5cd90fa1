import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, test } from 'node:test'
import * as paths from '../../src/barrier/paths.ts'
import { canonicalJson, parseCanonicalJson } from '../../src/base/canonical-json.ts'
import { utf8 } from '../../src/base/encoding.ts'
import { hasCode } from '../../src/base/errors.ts'
import { SecretBytes } from '../../src/base/secret-bytes.ts'
import { parseBackup } from '../../src/ceremony/parcel.ts'
import { encodeCustodyRecord, parseCustodyRecord } from '../../src/custody/custody-record.ts'
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

describe('records of two ages together', () => {
  test('are refused, whichever of the three is the older one, and all of one age are not', async () => {
    const { world, keys } = await open()
    const older = world.storage.reopened()
    await world.custodian.dataKeys.rotate()
    const pairs = [paths.CUSTODY_PATH, paths.KEYRING_PATH, paths.ANCHOR_PATH]
    for (let which = 0; which < 2 ** pairs.length; which++) {
      const storage = world.storage.reopened()
      for (const [index, path] of pairs.entries()) {
        if (((which >> index) & 1) === 0) continue
        for (const one of [path, `${path}/copy`]) storage.entries.set(one, older.entries.get(one)!)
      }
      const isOneAge = which === 0 || which === 2 ** pairs.length - 1
      const seen = await outcome(storage, keys)
      // All older: such a store cannot be told from an old one.
      assert.equal(seen === 'open', isOneAge, `${which}: ${seen}`)
      if (!isOneAge) assert.equal(seen, 'store_rolled_back', `${which}`)
    }
  })

  test('with a slot that was damaged in both, its shares are right and the store says what to do', async () => {
    const { world, keys } = await open()
    const storage = world.storage.reopened()
    const record = parseCustodyRecord(storage.entries.get(paths.CUSTODY_PATH)!)
    const slot = record.live.slot.map((byte, index) => (index === 20 ? byte ^ 1 : byte))
    const damaged = encodeCustodyRecord({ ...record, live: { ...record.live, slot } })
    for (const path of [paths.CUSTODY_PATH, paths.CUSTODY_COPY_PATH]) storage.entries.set(path, damaged)
    assert.equal(await outcome(storage, keys), 'corrupt_store')
    storage.entries.set(paths.CUSTODY_COPY_PATH, world.storage.entries.get(paths.CUSTODY_PATH)!)
    assert.equal(await outcome(storage, keys), 'open')
  })
})

describe('damaged records in the clear', () => {
  test('of custody, both: the server does not start, and says which of damaged and newer it is', async () => {
    const { world } = await open()
    for (const [text, code] of [
      ['{}', 'corrupt_store'],
      ['{"format":2}', 'store_newer'],
    ] as const) {
      const storage = world.storage.reopened()
      for (const path of [paths.CUSTODY_PATH, paths.CUSTODY_COPY_PATH]) storage.entries.set(path, utf8(text))
      await assert.rejects(World.start(storage, 'none to read'), { code })
    }
  })

  test('of the keyring, one: the other opens the store', async () => {
    const { world, keys } = await open()
    for (const path of [paths.KEYRING_PATH, paths.KEYRING_COPY_PATH]) {
      const storage = world.storage.reopened()
      const record = parseCanonicalJson(storage.entries.get(path)!) as { readonly sealed: string }
      const digit = record.sealed[40] === 'A' ? 'B' : 'A'
      const sealed = record.sealed.slice(0, 40) + digit + record.sealed.slice(41)
      storage.entries.set(path, canonicalJson({ ...record, sealed }))
      assert.equal(await outcome(storage, keys), 'open')
    }
  })

  test('of a set that is retiring: its shares are right, and the new ones open', async () => {
    const { world, keys } = await open()
    const fresh = await world.rekey(keys, { shares: 2, threshold: 2 })
    const record = parseCustodyRecord(world.storage.entries.get(paths.CUSTODY_PATH)!)
    const { retiring } = record
    const slot = retiring!.slot.map((byte, index) => (index === 20 ? byte ^ 1 : byte))
    const damaged = encodeCustodyRecord({ ...record, retiring: { ...retiring!, slot } })
    const storage = world.storage.reopened()
    storage.entries.set(paths.CUSTODY_PATH, damaged)
    storage.entries.set(paths.CUSTODY_COPY_PATH, damaged)
    assert.equal(await outcome(storage.reopened(), keys), 'corrupt_store')
    // The keyring vouches for another record than this one, so neither set opens what was tampered with.
    assert.equal(await outcome(storage.reopened(), fresh), 'store_rolled_back')
  })

  test('with a threshold that is too low in one: the attempt fails, no share is lost, the next one opens', async () => {
    const world = await World.start(new SimStorage(), 'threshold')
    const keys = await world.init(5, 3)
    await world.unseal(keys)
    const record = parseCustodyRecord(world.storage.entries.get(paths.CUSTODY_PATH)!)
    const lower = encodeCustodyRecord({ ...record, live: { ...record.live, threshold: 2 } })
    const storage = world.storage.reopened()
    storage.entries.set(paths.CUSTODY_COPY_PATH, lower)
    const next = await World.start(storage, 'lower')
    await next.offer(keys[0]!)
    await assert.rejects(next.offer(keys[1]!), { code: 'corrupt_store' })
    assert.equal(next.custodian.status().progress, 2)
    await next.offer(keys[2]!)
    assert.equal(next.custodian.isOpen, true)
  })
})

describe('the transcript of an unseal', () => {
  test('names the custody record that the keyring vouches for, also where the first is damaged or gone', async () => {
    for (const damage of ['damaged', 'gone'] as const) {
      const { world, keys } = await open()
      const storage = world.storage.reopened()
      const vouchedFor = storage.entries.get(paths.CUSTODY_COPY_PATH)!
      const known = new Set(storage.entries.keys())
      if (damage === 'gone') storage.entries.delete(paths.CUSTODY_PATH)
      else storage.entries.set(paths.CUSTODY_PATH, utf8('{"format":1}'))
      const next = await World.start(storage, 'next')
      await next.unseal(keys)
      const written = [...storage.entries.keys()].filter((key) => !known.has(key)).sort()
      const lines = written.filter((key) => key.includes('transcripts/'))
      const line: unknown = JSON.parse((await next.read(lines[0]!))!)
      const custody_sha256 = createHash('sha256').update(vouchedFor).digest('hex')
      assert.partialDeepStrictEqual(line, { event: 'opened', custody_sha256 }, damage)
    }
  })
})

describe('a transcript whose first line is another', () => {
  test('is told as damaged, in the list and alone', async () => {
    const { world } = await open()
    const { archive } = world.custodian
    const id = (await archive.ceremonies({ after: '', limit: 1 })).ceremonies[0]!.id
    const names = [...world.storage.entries.keys()].filter((key) => key.includes(`transcripts/${id}/`)).sort()
    const second = await world.read(names[1]!)
    await sealInto(world, names[0]!, second!)
    await assert.rejects(archive.ceremonies({ after: '', limit: 1 }), { code: 'corrupt_store' })
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
