import assert from 'node:assert/strict'
import { test } from 'node:test'
import { unixMillis } from '../base/clock.ts'
import { fromUtf8, utf8 } from '../base/encoding.ts'
import { decodeTokenEntry, encodeTokenEntry, rootEntry, type TokenEntry } from './entry.ts'

const ROOT = rootEntry({
  accessor: 'A',
  issueTime: unixMillis(1_764_000_000_000),
  displayName: 'root',
  path: 'auth/token/root',
  policies: ['root'],
})

const EVERYTHING: TokenEntry = {
  accessor: 'B',
  type: 'batch',
  issueTime: unixMillis(1),
  displayName: 'd',
  path: 'p',
  policies: ['a', 'b'],
  meta: { k: 'v' },
  parent: 'id/00',
  generation: 3,
  ancestorEnds: true,
  numUses: -1,
  ttl: 4,
  grantedTtl: 5,
  explicitMaxTtl: 6,
  period: 7,
  expireTime: unixMillis(8),
  renewable: true,
  lastRenewal: unixMillis(9),
  role: 'r',
  boundCidrs: ['::/0'],
  noDefaultPolicy: true,
  entityId: 'e',
}

// docs/storage-format.md
test('leaves out what is usual, and always says whether it ends', () => {
  assert.equal(
    fromUtf8(encodeTokenEntry(ROOT)),
    '{"accessor":"A","display_name":"root","expire_time":null,"format":2,"issue_time":1764000000000,' +
      '"path":"auth/token/root","policies":["root"]}',
  )
})

test('comes back as it was written', () => {
  for (const entry of [ROOT, EVERYTHING, { ...ROOT, meta: {} }]) {
    assert.deepEqual(decodeTokenEntry(encodeTokenEntry(entry)), entry)
  }
})

test('is read in the format of before', () => {
  const first =
    '{"accessor":"A","creation_time":1764000000,"display_name":"root","format":1,"path":"auth/token/root",' +
    '"policies":["root"]}'
  assert.deepEqual(decodeTokenEntry(utf8(first)), ROOT)
})

test('is refused with a member that this version does not know, without one, or of another kind', () => {
  const text = fromUtf8(encodeTokenEntry(EVERYTHING))
  const changed: string[] = [
    text.replace('"format":2', '"format":3'),
    text.replace('"format":2', '"format":2,"frozen":true'),
    text.replace('"expire_time":8,', ''),
    text.replace('"accessor":"B",', ''),
    '[]',
    'null',
    '',
    'x',
  ]
  const members = JSON.parse(text) as Record<string, unknown>
  for (const name of Object.keys(members)) {
    for (const value of ['x', 1, true, null, [1], { a: 1 }]) {
      const isAlike = typeof value === typeof members[name] && !(value !== null && typeof value === 'object')
      const mayBeNull = value === null && ['meta', 'parent', 'expire_time', 'last_renewal'].includes(name)
      const isType = name === 'type'
      if ((isAlike && !isType && name !== 'format') || mayBeNull) continue
      changed.push(JSON.stringify({ ...members, [name]: value }))
    }
  }
  for (const one of changed) {
    if (one === text) continue
    assert.throws(() => decodeTokenEntry(utf8(one)), { code: 'corrupt_entry' }, one)
  }
})
