import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { test } from 'node:test'
import { inTime } from './patience.ts'

test('a request that nobody answers is told by its name, and ends', async (t) => {
  const silent = createServer((socket) => void socket.on('error', () => undefined)).listen(0, '127.0.0.1')
  t.after(() => silent.close())
  await once(silent, 'listening')
  const place = silent.address()
  assert(typeof place === 'object' && place !== null)
  const connected = once(silent, 'connection')
  const asked = inTime(
    'GET /v1/nothing as nobody',
    (signal) => fetch(`http://127.0.0.1:${place.port}/`, { signal }),
    200,
  )
  const [socket] = await connected
  socket.resume()
  const ended = once(socket, 'close')
  await assert.rejects(asked, { message: 'GET /v1/nothing as nobody: nothing came of it within 0.2 s' })
  await ended
})

test('what comes in time is handed on, as is a failure', async () => {
  assert.equal(await inTime('x', async () => 7), 7)
  await assert.rejects(
    inTime('x', async () => {
      throw new Error('its own')
    }),
    { message: 'its own' },
  )
})
