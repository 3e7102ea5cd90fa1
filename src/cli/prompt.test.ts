import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import { fromUtf8, utf8 } from '../base/encoding.ts'
import { UsageError } from './failure.ts'
import type { CliIo } from './io.ts'
import { HiddenLine, MAX_TYPED_BYTES, promptHidden, readSecret } from './prompt.ts'

function typed(...pieces: readonly string[]): string | null {
  using line = new HiddenLine()
  for (const piece of pieces) if (line.feed(utf8(piece)) !== 'more') break
  const secret = line.take()
  return secret === null ? null : secret.lend(fromUtf8)
}

test('takes a line up to the key that ends it', () => {
  assert.equal(typed('ab', 'cd\r'), 'abcd')
  assert.equal(typed('abcd\r\n'), 'abcd')
  assert.equal(typed('\r'), null)
})

test('takes back characters and whole lines', () => {
  assert.equal(typed('abx\x7fc\r'), 'abc')
  assert.equal(typed('a\u00e9\x08b\r'), 'ab')
  assert.equal(typed('wrong\x15right\r'), 'right')
  assert.equal(typed('\x7f\x7fa\r'), 'a')
})

test('takes words pasted over several lines as one share', () => {
  assert.equal(typed('amber falcon\r\nriver\n'), 'amber falcon  river')
})

test('leaves out the marks of a paste and arrow keys', () => {
  assert.equal(typed('\x1b[200~ab\x1b[201~\x1b[D\x1bOAc\r'), 'abc')
})

test('tells an interruption and an end from a line', () => {
  using line = new HiddenLine()
  assert.equal(line.feed(utf8('ab\x03')), 'interrupted')
  using empty = new HiddenLine()
  assert.equal(empty.feed(utf8('\x04')), 'ended')
})

test('refuses more than fits', () => {
  using line = new HiddenLine()
  assert.equal(line.feed(new Uint8Array(MAX_TYPED_BYTES).fill(0x61)), 'more')
  assert.equal(line.feed(utf8('a')), 'too_long')
})

test('asks in raw mode, shows nothing, and puts the terminal back', async () => {
  const modes: boolean[] = []
  const stdin = Object.assign(new PassThrough(), { setRawMode: (raw: boolean) => modes.push(raw) })
  const stderr = new PassThrough()
  const io: CliIo = {
    stdin,
    stdout: new PassThrough(),
    stderr,
    env: {},
    tty: { stdin: true, stdout: true, stderr: true },
    entry: [],
  }
  const asked = promptHidden(io, 'Share: ')
  stdin.write('abc\r')
  using secret = await asked
  assert.equal(secret.lend(fromUtf8), 'abc')
  assert.deepEqual(modes, [true, false])
  assert.equal(stderr.read()?.toString(), '\x1b[?2004lShare: \n')
  const interrupted = promptHidden(io, 'Share: ')
  stdin.write('ab\x03')
  await assert.rejects(interrupted, UsageError)
  assert.deepEqual(modes, [true, false, true, false])
})

test('reads a stream to its end and refuses one that is too long or empty', async () => {
  const stream = (text: string) => {
    const through = new PassThrough()
    through.end(text)
    return through
  }
  using secret = await readSecret(stream('abcd\n'), 'it')
  assert.equal(secret.lend(fromUtf8), 'abcd\n')
  await assert.rejects(readSecret(stream('a'.repeat(MAX_TYPED_BYTES + 1)), 'it'), UsageError)
  await assert.rejects(readSecret(stream(''), 'it'), UsageError)
})
