import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { Holders } from '../../tests/sim/holders.ts'
import { SimStorage } from '../../tests/sim/sim-storage.ts'
import { World } from '../../tests/sim/world.ts'
import type { Barrier } from '../barrier/barrier.ts'
import { canonicalJson, type RecordValue } from '../base/canonical-json.ts'
import { nodePrimitives } from '../crypto/node/primitives.ts'
import type { Agreement } from './agreement.ts'
import { GENERATION_FORMAT } from './generate-root.ts'
import { REKEY_FORMAT } from './rekey-store.ts'
import { type CeremonyFormat, readCeremony, type StoredCeremony } from './stored-ceremony.ts'

/** Prime to 8, so that it comes by every place in a byte. */
const STRIDE = 7

type Running = { readonly agreement: Agreement }
type Members = Record<string, RecordValue>

/** A stored ceremony with somebody's consent and somebody's objection, and how it is read back. */
interface Stored {
  readonly world: World
  readonly format: CeremonyFormat<Running>
  readonly bytes: Uint8Array
}

interface Read {
  readonly ceremony: StoredCeremony<Running> | null
  readonly isDamaged: boolean
}

const KINDS: Record<string, (holders: Holders) => Promise<unknown>> = {
  'a rekey that collects': async (holders) => {
    const terms = { shares: 3, threshold: 2, recipients: await holders.recipients(3), backup: true }
    await holders.propose(terms)
    await holders.agree(holders.newest, 1)
    await holders.object(2)
    return REKEY_FORMAT
  },
  'a rekey with new shares out': async (holders) => {
    await holders.propose({ shares: 3, threshold: 2, verify: 'all' })
    await holders.object(3)
    for (const number of [1, 2]) await holders.agree(holders.sets[0]!, number)
    return REKEY_FORMAT
  },
  'a root generation': async (holders) => {
    await holders.proposeToken((await holders.recipients(1))[0])
    await holders.agreeToken(holders.newest, 1)
    await holders.object(2, 'generateRoot')
    return GENERATION_FORMAT
  },
}

for (const [name, run] of Object.entries(KINDS)) {
  describe(name, () => {
    let stored: Stored
    before(async () => {
      const world = await World.start(new SimStorage(), name)
      const holders = new Holders(world, [await world.init(3, 2)])
      await holders.unseal()
      const format = (await run(holders)) as CeremonyFormat<Running>
      const bytes = await world.session!.barrier.get(format.path)
      stored = { world, format, bytes: bytes! }
    })

    test('is read back as it was, with its consents', async () => {
      const { ceremony, isDamaged } = await readAs(stored, stored.bytes)
      assert(ceremony !== null && !isDamaged)
      assert.equal(ceremony.running.agreement.cancels.length, 1)
      assert(ceremony.running.agreement.consents.length > 0)
    })

    test('with any seventh bit of it flipped is dropped, or is a ceremony in which nobody more has agreed', async (t) => {
      let [read, dropped] = [0, 0]
      const names = new Set(consentNames((await readAs(stored, stored.bytes)).ceremony))
      for (let bit = 0; bit < stored.bytes.length * 8; bit += STRIDE) {
        const flipped = stored.bytes.slice()
        flipped[bit >> 3]! ^= 1 << (bit & 7)
        const { ceremony } = await readAs(stored, flipped)
        if (ceremony === null) dropped++
        else read++
        assert(
          consentNames(ceremony).every((one) => names.has(one)),
          `bit ${bit}`,
        )
      }
      t.diagnostic(`${read} read, ${dropped} dropped`)
    })

    test('with any bit of the stored entry flipped is dropped', async () => {
      const { world, format } = stored
      const entry = world.storage.entries.get(format.path)!.slice()
      for (let bit = 0; bit < entry.length * 8; bit += STRIDE) {
        const flipped = entry.slice()
        flipped[bit >> 3]! ^= 1 << (bit & 7)
        world.storage.entries.set(format.path, flipped)
        assert.deepEqual(await readFrom(stored, world.session!.barrier), { ceremony: null, isDamaged: true })
      }
    })

    test('with a member more, or one fewer, anywhere, is dropped', async () => {
      for (const [what, value] of variants(JSON.parse(Buffer.from(stored.bytes).toString()))) {
        const read = await readAs(stored, canonicalJson(value))
        assert.deepEqual(read, { ceremony: null, isDamaged: true }, what)
      }
    })

    test('counts a signature for what it says: an objection among the consents is no consent', async () => {
      const members: Members = JSON.parse(Buffer.from(stored.bytes).toString())
      const swapped = { ...members, cancels: members['consents']!, consents: members['cancels']! }
      const { ceremony } = await readAs(stored, canonicalJson(swapped))
      assert.deepEqual(consentNames(ceremony), [])
    })

    test('counts a consent once, however often it is listed', async () => {
      const members: Members = JSON.parse(Buffer.from(stored.bytes).toString())
      const consents = members['consents'] as readonly RecordValue[]
      const { ceremony } = await readAs(
        stored,
        canonicalJson({ ...members, consents: [...consents, ...consents] }),
      )
      assert.equal(new Set(consentNames(ceremony)).size, consentNames(ceremony).length)
    })

    test('names a set that opens no more: it is gone, and nothing is damaged', async () => {
      const { world, format } = stored
      await world.session!.barrier.commit([{ op: 'put', key: format.path, value: stored.bytes }])
      const record = world.custodian.record!
      const other = { ...record, live: { ...record.live, id: new Uint8Array(16) } }
      const read = await readFrom(stored, world.session!.barrier, other)
      assert.deepEqual(read, { ceremony: null, isDamaged: false })
    })
  })
}

async function readAs(stored: Stored, bytes: Uint8Array): Promise<Read> {
  const { barrier } = stored.world.session!
  await barrier.commit([{ op: 'put', key: stored.format.path, value: bytes }])
  return await readFrom(stored, barrier)
}

async function readFrom(
  { world, format }: Stored,
  barrier: Barrier,
  record = world.custodian.record!,
): Promise<Read> {
  let isDamaged = false
  const onDamaged = (): void => {
    isDamaged = true
  }
  const ceremony = await readCeremony(nodePrimitives, barrier, { format, record, onDamaged })
  return { ceremony, isDamaged }
}

/** Who has said what, each as a text. */
function consentNames(ceremony: StoredCeremony<Running> | null): readonly string[] {
  const { consents = [], cancels = [] } = ceremony?.running.agreement ?? {}
  return [...consents, ...cancels].map(
    (one) => `${one.verb} ${one.shareNumber} ${Buffer.from(one.signature)}`,
  )
}

/** The record with one member added to, or taken from, each object in it. */
function* variants(value: RecordValue, at = 'record'): Generator<readonly [string, RecordValue]> {
  if (typeof value !== 'object' || value === null) return
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) {
      for (const [what, other] of variants(item, `${at}[${index}]`)) yield [what, value.with(index, other)]
    }
    return
  }
  const members = value as Members
  yield [`${at}: one more`, { ...members, another: 1 }]
  for (const [name, item] of Object.entries(members)) {
    const { [name]: _, ...fewer } = members
    yield [`${at}: no ${name}`, fewer]
    for (const [what, other] of variants(item, `${at}.${name}`)) yield [what, { ...members, [name]: other }]
  }
}
