import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parseDocument } from '../../src/hcl/document.ts'
import { type Body, HclError } from '../../src/hcl/value.ts'
import { type Difference, READ_DIFFERENTLY, REFUSED_HERE, TAKEN_HERE } from './differences.ts'
import { Documents } from './documents.ts'
import { ourTree, peerTree } from './peer.ts'

// The other parser needs 0.3 ms for a small document: this is what the whole test takes.
const DOCUMENTS = 100_000
const SEED = 20_261_124

/** What both make of one document: `same`, `neither`, or the name of the class it differs in. */
function compare(text: string): string {
  const peer = peerTree(text)
  let body: Body
  try {
    body = parseDocument(text, 'doc')
  } catch (error) {
    if (!(error instanceof HclError)) throw error
    if (peer === null) return 'neither'
    return nameOf(
      REFUSED_HERE.find(({ fault }) => fault.test(error.fault)),
      [text, error.message, peer],
    )
  }
  const ours = ourTree(body)
  if (ours === peer) return 'same'
  const classes = peer === null ? TAKEN_HERE : READ_DIFFERENTLY
  return nameOf(
    classes.find(({ holds }) => holds(body)),
    [text, ours, peer],
  )
}

function nameOf(difference: Difference | undefined, seen: readonly unknown[]): string {
  if (difference !== undefined) return difference.name
  assert.fail(`no known difference explains ${seen.map((one) => JSON.stringify(one)).join('\n')}`)
}

describe('the first implementation of HCL 1 and ours read a document differently where', () => {
  for (const { name, why, example } of [...REFUSED_HERE, ...TAKEN_HERE, ...READ_DIFFERENTLY]) {
    test(`${name}: ${why}`, () => assert.equal(compare(example), name))
  }
})

test(`and alike everywhere else: ${DOCUMENTS} documents, valid and spoilt`, (context) => {
  const documents = new Documents(SEED)
  const counts = new Map<string, number>()
  for (let left = DOCUMENTS; left > 0; left--) {
    const text = left % 2 === 0 ? documents.valid() : documents.spoilt()
    // Which is JSON to both; `src/hcl/json.test.ts` compares that with the JSON of the language.
    if (/^\s*\{/.test(text)) continue
    const outcome = compare(text)
    counts.set(outcome, (counts.get(outcome) ?? 0) + 1)
  }
  context.diagnostic(JSON.stringify(Object.fromEntries(counts)))
  // Otherwise the generator would not reach what this test is about.
  assert.ok((counts.get('same') ?? 0) > DOCUMENTS / 4, 'many that both read')
  assert.ok((counts.get('neither') ?? 0) > DOCUMENTS / 10, 'many that both refuse')
})
