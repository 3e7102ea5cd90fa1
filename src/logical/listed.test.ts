import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gathered, namesBehind } from './listed.ts'

/** So many names, of which it is counted how many were read. */
function crowd(size: number): { read: number; page: Parameters<typeof namesBehind>[1] } {
  const nameOf = (at: number): string => String(at).padStart(7, '0')
  const self = {
    read: 0,
    page: async ({ after, limit }: { readonly after: string; readonly limit: number }) => {
      const from = after === '' ? 0 : Number(after) + 1
      const names = Array.from({ length: Math.max(0, Math.min(limit, size - from)) }, (_, at) =>
        nameOf(from + at),
      )
      self.read += names.length
      return names
    },
  }
  return self
}

test('a list has 200,000 names at most; one more is told how to ask', async () => {
  const { page } = crowd(200_001)
  assert.equal((await gathered(namesBehind('0000000', page), 0)).length, 200_000)
  await assert.rejects(gathered(namesBehind('', page), 0), {
    code: 'bad_request',
    message: 'more than 200000 names: ask with "limit" and "after"',
  })
  assert.equal((await gathered(namesBehind('', page), 200_000)).length, 200_000)
  await assert.rejects(gathered(namesBehind('', page), 200_001), { code: 'bad_request' })
})

test('of a list with a limit hardly more is read than it has', async () => {
  const many = crowd(200_001)
  assert.deepEqual(await gathered(namesBehind('0000998', many.page), 2), ['0000999', '0001000'])
  assert.equal(many.read, 1000)
})

test('a list that is refused is not read to its end', async () => {
  const many = crowd(5_000_000)
  await assert.rejects(gathered(namesBehind('', many.page), 0), { code: 'bad_request' })
  assert.equal(many.read, 201_000)
})
