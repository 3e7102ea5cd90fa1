import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { MAX_PIPELINED_REQUESTS } from '../../src/base/limits.ts'
import { HOST, serve, talk } from './peer.ts'

const get = (path: string): string => `GET /v1/${path} HTTP/1.1\r\n${HOST}\r\n`
const put = (path: string, body: string): string =>
  `PUT /v1/${path} HTTP/1.1\r\n${HOST}Content-Length: ${body.length}\r\n\r\n${body}`
const statuses = (text: string): string[] =>
  [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map((match) => match[1] ?? '')

/** A dispatcher that takes a while for each request, and notes when it began and ended. */
function slow(): {
  readonly order: string[]
  readonly dispatch: (request: { path: string }) => Promise<null>
} {
  const order: string[] = []
  const dispatch = async ({ path }: { path: string }): Promise<null> => {
    order.push(`begin ${path}`)
    await sleep(15)
    order.push(`end ${path}`)
    return null
  }
  return { order, dispatch }
}

test('requests that come in one packet are handled one after the other', async (t) => {
  const { order, dispatch } = slow()
  const { listener } = await serve(t, { service: { dispatch } })
  const answers = await talk(listener.address.port, put('s/a', '{"a":1}') + get('s/a') + put('s/b', '{}'))
  assert.deepEqual(statuses(answers), ['204', '404', '204'])
  assert.deepEqual(order, [...['begin s/a', 'end s/a', 'begin s/a', 'end s/a', 'begin s/b', 'end s/b']])
})

test('what is no request is refused behind the answers to what came before it', async (t) => {
  const { order, dispatch } = slow()
  const { listener } = await serve(t, { service: { dispatch } })
  const answers = await talk(listener.address.port, `${get('s/a')}${get('s/b')}nonsense\r\n\r\n${get('s/c')}`)
  assert.deepEqual(statuses(answers), ['404', '404', '400'])
  assert.deepEqual(order, ['begin s/a', 'end s/a', 'begin s/b', 'end s/b'])
})

test('a request whose body breaks is refused in its turn, and not handled', async (t) => {
  const { order, dispatch } = slow()
  const { listener } = await serve(t, { service: { dispatch } })
  const broken = `PUT /v1/s/b HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\nzz\r\n`
  assert.deepEqual(statuses(await talk(listener.address.port, get('s/a') + broken)), ['404', '400'])
  assert.deepEqual(statuses(await talk(listener.address.port, broken)), ['400'])
  assert.deepEqual(order, ['begin s/a', 'end s/a'])
})

test(`as many as ${MAX_PIPELINED_REQUESTS} wait for an answer; what is behind them is not acted on`, async (t) => {
  let handled = 0
  const dispatch = async (): Promise<null> => {
    handled++
    await sleep(1)
    return null
  }
  const { listener } = await serve(t, { service: { dispatch } })
  const most = MAX_PIPELINED_REQUESTS + 1
  const taken = statuses(await talk(listener.address.port, get('s/a').repeat(most)))
  assert.deepEqual([taken.length, handled], [most, most])
  const text = await talk(listener.address.port, get('s/a').repeat(most + 20))
  assert.deepEqual([statuses(text).length, handled], [most, 2 * most])
  assert.match(text.slice(text.lastIndexOf('HTTP/1.1')), /\r\nConnection: close\r\n/)
})

test('the last request that a connection may have ends it, also where a LIST is among them', async (t) => {
  const { listener, dispatched } = await serve(t, { bounds: { requests: 3 } })
  const list = get('s/l').replace('GET', 'LIST')
  const text = await talk(listener.address.port, get('s/a'), list, get('s/b') + get('s/c'))
  assert.deepEqual(statuses(text), ['200', '200', '200'])
  assert.deepEqual(dispatched, ['read s/a', 'list s/l/', 'read s/b'])
  assert.deepEqual(
    text.match(/Connection: [a-z-]+/g),
    ['keep-alive', 'keep-alive', 'close'].map((one) => `Connection: ${one}`),
  )
})

test('nothing that waits is handled for a peer that has left', async (t) => {
  const { order, dispatch } = slow()
  const { listener } = await serve(t, { service: { dispatch } })
  const socket = connect(listener.address.port, '127.0.0.1')
  socket.on('error', () => undefined)
  socket.write(get('s/a') + put('s/b', '{}'))
  await sleep(5)
  socket.resetAndDestroy()
  await sleep(80)
  assert.ok(!order.includes('begin s/b'), order.join())
})
