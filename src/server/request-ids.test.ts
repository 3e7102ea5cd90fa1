import assert from 'node:assert/strict'
import { test } from 'node:test'
import { requestIds } from './request-ids.ts'
import { systemEntropy } from './system-ports.ts'

test('every request has an identifier of its own, a UUID of version 4', () => {
  const next = requestIds(systemEntropy)
  const ids = Array.from({ length: 1000 }, next)
  assert.equal(new Set(ids).size, 1000)
  for (const id of ids)
    assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
})

test('randomness is used once, and drawn 256 identifiers at a time', () => {
  let draws = 0
  const next = requestIds({
    bytes: (length) => {
      draws++
      return Uint8Array.from({ length }, (_, at) => at >> 4)
    },
  })
  const ids = Array.from({ length: 257 }, next)
  assert.equal(draws, 2)
  assert.equal(ids[1], '01010101-0101-4101-8101-010101010101')
  assert.equal(ids[255], 'ffffffff-ffff-4fff-bfff-ffffffffffff')
})
