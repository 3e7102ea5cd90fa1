import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { canonicalJson, parseCanonicalJson, type RecordValue } from '../../src/base/canonical-json.ts'
import { nodePrimitives } from '../../src/crypto/node/primitives.ts'
import { KnownChain } from '../../src/custody/known-chain.ts'
import { type BadExportLine, exportHeader, verifyExports } from '../../src/custody/transcript-export.ts'
import { readLine } from '../../src/custody/transcript-line.ts'
import { verifyTranscript } from '../../src/custody/transcript-verify.ts'
import { ENDS, exported, history } from '../sim/history.ts'
import { ANYBODY } from '../sim/world.ts'

type Lines = readonly Uint8Array[]
type Members = { readonly [member: string]: RecordValue }

/** The first bad line of a file that must not verify. */
function bad(lines: Lines): BadExportLine {
  const verdict = verifyExports(nodePrimitives, [lines])
  assert(!verdict.ok, 'verified, and should not')
  return verdict.bad
}

function membersOf(line: Uint8Array): Members {
  return parseCanonicalJson(line) as Members
}

/** Another value of the same type, as like the first as can be. */
function another(value: RecordValue): RecordValue {
  if (typeof value === 'number') return value + 1
  if (typeof value === 'string') {
    const last = value.replace(/=*$/, '').length - 1
    const other = value[last] === '0' ? '1' : value[last] === 'A' ? 'B' : value[last] === 'a' ? 'b' : 'A'
    const hexOther = /^[0-9a-f-]+$/.test(value) && other === 'A' ? 'a' : other
    return value.slice(0, last) + hexOther + value.slice(last + 1)
  }
  if (typeof value === 'boolean') return !value
  if (value === null) return 'something'
  if (Array.isArray(value)) return value.length > 0 ? value.slice(1) : ['more']
  const [name, inner] = Object.entries(value)[0]!
  return { ...value, [name]: another(inner) }
}

function alterations(members: Members): readonly Members[] {
  const altered: Members[] = [{ ...members, zz: 1 }]
  for (const [name, value] of Object.entries(members)) {
    const { [name]: _, ...without } = members
    altered.push({ ...members, [name]: another(value) }, without)
  }
  return altered
}

describe('an export of every kind of ceremony', () => {
  let lines: Lines
  /** Where each transcript begins. */
  let starts: number[]
  before(async () => {
    lines = await exported((await history()).world)
    starts = lines.flatMap((line, index) =>
      index > 0 && membersOf(line)['event'] === 'opened' ? [index] : [],
    )
  })

  const transcriptAt = (which: number): Lines => lines.slice(starts[which], starts[which + 1])

  test('verifies, and tells what happened', () => {
    const verdict = verifyExports(nodePrimitives, [lines])
    assert(verdict.ok)
    assert.deepEqual(
      verdict.ceremonies.map(({ kind, outcome, consents }) => `${kind} ${outcome} ${consents.length}`),
      [...ENDS],
    )
    assert.deepEqual(
      verdict.chain.sets.map(({ number, threshold, shares }) => [number, threshold, shares.length]),
      [
        [1, 2, 3],
        [2, 3, 4],
        [3, 2, 3],
        [4, 2, 3],
      ],
    )
  })

  test('each transcript also verifies by itself, with nothing but its own lines', () => {
    for (const which of starts.keys()) {
      const verdict = verifyTranscript(nodePrimitives, transcriptAt(which))
      assert(verdict.ok, JSON.stringify(verdict))
    }
  })

  test('a line that is taken out is told at its place', () => {
    for (const index of lines.keys()) {
      assert.equal(bad(lines.toSpliced(index, 1)).line, index, `line ${index}`)
    }
  })

  test('a line that stands twice is told at its second place', () => {
    for (const [index, line] of lines.entries()) {
      assert.equal(bad(lines.toSpliced(index, 0, line)).line, index + 1, `line ${index}`)
    }
  })

  test('two lines that changed places are told at the first of them', () => {
    for (let index = 0; index + 1 < lines.length; index++) {
      const swapped = lines.toSpliced(index, 2, lines[index + 1]!, lines[index]!)
      assert.equal(bad(swapped).line, index, `line ${index}`)
    }
  })

  test('any member of any line with another value, left out, or added is told at that line', (t) => {
    let cases = 0
    for (const which of starts.keys()) {
      const chain = chainBefore(which)
      const transcript = transcriptAt(which)
      for (const [index, line] of transcript.entries()) {
        for (const one of alterations(membersOf(line))) {
          const altered = transcript.toSpliced(index, 1, canonicalJson(one))
          const verdict = verifyTranscript(nodePrimitives, altered, chain)
          assert(
            !verdict.ok && verdict.bad.line === index,
            `line ${index} of ${which}: ${JSON.stringify(one)}`,
          )
          cases++
        }
      }
    }
    for (const one of alterations(membersOf(lines[0]!))) {
      assert.equal(bad(lines.toSpliced(0, 1, canonicalJson(one))).line, 0, JSON.stringify(one))
      cases++
    }
    t.diagnostic(`${cases} alterations, each told at its line`)
  })

  /** The chain as it is before a transcript. */
  function chainBefore(which: number): KnownChain {
    const chain = new KnownChain()
    for (let index = 0; index < which; index++) {
      const verdict = verifyTranscript(nodePrimitives, transcriptAt(index), chain)
      assert(verdict.ok)
      chain.accept(verdict.facts)
    }
    return chain
  }

  /** Changes each byte by each mask, one at a time; all must be told at their line. How many changes. */
  function changeAll(which: number, masks: readonly number[]): number {
    const chain = chainBefore(which)
    const transcript = transcriptAt(which)
    let changes = 0
    for (const [index, line] of transcript.entries()) {
      for (let at = 0; at < line.length; at++) {
        for (const mask of masks) {
          const changed = line.with(at, line[at]! ^ mask)
          const verdict = verifyTranscript(nodePrimitives, transcript.toSpliced(index, 1, changed), chain)
          assert(!verdict.ok && verdict.bad.line === index, `byte ${at} of line ${index} of ${which}`)
          changes++
        }
      }
    }
    return changes
  }

  // The lowest bit makes one digit or letter another, 0x20 changes case, 0x80 leaves ASCII.
  test('every byte of a completed rekey that is changed is told at its line', (t) => {
    t.diagnostic(`${changeAll(5, [0x01, 0x20, 0x80])} changes, each told at its line`)
  })

  test('every byte of init, unseal, retirement, generate-root, verified rekey and header as well', (t) => {
    let changes = 0
    for (const which of [0, 1, 6, 7, 12]) changes += changeAll(which, [0x01])
    const header = lines[0]!
    for (let at = 0; at < header.length; at++, changes++) {
      const changed = header.with(at, header[at]! ^ 0x01)
      assert.equal(bad(lines.toSpliced(0, 1, changed)).line, 0, `byte ${at} of the header`)
    }
    t.diagnostic(`${changes} changes, each told at its line`)
  })

  test('a whole transcript that is taken out, repeated or moved is told where the chain breaks', () => {
    const without = (which: number): Lines => lines.toSpliced(starts[which]!, transcriptAt(which).length)
    for (let which = 0; which + 1 < starts.length; which++) {
      assert.equal(bad(without(which)).line, starts[which], `without ${which}`)
      const again = lines.toSpliced(starts[which + 1]!, 0, ...transcriptAt(which))
      assert.equal(bad(again).line, starts[which + 1], `${which} twice`)
      const swapped = lines.toSpliced(
        starts[which]!,
        transcriptAt(which).length + transcriptAt(which + 1).length,
        ...transcriptAt(which + 1),
        ...transcriptAt(which),
      )
      assert.equal(bad(swapped).line, starts[which], `${which} and the next swapped`)
    }
  })

  test('a file that is cut off anywhere is told where it ends', () => {
    for (let length = 0; length < lines.length; length++) {
      assert.equal(bad(lines.slice(0, length)).line, length, `${length} lines`)
    }
  })

  test('a line of another store, however well formed, is told at its place', async () => {
    const other = await exported((await history()).world)
    assert.deepEqual(other[1], lines[1], 'the same seed makes the same store')
    const { world } = await history()
    await world.startRekey({ shares: 1, threshold: 1 })
    await world.custodian.rekey.cancel(ANYBODY)
    const more = await exported(world)
    const foreign = more.slice(lines.length)
    assert.equal(bad(lines.toSpliced(starts[3]!, 0, ...foreign)).line, starts[3])
  })

  test('two files verify in their order, the second from where the first ends, and no other way', () => {
    const cut = starts[6]!
    const ended = readLine(lines[cut - 1]!)
    assert.equal(ended.event, 'completed')
    const head = nodePrimitives.sha256(lines[cut - 1]!)
    const header = readHeader(lines[0]!)
    const none = new Uint8Array(32)
    const first = [exportHeader({ ...header, ceremonies: 6, previous: none, head }), ...lines.slice(1, cut)]
    const second = [
      exportHeader({ ...header, ceremonies: ENDS.length - 6, previous: head }),
      ...lines.slice(cut),
    ]
    const verdict = verifyExports(nodePrimitives, [first, second])
    assert(verdict.ok)
    assert.equal(verdict.ceremonies.length, ENDS.length)
    assert.match(bad(second).fault, /begins after the closing line .* not with init/)
    for (const files of [
      [second, first],
      [first, first],
      [first, second, second],
    ]) {
      const wrong = verifyExports(nodePrimitives, files)
      assert(!wrong.ok)
      assert.equal(wrong.bad.line, 0)
    }
  })

  test('nothing at all, a header alone, and another file are no export', () => {
    assert.equal(bad([]).line, 0)
    assert.equal(bad([lines[0]!]).line, 1)
    assert.equal(bad([canonicalJson({ some: 'json' })]).line, 0)
    const empty = exportHeader({ ...readHeader(lines[0]!), ceremonies: 0, head: new Uint8Array(32) })
    assert.equal(bad([empty]).line, 1)
  })
})

function readHeader(line: Uint8Array) {
  const members = membersOf(line)
  const bytes = (name: string): Uint8Array => new Uint8Array(Buffer.from(String(members[name]), 'hex'))
  return {
    storeId: String(members['store_id']),
    ceremonies: Number(members['ceremonies']),
    previous: bytes('previous'),
    head: bytes('head'),
  }
}
