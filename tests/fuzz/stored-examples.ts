import { readFileSync } from 'node:fs'
import { canonicalJson, type RecordValue } from '../../src/base/canonical-json.ts'
import { toBase64 } from '../../src/base/encoding.ts'
import type { Chance } from './chance.ts'

/** What docs/storage-format.md fixes: `tests/storage-format.test.ts` says where it is from. */
export const { vectors: VECTORS } = JSON.parse(
  readFileSync(new URL('../vectors/storage-format.json', import.meta.url), 'utf8'),
)

export const fromHex = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'))

const MOST = Number.MAX_SAFE_INTEGER

type Members = { readonly [member: string]: RecordValue }

const ODD: readonly RecordValue[] = [
  ...[
    null,
    true,
    '',
    'AAAA',
    'AB==',
    'é',
    '\ud83d\udd11',
    0,
    -1,
    1,
    255,
    256,
    2 ** 31,
    Number.MAX_SAFE_INTEGER,
  ],
  ...[[], {}, [[]], ['a', 'b'], { a: 1 }, 'replaced', 'pending', 'completed', 'opened', '__proto__'],
]

/** A record with one to three members changed, in its one spelling: a JSON parser would stop all others. */
export function changedRecord(chance: Chance, record: RecordValue): Uint8Array {
  let changed = record
  for (let left = 1 + chance.few(2); left > 0; left--) changed = change(chance, changed)
  return canonicalJson(changed)
}

function change(chance: Chance, value: RecordValue): RecordValue {
  if (Array.isArray(value) && value.length > 0 && !chance.oneIn(4)) return changedList(chance, value)
  if (isMembers(value) && Object.keys(value).length > 0 && !chance.oneIn(6))
    return changedMembers(chance, value)
  if (typeof value === 'number' && chance.oneIn(2)) return Math.min(value + chance.below(5) - 2, MOST)
  if (typeof value === 'string' && chance.oneIn(2))
    return toBase64(chance.bytes(chance.oneOf([16, 32, 60, 64, 33])))
  return chance.oneOf(ODD)
}

function changedList(chance: Chance, list: readonly RecordValue[]): RecordValue {
  const at = chance.below(list.length)
  const item = list[at] ?? null
  switch (chance.below(5)) {
    case 0:
      return list.toSpliced(at, 1)
    case 1:
      return [...list, item]
    case 2:
      return Array.from({ length: 300 }, () => item)
    default:
      return list.with(at, change(chance, item))
  }
}

function changedMembers(chance: Chance, members: Members): RecordValue {
  const name = chance.oneOf(Object.keys(members))
  const { [name]: value = null, ...others } = members
  switch (chance.below(8)) {
    case 0:
      return others
    case 1:
      return { ...members, [chance.oneOf(['format', 'id', 'retiring', 'x', 'é"', '\n'])]: chance.oneOf(ODD) }
    default:
      return { ...members, [name]: change(chance, value) }
  }
}

function isMembers(value: RecordValue): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
