import assert from 'node:assert/strict'
import { test } from 'node:test'
import { unixMillis } from '../base/clock.ts'
import type { Consent } from '../custody/consent.ts'
import type { Agreement } from './agreement.ts'
import {
  NO_REKEY,
  type PendingSet,
  type RekeyEvent,
  type RekeyState,
  type RekeyTerms,
  step,
} from './rekey.ts'

const SET = new Uint8Array(16).fill(1)

const TERMS: RekeyTerms = {
  shares: 4,
  threshold: 2,
  face: 'modern',
  verify: 'threshold',
  recipients: null,
  backup: false,
}

const AGREEMENT: Agreement = {
  ceremonyId: 'first',
  statement: new Uint8Array(),
  digest: new Uint8Array(),
  opened: unixMillis(0),
  expires: unixMillis(1),
  quorums: [{ setId: SET, shares: 3, threshold: 2 }],
  opener: { by: 'nobody' },
  consents: [],
  cancels: [],
}

const PENDING: PendingSet = {
  id: new Uint8Array(16).fill(2),
  number: 2,
  threshold: 2,
  entries: [],
  dealtAt: unixMillis(0),
}

const consent = (shareNumber: number): Consent => ({
  verb: 'agree',
  setId: SET,
  shareNumber,
  signature: new Uint8Array(),
})
const OPENED: RekeyEvent = { type: 'opened', terms: TERMS, agreement: AGREEMENT }
const DEALT: RekeyEvent = { type: 'dealt', agreement: AGREEMENT, pending: PENDING, nonce: 'one' }
const agreed = (shareNumber: number): RekeyEvent => ({ type: 'agreed', consent: consent(shareNumber) })

function after(...events: readonly RekeyEvent[]): RekeyState {
  return events.reduce((state, event) => step(state, event).state, NO_REKEY)
}

test('opened, it collects for the terms that were proposed', () => {
  const { state, outcome } = step(NO_REKEY, OPENED)
  assert.equal(outcome.type, 'opened')
  assert.deepEqual(state, { phase: 'collecting', terms: TERMS, agreement: AGREEMENT })
})

test('refuses a second one while one runs, also with new shares out', () => {
  const other: RekeyEvent = { ...OPENED, agreement: { ...AGREEMENT, ceremonyId: 'second' } }
  for (const state of [after(OPENED), after(OPENED, DEALT)]) {
    const stepped = step(state, other)
    assert.equal(stepped.outcome.type, 'already_running')
    assert.equal(stepped.state, state)
  }
})

test('nothing moves what does not run', () => {
  const events: readonly RekeyEvent[] = [
    agreed(1),
    { type: 'objected', consent: consent(1) },
    DEALT,
    { type: 'verification_restarted', nonce: 'two' },
  ]
  for (const event of events) {
    const { state, outcome } = step(NO_REKEY, event)
    assert.deepEqual([state, outcome], [NO_REKEY, { type: 'not_running' }], event.type)
  }
})

test('the consent that is enough moves nothing: it is not given until its commit has been made', () => {
  const state = after(OPENED, agreed(1))
  const stepped = step(state, agreed(3))
  assert(stepped.outcome.type === 'enough')
  assert.deepEqual(
    stepped.outcome.consents.map((one) => one.shareNumber),
    [1, 3],
  )
  assert.equal(stepped.state, state)
  assert.equal(step(state, agreed(3)).outcome.type, 'enough', 'the same holder gives it again')
})

test('once it has dealt, old shares are not asked for, and there is nothing to deal', () => {
  const state = after(OPENED, agreed(1), DEALT)
  assert.equal(step(state, agreed(2)).outcome.type, 'verification_pending')
  assert.equal(step(state, DEALT).outcome.type, 'not_running')
})

test('with new shares out, holders of the old ones still end it', () => {
  const one = step(after(OPENED, DEALT), { type: 'objected', consent: consent(1) })
  assert.equal(one.outcome.type, 'counted')
  assert.equal(one.state.phase, 'dealt')
  assert.equal(step(one.state, { type: 'objected', consent: consent(2) }).outcome.type, 'enough')
})

test('a verification that starts over has another nonce, and the same pending set', () => {
  const state = after(OPENED, DEALT, { type: 'verification_restarted', nonce: 'two' })
  assert(state.phase === 'dealt')
  assert.equal(state.verificationNonce, 'two')
  assert.equal(state.pending, PENDING)
  assert.equal(
    step(after(OPENED), { type: 'verification_restarted', nonce: 'two' }).outcome.type,
    'not_running',
  )
})

test('every order of three events keeps what was proposed, and no order goes back', () => {
  const events: readonly RekeyEvent[] = [
    OPENED,
    agreed(1),
    agreed(2),
    { type: 'objected', consent: consent(3) },
    DEALT,
    { type: 'verification_restarted', nonce: 'two' },
  ]
  const rank = { idle: 0, collecting: 1, dealt: 2 }
  for (const one of events) {
    for (const two of events) {
      for (const three of events) {
        let state: RekeyState = NO_REKEY
        for (const event of [one, two, three]) {
          const next = step(state, event).state
          assert(rank[next.phase] >= rank[state.phase], `${state.phase}, ${event.type}, ${next.phase}`)
          assert(next.phase === 'idle' || next.terms === TERMS)
          state = next
        }
      }
    }
  }
})
