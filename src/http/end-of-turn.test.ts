import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { endOfTurn } from './end-of-turn.ts'

/** Each as a request of its own would be served: nothing of it runs before it is called. */
async function answer(name: number, sent: number[]): Promise<void> {
  await endOfTurn()
  sent.push(name)
}

function immediate(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

describe('the end of a turn', () => {
  it('is waited for by all answers of the turn, and they go out in their order', async () => {
    const sent: number[] = []
    for (const name of [1, 2, 3]) void answer(name, sent)
    await Promise.resolve()
    assert.deepEqual(sent, [])
    await immediate()
    assert.deepEqual(sent, [1, 2, 3])
  })

  it('comes for a single answer in the same turn', async () => {
    const sent: number[] = []
    void answer(1, sent)
    await immediate()
    assert.deepEqual(sent, [1])
  })

  it('is not waited for by more than 16 answers', async () => {
    const sent: number[] = []
    for (let name = 1; name <= 40; name++) void answer(name, sent)
    await Promise.resolve()
    await Promise.resolve()
    assert.equal(sent.length, 32)
    await immediate()
    await immediate()
    assert.equal(sent.length, 40)
    assert.deepEqual(
      sent,
      Array.from({ length: 40 }, (_, index) => index + 1),
    )
  })

  it('keeps nothing of a turn that is over for the next', async () => {
    const sent: number[] = []
    for (let name = 1; name <= 16; name++) void answer(name, sent)
    void answer(17, sent)
    await immediate()
    await immediate()
    void answer(18, sent)
    await immediate()
    assert.equal(sent.length, 18)
  })
})
