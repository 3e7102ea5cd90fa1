import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rekeyStatus } from '../client/rekey-answers.ts'
import { nodePrimitives } from '../crypto/node/primitives.ts'
import { UsageError } from './failure.ts'
import { readStatement } from './statement.ts'
import { shownRekey } from './statement-output.ts'

const NONCE = '0470001c-b711-2aa8-cd75-f390a8f1eb0a'
const MEMBERS = {
  backup: false,
  ceremony_id: NONCE,
  delivery: 'clear to the request that completes it',
  expires: 1795596000000,
  flow: 'verified',
  format: 1,
  key_sets: [{ id: '000102030405060708090a0b0c0d0e0f', number: 1 }],
  kind: 'rekey',
  opened: 1795509600000,
  shares: 3,
  store_id: 'f0e0d0c0b0a090807060504030201000',
  threshold: 2,
  verify: 'threshold',
}
// SHA-256 over "conclave statement v1\n" and the statement by another program, its first 66 bits as BIP-39.
const WORDS = 'infant snake nasty cool shrug long'

function base64(members: object): string {
  return Buffer.from(JSON.stringify(members)).toString('base64')
}

function status(statement: string, changed: object = {}) {
  const running = { nonce: NONCE, started: true, t: 2, n: 3, progress: 0, required: 3 }
  return rekeyStatus({ ...running, verification_required: true, statement, ...changed })
}

function refusal(act: () => unknown): string {
  try {
    act()
  } catch (error) {
    if (error instanceof UsageError && error.code === 'statement_unfit') return error.message
    throw error
  }
  return 'nothing was refused'
}

test('makes the six words from the bytes that are signed', () => {
  const facts = readStatement(base64(MEMBERS), nodePrimitives, {})
  assert.equal(facts?.words, WORDS)
  assert.deepEqual(facts?.keySets, [
    { id: '000102030405060708090a0b0c0d0e0f', number: 1, words: 'abandon amount' },
  ])
  assert.deepEqual([facts?.expires, facts?.recipients], ['2026-11-25T08:40:00.000Z', null])
})

test('shows what a share agrees to', () => {
  const { lines } = shownRekey(status(base64(MEMBERS)), nodePrimitives)
  assert.deepEqual(lines, [
    '  new shares    3, any 2 of them open the server',
    '  they count    once any 2 of them were given back',
    '  go to         whoever gives the last share, in the clear',
    '  agreed by     shares of key set 1 "abandon amount"',
    '  until         2026-11-25T08:40:00.000Z',
    `  nonce         ${NONCE}`,
    '',
    '  check words   INFANT SNAKE NASTY COOL SHRUG LONG',
  ])
})

test('shows to whom new shares are encrypted, from the statement', () => {
  const delivery = ['aa', 'bb', 'cc'].map((print) => ({
    fingerprint: print.repeat(20),
    key_sha256: print.repeat(32),
    kind: 'openpgp',
  }))
  const { lines, facts } = shownRekey(status(base64({ ...MEMBERS, delivery })), nodePrimitives)
  assert.equal(lines[2], `  encrypted to  1. ${'aa'.repeat(20)}`)
  assert.equal(lines[4], `                3. ${'cc'.repeat(20)}`)
  assert.equal(facts?.recipients?.[1]?.keySha256, 'bb'.repeat(32))
})

test('a server without statements is told as such', () => {
  const { lines, facts } = shownRekey(status(''), nodePrimitives)
  assert.equal(facts, null)
  assert.match(lines.at(-1) ?? '', /no check words/)
})

test('refuses a statement that says something else than the status it came with', () => {
  const wrong = [
    { shares: 4 },
    { threshold: 3 },
    { ceremony_id: 'another' },
    { flow: 'direct' },
    { kind: 'init' },
  ]
  for (const changed of wrong) {
    const text = refusal(() => shownRekey(status(base64({ ...MEMBERS, ...changed })), nodePrimitives))
    assert.match(text, new RegExp(`something else than the status does \\("${Object.keys(changed)[0]}"\\)`))
  }
})

test('refuses what it cannot show as a whole', () => {
  const refusals: readonly [string, RegExp][] = [
    ['no base64!', /cannot be read/],
    [Buffer.from('{"format": 1}').toString('base64'), /cannot be read/],
    [base64({ ...MEMBERS, zeal: 1 }), /is of a newer kind/],
    [base64({ ...MEMBERS, format: 2 }), /is of a newer kind/],
    [base64({ ...MEMBERS, key_sets: [] }), /names no key set/],
    [base64({ ...MEMBERS, delivery: [{ kind: 'owl' }] }), /a recipient that this version does not know/],
    [base64({ ...MEMBERS, delivery: 'by owl' }), /a way of delivery that this version does not know/],
  ]
  for (const [statement, pattern] of refusals) {
    assert.match(
      refusal(() => readStatement(statement, nodePrimitives, {})),
      pattern,
    )
  }
})
