import assert from 'node:assert/strict'
import { test } from 'node:test'
import { WiredStore } from './wired-store.ts'

const AT_ONCE = 1000
const ROUNDS = process.env['CONCLAVE_SLOW'] === '1' ? 1000 : 5

test('of 1,000 who unwrap at the same time exactly one is answered, whichever way they come (Z10)', async (t) => {
  const store = await WiredStore.start()
  for (let round = 0; round < ROUNDS; round++) {
    const asked = { body: { n: round }, wrapTtl: 60 }
    const { token } = (await store.ask('update', 'sys/wrapping/wrap', asked)).body.wrap_info
    const answers = await Promise.all(
      Array.from({ length: AT_ONCE }, (_, index) =>
        (index + round) % 2 === 0
          ? store.ask('update', 'sys/wrapping/unwrap', { body: { token } })
          : store.ask('update', 'sys/wrapping/unwrap', { token }),
      ),
    )
    const good = answers.filter(({ status }) => status === 200)
    assert.deepEqual(
      good.map(({ body }) => body.data),
      [{ n: round }],
    )
  }
  t.diagnostic(`${ROUNDS} rounds of ${AT_ONCE}`)
})
