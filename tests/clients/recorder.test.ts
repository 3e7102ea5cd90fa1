import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { test } from 'node:test'
import { ServerProcess, temporaryFolder } from '../api/server-process.ts'
import { MessageCutter } from './http-messages.ts'
import { type Exchange, Recorder } from './recorder.ts'

function send(origin: string, method: string, path: string, body?: unknown): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  const outgoing = request(origin + path, { method, headers: { 'x-vault-request': 'true' } }, (incoming) => {
    incoming.resume().on('end', () => resolve(incoming.statusCode ?? 0))
  })
  outgoing.on('error', reject)
  outgoing.end(body === undefined ? undefined : JSON.stringify(body))
  return promise
}

test('a recording has every exchange of a real server, in order, with what both said', async (t) => {
  const folder = temporaryFolder()
  t.after(folder.remove)
  const server = await ServerProcess.start(join(folder.path, 'data'))
  t.after(() => server.stop())
  const file = join(folder.path, 'recording.jsonl')
  const recorder = await Recorder.start(server.origin, file, 'by hand')
  t.after(() => recorder.close())

  assert.equal(await send(recorder.origin, 'HEAD', '/v1/sys/health'), 501)
  assert.equal(await send(recorder.origin, 'GET', '/v1/sys/health?uninitcode=200'), 200)
  assert.equal(await send(recorder.origin, 'PUT', '/v1/sys/init', { secret_shares: 1 }), 400)
  assert.equal(await send(recorder.origin, 'LIST', '/v1/secret/x'), 503)

  const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
  const exchanges = lines.map((line) => JSON.parse(line) as Exchange)
  assert.deepEqual(
    exchanges.map(({ method, path, query, status }) => [method, path, query, status]),
    [
      ['HEAD', '/v1/sys/health', '', 501],
      ['GET', '/v1/sys/health', 'uninitcode=200', 200],
      ['PUT', '/v1/sys/init', '', 400],
      ['LIST', '/v1/secret/x', '', 503],
    ],
  )
  assert.equal(exchanges[0]?.response, null)
  assert.deepEqual(exchanges[2]?.request, { secret_shares: 1 })
  assert.match(JSON.stringify(exchanges[1]?.response), /"initialized":false/)
  assert.equal(exchanges[3]?.requestHeaders['x-vault-request'], 'true')
  assert.equal(exchanges[3]?.contentType, 'application/json')
})

test('messages are the same, however their bytes arrive', () => {
  const wire = Buffer.from(
    'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc' +
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nde\r\n1\r\nf\r\n0\r\n\r\n' +
      'HTTP/1.1 204 No Content\r\n\r\n',
  )
  const bodiless = (start: string): boolean => / (?:100|204) /.test(start)
  const whole = new MessageCutter(bodiless).push(wire)
  const cutter = new MessageCutter(bodiless)
  const byByte = [...wire].flatMap((byte) => cutter.push(Buffer.from([byte])))
  assert.deepEqual(
    whole.map(({ body }) => body.toString()),
    ['', 'abc', 'def', ''],
  )
  assert.deepEqual(byByte, whole)
})
