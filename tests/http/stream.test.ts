import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { HOST, serve } from './peer.ts'

const STALL_MS = 200

test('a stream may be silent for longer than an answer that is made, and its lines arrive', async (t) => {
  const ends: string[] = []
  async function* lines(): AsyncGenerator<string> {
    await sleep(STALL_MS * 4)
    yield 'late\n'
  }
  const stream = { contentType: 'text/plain', lines: lines(), end: () => void ends.push('end') }
  const { listener } = await serve(t, {
    service: { dispatch: async () => ({ stream }) },
    bounds: { stallMs: STALL_MS },
  })
  const socket = connect(listener.address.port, '127.0.0.1')
  let text = ''
  socket.on('data', (bytes) => {
    text += String(bytes)
  })
  const closed = new Promise((resolve) => socket.once('close', resolve))
  socket.write(`GET /v1/s/a HTTP/1.1\r\n${HOST}\r\n`)
  await closed
  assert.match(text, /^HTTP\/1\.1 200 [\s\S]*late\n/)
  assert.deepEqual(ends, ['end'])
})
