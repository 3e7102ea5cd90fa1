import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SimClock } from '../../tests/sim/sim-clock.ts'
import { SimSlots } from '../../tests/sim/sim-slots.ts'
import { AuditBroker, type AuditDevice } from '../audit/broker.ts'
import { SlotJournal } from '../ceremony/journal/slot-journal.ts'
import { nodePrimitives } from '../crypto/node/primitives.ts'
import { HandOvers } from './hand-over.ts'

/** A device that keeps its lines, and takes none while it is full. */
class ListDevice implements AuditDevice {
  readonly type = 'list'
  readonly lines: string[] = []
  room = Number.POSITIVE_INFINITY

  async append(line: Uint8Array): Promise<void> {
    if (this.room-- <= 0) throw new Error('full')
    this.lines.push(Buffer.from(line).toString())
  }

  async close(): Promise<void> {}

  get sequences(): readonly number[] {
    return this.lines.map((line) => JSON.parse(line).sequence)
  }
}

function journalOn(file: SimSlots | null): SlotJournal {
  const log = { warn: (event: string): void => assert.fail(event) }
  return new SlotJournal({ clock: new SimClock(), hashing: nodePrimitives, log }, file)
}

function recordShares(journal: SlotJournal, ...shares: readonly number[]): void {
  for (const share of shares) {
    journal.record({ kind: 'unseal', event: 'share_counted', share, source: '192.0.2.1', ceremony: 'c1' })
  }
}

/** The hand-overs of one server, and what its log says. */
function handing(journal: SlotJournal): { handOvers: HandOvers; warned: string[] } {
  const warned: string[] = []
  const log = { info: () => undefined, warn: (event: string): void => void warned.push(event) }
  return { handOvers: new HandOvers(journal, log), warned }
}

const isOpen = (): boolean => true

async function handOver(journal: SlotJournal, audit: AuditBroker): Promise<void> {
  await handing(journal).handOvers.run(audit, isOpen)
}

test('an entry is handed over as deferred and unauthenticated, with all that the journal says', async () => {
  const journal = journalOn(null)
  journal.record({ kind: 'unseal', event: 'refused', reason: 'share_unknown', source: '192.0.2.9' })
  const device = new ListDevice()
  await handOver(journal, new AuditBroker([device]))
  assert.deepEqual(
    device.lines.map((line) => JSON.parse(line)),
    [
      {
        type: 'journal',
        deferred: true,
        authenticated: false,
        sequence: 1,
        time: '2025-11-24T16:00:00.000Z',
        until: '2025-11-24T16:00:00.000Z',
        kind: 'unseal',
        event: 'refused',
        ceremony: null,
        share: null,
        source: '192.0.2.9',
        credential: null,
        reason: 'share_unknown',
        count: 1,
      },
    ],
  )
})

test('each entry is handed over once, in order, also by the next process', async () => {
  const file = new SimSlots()
  const journal = journalOn(file)
  recordShares(journal, 1, 2, 3)
  const device = new ListDevice()
  const audit = new AuditBroker([device])
  await handOver(journal, audit)
  recordShares(journal, 4)
  await handOver(journal, audit)
  const next = journalOn(file.reopened())
  await handOver(next, audit)
  recordShares(next, 5)
  await handOver(next, audit)
  assert.deepEqual(device.sequences, [1, 2, 3, 4, 5])
})

test('without a device entries wait for one', async () => {
  const journal = journalOn(null)
  recordShares(journal, 1, 2)
  await handOver(journal, new AuditBroker([]))
  assert.equal(journal.handedOver, 0)
  const device = new ListDevice()
  await handOver(journal, new AuditBroker([device]))
  assert.deepEqual(device.sequences, [1, 2])
})

test('a device that fails stops nobody: the log says so, and the rest is handed over another time', async () => {
  const journal = journalOn(null)
  recordShares(journal, 1, 2, 3)
  const device = new ListDevice()
  device.room = 1
  const { handOvers, warned } = handing(journal)
  await handOvers.run(new AuditBroker([device]), isOpen)
  assert.deepEqual(warned, ['the ceremony journal could not be handed to audit'])
  device.room = Number.POSITIVE_INFINITY
  await handOvers.run(new AuditBroker([device]), isOpen)
  assert.deepEqual(device.sequences, [1, 2, 3])
})

test('one device of two is enough, as for every record', async () => {
  const journal = journalOn(null)
  recordShares(journal, 1, 2)
  const [full, device] = [new ListDevice(), new ListDevice()]
  full.room = 0
  await handOver(journal, new AuditBroker([full, device]))
  assert.deepEqual(device.sequences, [1, 2])
})

test('a store that is sealed meanwhile hands over no more', async () => {
  const journal = journalOn(null)
  recordShares(journal, 1, 2, 3)
  const device = new ListDevice()
  await handing(journal).handOvers.run(new AuditBroker([device]), () => device.lines.length < 2)
  assert.deepEqual(device.sequences, [1, 2])
  assert.equal(journal.handedOver, 2)
})

test('two unseals shortly after each other hand each entry over once, and wait for what they record', async () => {
  const journal = journalOn(null)
  recordShares(journal, 1, 2)
  const device = new ListDevice()
  const audit = new AuditBroker([device])
  const { handOvers } = handing(journal)
  const { promise, resolve } = Promise.withResolvers<void>()
  handOvers.after(promise, audit, isOpen)
  handOvers.after(Promise.resolve(), audit, isOpen)
  recordShares(journal, 3)
  resolve()
  await promise
  await new Promise(setImmediate)
  await handOvers.run(audit, isOpen)
  assert.deepEqual(device.sequences, [1, 2, 3])
})
