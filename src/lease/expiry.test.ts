import assert from 'node:assert/strict'
import { test } from 'node:test'
import { settled } from '../../tests/lease/lease-world.ts'
import { SimClock } from '../../tests/sim/sim-clock.ts'
import { type UnixMillis, unixMillis } from '../base/clock.ts'
import { OperatingError } from '../base/errors.ts'
import { ExpiryLoop, type ExpirySource } from './expiry.ts'

/** Ends at times that a test says. */
class Times implements ExpirySource {
  readonly name = 'times'
  readonly ends: number[] = []
  ended = 0
  looked = 0
  failure: Error | null = null
  hangs = false

  async nextDue(): Promise<UnixMillis | null> {
    const [first] = this.ends
    return first === undefined ? null : unixMillis(first)
  }

  async sweep(now: UnixMillis, limit: number): Promise<number> {
    this.looked++
    if (this.hangs) await new Promise(() => undefined)
    if (this.failure !== null) throw this.failure
    const due = this.ends.filter((end) => end <= now).slice(0, limit)
    this.ends.splice(0, due.length)
    this.ended += due.length
    return due.length
  }
}

function begun(...sources: readonly Times[]): {
  readonly clock: SimClock
  readonly loop: ExpiryLoop
  readonly logged: string[]
  readonly run: Promise<void>
} {
  const clock = new SimClock()
  const logged: string[] = []
  const log = { warn: (event: string) => void logged.push(event) }
  const loop = new ExpiryLoop({ clock, log }, sources)
  return { clock, loop, logged, run: loop.run() }
}

async function pass(clock: SimClock, ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 50) {
    clock.advance(Math.min(50, left))
    await settled()
  }
}

test('ends what is due, and looks seldom where nothing is', async () => {
  const source = new Times()
  const { clock, loop } = begun(source)
  source.ends.push(clock.now() + 10_000)
  await pass(clock, 9000)
  assert.equal(source.ended, 0)
  loop.wake(unixMillis(clock.now() + 1000))
  await pass(clock, 1500)
  assert.equal(source.ended, 1)
  const before = source.looked
  await pass(clock, 120_000)
  assert.ok(source.looked - before <= 3)
  loop.stop()
})

test('is not lost a call that comes while it looks', async () => {
  const source = new Times()
  const { clock, loop } = begun(source)
  // Between the look and the sleep: the loop has not come to rest once.
  source.ends.push(clock.now() + 100)
  loop.wake(unixMillis(clock.now() + 100))
  await pass(clock, 300)
  assert.equal(source.ended, 1)
  loop.stop()
})

test('a source that hangs or fails does not keep the others', async () => {
  const [hanging, failing, good] = [new Times(), new Times(), new Times()]
  hanging.hangs = true
  failing.failure = new OperatingError('storage_full', 'no room')
  const { clock, loop, logged } = begun(hanging, failing, good)
  good.ends.push(clock.now() + 100)
  await pass(clock, 61_000)
  assert.equal(good.ended, 1)
  // Every five seconds.
  assert.ok(failing.looked >= 10 && failing.looked <= 15, `${failing.looked}`)
  assert.ok(logged.length >= 10)
  failing.failure = null
  failing.ends.push(clock.now())
  await pass(clock, 6000)
  assert.equal(failing.ended, 1)
  loop.stop()
})

test('ends when the store is sealed, asked to or told so', async () => {
  const source = new Times()
  const { clock, loop, run } = begun(source)
  await settled()
  loop.stop()
  await run
  const looked = source.looked
  await pass(clock, 120_000)
  assert.equal(source.looked, looked)

  const sealed = new Times()
  sealed.failure = new OperatingError('sealed', 'Vault is sealed')
  await begun(sealed).run
})

test('hands on what nobody expected', async () => {
  const source = new Times()
  source.failure = new TypeError('a bug')
  await assert.rejects(begun(source).run, TypeError)
})
