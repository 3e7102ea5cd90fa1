import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { RunningListener } from '../../src/http/listener.ts'
import { HOST, listen, talk } from './peer.ts'

let listener: RunningListener
before(async () => {
  listener = (await listen({})).listener
})
after(() => listener.close(0))

/** Status and body of the last answer. */
async function answer(packet: string): Promise<readonly [status: string, body: unknown]> {
  const text = await talk(listener.address.port, packet)
  const last = text.slice(text.lastIndexOf('HTTP/1.1 4'))
  const [head = '', body = ''] = last.split('\r\n\r\n')
  return [head.slice('HTTP/1.1 '.length, 'HTTP/1.1 200'.length), JSON.parse(body)]
}

test('a method that is not known is 405 without a sentence, as everywhere (surface.md section 1.2)', async () => {
  const unknown = ['405', { errors: [], code: 'unsupported_operation' }]
  for (const verb of ['FOO', 'get', 'GETS', 'PUTTY', 'X-MY']) {
    assert.deepEqual(await answer(`${verb} /v1/sys/health HTTP/1.1\r\n${HOST}\r\n`), unknown, verb)
  }
  const get = `GET /v1/s/a HTTP/1.1\r\n${HOST}\r\n`
  assert.deepEqual(await answer(`${get}FOO /v1/s/a HTTP/1.1\r\n${HOST}\r\n`), unknown, 'behind another')
})

const PUT = `PUT /v1/s/a HTTP/1.1\r\n${HOST}`
for (const [what, packet, sentence] of [
  ['no HTTP', 'nonsense\r\n\r\n', 'this is no HTTP request'],
  ['the beginning of TLS', '\x16\x03\x01\x02\x00', 'this is no HTTP request'],
  [
    'a length and chunks',
    `${PUT}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}`,
    '"chunked" is the only Transfer-Encoding, and no Content-Length stands beside it',
  ],
  [
    'chunks and a length',
    `${PUT}Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n{}`,
    'Content-Length is a number of bytes, and no Transfer-Encoding beside it',
  ],
  ['two lengths', `${PUT}Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}`, 'more than one Content-Length'],
  ['a header that ends in LF', 'GET /v1/s/a HTTP/1.1\r\nHost: x\n\r\n', 'a line has to end in CR LF'],
  [
    'a first line that ends in LF',
    'GET /v1/s/a HTTP/1.1\nHost: x\n\n',
    'the first line has to end in HTTP/1.1 or HTTP/1.0, and CR LF',
  ],
] as const) {
  test(`${what} is 400, and the sentence says what is wrong`, async () => {
    assert.deepEqual(await answer(packet), ['400', { errors: [sentence], code: 'bad_request' }])
  })
}
