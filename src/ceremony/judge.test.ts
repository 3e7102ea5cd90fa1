import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { SimClock } from '../../tests/sim/sim-clock.ts'
import { SimStorage } from '../../tests/sim/sim-storage.ts'
import { World } from '../../tests/sim/world.ts'
import { OperatingError } from '../base/errors.ts'
import { SecretBytes } from '../base/secret-bytes.ts'
import { nodePrimitives } from '../crypto/node/primitives.ts'
import type { CustodyRecord } from '../custody/custody-record.ts'
import type { RetiredEnd } from '../custody/key-set.ts'
import { Judge } from './judge.ts'

let record: CustodyRecord
let old: SecretBytes

before(async () => {
  const world = await World.start(new SimStorage(), 'judged')
  const first = await world.init(2, 2)
  await world.unseal(first)
  const second = await world.rekey(first, { shares: 2, threshold: 2 })
  const opened = await World.start(world.storage.reopened(), 'reopened')
  await opened.unseal(second)
  record = opened.custodian.record!
  old = SecretBytes.copyOf(first[0]!)
})

/** What is said of a share of set 1, had that set ended so. */
function saidOf(end: RetiredEnd, phase?: 'sealed' | 'open'): string {
  const retired = record.retired.map((set) => ({ ...set, end }))
  try {
    new Judge(nodePrimitives, new SimClock()).judge([{ ...record, retired }], old, phase)
  } catch (error) {
    const code = end === 'pending' ? 'share_pending' : 'share_retired'
    assert(error instanceof OperatingError && error.code === code)
    return error.message
  }
  assert.fail('the share is retired')
}

test('while sealed it says what a share seems to be, and never that one may be destroyed', () => {
  for (const end of ['replaced', 'cancelled', 'never_proven', 'pending'] as const) {
    for (const phase of ['sealed', undefined] as const) {
      assert.match(saidOf(end, phase), /^this share seems to be of key set 1, /)
      assert.doesNotMatch(saidOf(end, phase), /destroy/)
    }
  }
})

test('an open server says what a share is, that it may be destroyed, and which backups still need it', () => {
  for (const end of ['replaced', 'never_proven'] as const) {
    assert.match(saidOf(end, 'open'), /^this share is of key set 1, /)
    assert.match(
      saidOf(end, 'open'),
      /may be destroyed, unless a backup from before .* is kept: that still needs it/,
    )
  }
  assert.match(saidOf('cancelled', 'open'), /may be destroyed: it never opened anything/)
  assert.doesNotMatch(saidOf('pending', 'open'), /destroy|seems/)
})

test('in every state it says what to give, and that nobody has to start again', () => {
  for (const phase of ['sealed', 'open'] as const) {
    const text = /give the share of the live set\. It was not counted, and nobody else has to start again$/i
    assert.match(saidOf('replaced', phase), text)
  }
})
