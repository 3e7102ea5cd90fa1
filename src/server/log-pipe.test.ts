import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LogPipe } from './log-pipe.ts'

/** A reader that takes a line when it is told to. */
function slowReader(): { readonly lines: string[]; readonly write: Write; take(): void } {
  const lines: string[] = []
  const waiting: (() => void)[] = []
  const write: Write = (line, done) => {
    waiting.push(() => {
      lines.push(String(line))
      done?.()
    })
  }
  return { lines, write, take: () => waiting.shift()?.() }
}
type Write = (line: string | Uint8Array, done?: () => void) => unknown

const LINE = `${'x'.repeat(1023)}\n`
const AS_MANY_AS_MAY_WAIT = 1024

test('lines that nobody reads wait up to a bound, then they are dropped', () => {
  const reader = slowReader()
  const pipe = new LogPipe(reader, () => undefined)
  for (let i = 0; i < AS_MANY_AS_MAY_WAIT + 1000; i++) pipe.write(LINE)
  for (let i = 0; i < AS_MANY_AS_MAY_WAIT + 1000; i++) reader.take()
  assert.equal(reader.lines.length, AS_MANY_AS_MAY_WAIT)
})

test('how many were dropped is said once, when somebody has read the rest', () => {
  const reader = slowReader()
  const said: number[] = []
  const pipe = new LogPipe(reader, (dropped) => said.push(dropped))
  for (let i = 0; i < AS_MANY_AS_MAY_WAIT + 7; i++) pipe.write(LINE)
  for (let i = 0; i < AS_MANY_AS_MAY_WAIT - 1; i++) reader.take()
  assert.deepEqual(said, [])
  reader.take()
  assert.deepEqual(said, [7])
  pipe.write(LINE)
  reader.take()
  assert.deepEqual([said, reader.lines.length], [[7], AS_MANY_AS_MAY_WAIT + 1])
})
