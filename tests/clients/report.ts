import assert from 'node:assert/strict'
import type { Check, Introduction } from './outcome.ts'

/** One line of JSON, for whoever runs this program. */
export function say(line: Introduction | Check): void {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}

/** A call of `method` of the client, and what must be true of it. Whatever it throws is a result. */
export async function check(
  method: string,
  promise: string,
  body: () => Promise<void> | void,
): Promise<void> {
  try {
    await body()
    say({ method, promise, ok: true })
  } catch (error) {
    say({ method, promise, ok: false, error: String(error) })
  }
}

export function same(seen: unknown, expected: unknown): void {
  assert.deepEqual(seen, expected)
}
