import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import type { RunningListener } from '../../src/http/listener.ts'
import { HOST, listen, talk } from './peer.ts'

const LIST = `LIST /v1/s/a HTTP/1.1\r\n${HOST}\r\n`
const GET = `GET /v1/s/b HTTP/1.1\r\n${HOST}\r\n`

let listener: RunningListener
let dispatched: string[]
before(async () => {
  const started = await listen({})
  listener = started.listener
  dispatched = started.dispatched
})
after(() => listener.close(0))
beforeEach(() => void dispatched.splice(0))

const statuses = async (...packets: string[]): Promise<string[]> =>
  [...(await talk(listener.address.port, ...packets)).matchAll(/HTTP\/1\.1 (\d+)/g)].map((match) => match[1]!)

test('takes LIST as a list, also many times and mixed with others on one connection', async () => {
  assert.deepEqual(await statuses(LIST, GET, LIST, LIST, GET), ['200', '200', '200', '200', '200'])
  assert.deepEqual(dispatched, ['list s/a/', 'read s/b', 'list s/a/', 'list s/a/', 'read s/b'])
})

test('takes SCAN and HELP the same way', async () => {
  const [scan, help] = [LIST.replace('LIST', 'SCAN'), LIST.replace('LIST', 'HELP')]
  assert.deepEqual(await statuses(scan, GET, help, LIST, scan), ['200', '200', '200', '200', '200'])
  assert.deepEqual(dispatched, ['scan s/a/', 'read s/b', 'help s/a', 'list s/a/', 'scan s/a/'])
  for (const packets of [
    ['S', scan],
    ['HE', help],
    [scan + scan],
    [help + GET],
    ['SCANS /v1/s/a HTTP/1.1\r\n\r\n'],
  ]) {
    dispatched.splice(0)
    await statuses(...packets)
    assert.deepEqual(
      dispatched.filter((one) => !one.startsWith('read')),
      [],
      packets.join(' | '),
    )
  }
})

test('refuses the verb that stands in for it', async () => {
  assert.deepEqual(await statuses(LIST.replace('LIST', 'SEARCH')), ['405'])
  assert.deepEqual(await statuses(LIST, LIST.replace('LIST', 'SEARCH')), ['200', '405'])
})

test('refuses a verb whose first letters came in an earlier packet', async () => {
  for (const letters of ['GE', 'UN', 'L', 'LI', 'PUT']) {
    assert.deepEqual(await statuses(letters, LIST), ['400'], letters)
  }
  assert.deepEqual(dispatched, [])
})

test('refuses a LIST behind the beginning of another request', async () => {
  assert.deepEqual(await statuses(`${GET}GE`, LIST), ['200', '400'])
  assert.deepEqual(await statuses(`${GET}UN`, LIST), ['200', '400'])
  assert.deepEqual(dispatched, ['read s/b', 'read s/b'])
})

test('refuses a LIST that is pipelined or that brings another request along', async () => {
  for (const packets of [[LIST + LIST], [LIST + GET], [GET + LIST]]) {
    await statuses(...packets)
    assert.ok(!dispatched.includes('list s/a/'), packets.join(' | '))
  }
})

test('a verb that only begins like it is one that is not known', async () => {
  for (const verb of ['LISTS', 'list', 'ALIST']) {
    assert.deepEqual(await statuses(LIST.replace('LIST', verb)), ['405'], verb)
  }
  assert.deepEqual(await statuses(LIST.replace('LIST', 'LIST\t')), ['400'])
  assert.deepEqual(dispatched, [])
})

test('says to whoever pipelines or splits a LIST how it has to come, and the other way to ask', async () => {
  for (const packets of [[GET + LIST], [LIST + GET], ['LI', LIST.slice(2)], ['L', LIST.slice(1)]]) {
    const text = await talk(listener.address.port, ...packets)
    assert.match(
      text,
      /have to come whole and alone in one packet.*GET with \?list=true/,
      packets.join(' | '),
    )
  }
})
