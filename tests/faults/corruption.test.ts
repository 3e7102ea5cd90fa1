import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OperatingError } from '../../src/base/errors.ts'
import { SimStorage } from '../sim/sim-storage.ts'
import { type ShareSet, World } from '../sim/world.ts'

const RECORDS = [
  'core/custody',
  'core/custody/copy',
  'core/keyring',
  'core/keyring/copy',
  'core/anchor',
  'core/anchor/copy',
]
const ENTRY_COUNT = 20

/**
 * A store that was opened once, with entries, an older version of its records, and the shares that open it.
 */
async function store(): Promise<{ storage: SimStorage; older: SimStorage; shares: ShareSet }> {
  const world = await World.start(new SimStorage(), 'corruption')
  const shares = await world.init(3, 2)
  await world.unseal(shares)
  const older = world.storage.reopened()
  for (let index = 0; index < ENTRY_COUNT; index++) await world.put(`data/${index}`, `secret number ${index}`)
  await world.custodian.stop()
  return { storage: world.storage, older, shares }
}

/**
 * Opens a damaged store as people would, and reads all entries. Anything but a typed error fails the test.
 */
async function outcome(storage: SimStorage, shares: ShareSet): Promise<string> {
  try {
    const world = await World.start(storage, 'damaged')
    for (const share of shares) {
      if (!world.custodian.isOpen) await world.unseal([share])
    }
    if (!world.custodian.isOpen) return 'sealed'
    for (let index = 0; index < ENTRY_COUNT; index++) {
      const text = await world.read(`data/${index}`)
      assert(text === null || text === `secret number ${index}`, 'a wrong plaintext was returned')
    }
    return 'open'
  } catch (error) {
    assert(error instanceof OperatingError, `not a typed error: ${String(error)}`)
    return error.code
  }
}

function damaged(storage: SimStorage, key: string, value: Uint8Array): SimStorage {
  const copy = storage.reopened()
  copy.entries.set(key, value)
  return copy
}

function* bitFlips(bytes: Uint8Array): Generator<Uint8Array> {
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const flipped = bytes.slice()
    flipped[bit >> 3]! ^= 1 << (bit & 7)
    yield flipped
  }
}

function* lengths(bytes: Uint8Array): Generator<Uint8Array> {
  for (let length = 0; length < bytes.length; length++) yield bytes.slice(0, length)
  for (let extra = 1; extra <= 64; extra++) yield new Uint8Array([...bytes, ...new Uint8Array(extra)])
}

test('every flipped bit of 20 entries is a typed error, never a wrong plaintext', async (t) => {
  const { storage, shares } = await store()
  const world = await World.start(storage.reopened(), 'entries')
  await world.unseal(shares)
  let flips = 0
  for (let index = 0; index < ENTRY_COUNT; index++) {
    const key = `data/${index}`
    const stored = storage.entries.get(key)!
    for (const flipped of bitFlips(stored)) {
      world.storage.entries.set(key, flipped)
      await assert.rejects(world.read(key), { code: 'corrupt_entry' })
      flips++
    }
    world.storage.entries.set(key, stored)
  }
  t.diagnostic(`${flips} flips, 0 accepted`)
})

test('every truncation and extension of an entry is a typed error', async () => {
  const { storage, shares } = await store()
  const world = await World.start(storage.reopened(), 'lengths')
  await world.unseal(shares)
  for (const cut of lengths(storage.entries.get('data/0')!)) {
    world.storage.entries.set('data/0', cut)
    await assert.rejects(world.read('data/0'), { code: 'corrupt_entry' })
  }
})

test('an entry at another path is a typed error', async () => {
  const { storage, shares } = await store()
  const world = await World.start(storage.reopened(), 'swap')
  await world.unseal(shares)
  world.storage.entries.set('data/0', storage.entries.get('data/1')!)
  world.storage.entries.set('data/1', storage.entries.get('data/0')!)
  await assert.rejects(world.read('data/0'), { code: 'corrupt_entry' })
  await assert.rejects(world.read('data/1'), { code: 'corrupt_entry' })
})

for (const key of RECORDS) {
  test(`one damaged ${key}, whatever the bit or the length: the store opens, and its twin heals it`, async (t) => {
    const { storage, shares } = await store()
    const record = storage.entries.get(key)!
    let cases = 0
    for (const damage of [...bitFlips(record), ...lengths(record)]) {
      const copy = damaged(storage, key, damage)
      assert.equal(await outcome(copy, shares), 'open')
      assert.notDeepEqual(copy.entries.get(key), damage, 'the damaged record was written anew')
      cases++
    }
    t.diagnostic(`${cases} damages, all healed`)
  })
}

test('custody record and copy both damaged: a typed error at the start, and the share is never refused wrongly', async () => {
  const { storage, shares } = await store()
  for (const flipped of [...bitFlips(storage.entries.get('core/custody')!)].filter(
    (_, index) => index % 7 === 0,
  )) {
    const copy = damaged(damaged(storage, 'core/custody', flipped), 'core/custody/copy', flipped)
    const result = await outcome(copy, shares)
    assert(
      [
        'corrupt_store',
        'store_rolled_back',
        'share_unknown',
        'share_retired',
        'share_pending',
        'store_newer',
        'sealed',
      ].includes(result),
      result,
    )
  }
})

test('keyring and copy both damaged, or anchor and copy: refused with a typed error, nothing is opened', async () => {
  const { storage, shares } = await store()
  for (const pair of ['core/keyring', 'core/anchor']) {
    for (const flipped of [...bitFlips(storage.entries.get(pair)!)].filter((_, index) => index % 5 === 0)) {
      const copy = damaged(damaged(storage, pair, flipped), `${pair}/copy`, flipped)
      const result = await outcome(copy, shares)
      assert(['corrupt_store', 'store_rolled_back'].includes(result), `${pair}: ${result}`)
    }
  }
})

test('older records put back, any mixture that leaves one kind newer: refused, naming both serials', async (t) => {
  const { storage, older, shares } = await store()
  let refused = 0
  for (let mask = 1; mask < 7; mask++) {
    const copy = storage.reopened()
    for (const [index, pair] of ['core/custody', 'core/keyring', 'core/anchor'].entries()) {
      if ((mask & (1 << index)) === 0) continue
      copy.entries.set(pair, older.entries.get(pair)!)
      copy.entries.set(`${pair}/copy`, older.entries.get(`${pair}/copy`)!)
    }
    const world = await World.start(copy, 'mixture')
    const failure = await world.unseal(shares).then(
      () => null,
      (error: unknown) => error,
    )
    assert(failure instanceof OperatingError && failure.code === 'store_rolled_back', `mixture ${mask}`)
    assert.match(failure.message, /serial \d+/)
    refused++
  }
  t.diagnostic(`${refused} mixtures, all refused`)
})

test('one older record of a pair put back: the newer twin wins and heals it', async () => {
  const { storage, older, shares } = await store()
  for (const key of RECORDS.filter((name) => !name.startsWith('core/anchor'))) {
    const copy = damaged(storage, key, older.entries.get(key)!)
    assert.equal(await outcome(copy, shares), 'open', key)
  }
})

test('a wrong store: shares of another store are unknown, and the text says that nobody has to start again', async () => {
  const { storage } = await store()
  const other = await World.start(new SimStorage(), 'another store')
  const foreign = await other.init(3, 2)
  const world = await World.start(storage.reopened(), 'here')
  await assert.rejects(world.unseal(foreign), (error: unknown) => {
    assert(error instanceof OperatingError && error.code === 'share_unknown')
    assert.match(error.message, /nobody else has to start again/)
    return true
  })
})
