import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Answer, TestServer } from './in-process.ts'

let server: TestServer
before(async () => {
  server = await TestServer.start()
  await server.open(1, 1)
  await server.asRoot('POST', '/v1/sys/mounts/limited', { type: 'kv' })
})
after(() => server.close())

const root = (method: string, path: string, body?: unknown): Promise<Answer> =>
  server.asRoot(method, `/v1/${path}`, body)

test('rules are written, shown, listed and removed (surface.md section 12)', async () => {
  assert.equal((await root('POST', 'sys/quotas/rate-limit/q1', { rate: 1000, path: 'limited/' })).status, 204)
  assert.deepEqual((await root('GET', 'sys/quotas/rate-limit/q1')).body.data, {
    block_interval: 0,
    inheritable: false,
    interval: 1,
    name: 'q1',
    path: 'limited/',
    rate: 1000,
    role: '',
    type: 'rate-limit',
  })
  assert.deepEqual((await root('LIST', 'sys/quotas/rate-limit')).body.data, { keys: ['q1'] })
  assert.equal((await root('DELETE', 'sys/quotas/rate-limit/q1')).status, 204)
  assert.equal((await root('GET', 'sys/quotas/rate-limit/q1')).status, 404)
  const refusal = async (body: unknown): Promise<unknown> =>
    (await root('POST', 'sys/quotas/rate-limit/bad', body)).body.errors[0]
  assert.equal(await refusal({ rate: 0 }), "'rate' is invalid")
  assert.equal(await refusal({ rate: 1, path: 'none/' }), 'invalid mount path "none/"')
})

test('has the configuration of the contract', async () => {
  assert.deepEqual((await root('GET', 'sys/quotas/config')).body.data, {
    enable_rate_limit_audit_logging: false,
    enable_rate_limit_response_headers: false,
    rate_limit_exempt_paths: [
      'sys/generate-recovery-token/attempt',
      'sys/generate-recovery-token/update',
      'sys/generate-root/attempt',
      'sys/generate-root/update',
      'sys/health',
      'sys/seal-status',
      'sys/unseal',
    ],
  })
})

test('turns away who asks too often, says when to come again, and shows what is left when told to', async () => {
  await root('POST', 'sys/quotas/config', { enable_rate_limit_response_headers: true })
  await root('POST', 'sys/quotas/rate-limit/q2', { rate: 2, interval: '1h', path: 'limited' })
  const first = await root('GET', 'limited/top')
  assert.deepEqual(
    ['x-ratelimit-limit', 'x-ratelimit-remaining', 'x-ratelimit-reset'].map((name) =>
      first.headers.get(name),
    ),
    ['2', '1', '3600'],
  )
  await root('GET', 'limited/top')
  const { status, body, headers } = await root('GET', 'limited/top')
  assert.deepEqual([status, body.errors], [429, ['request path "limited/top": rate limit quota exceeded']])
  assert.equal(headers.get('retry-after'), '3600')
  assert.equal((await root('GET', 'sys/mounts')).status, 200)
})

test('does not read the body of who is turned away (H4)', async (t) => {
  const port = Number(new URL(server.origin).port)
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => undefined)
  let answer = ''
  socket.on('data', (bytes) => {
    answer += String(bytes)
  })
  const closed = new Promise((resolve) => socket.once('close', resolve))
  const head = ['POST /v1/limited/top HTTP/1.1', 'Host: x', `X-Vault-Token: ${server.rootToken}`]
  socket.write(`${head.join('\r\n')}\r\nContent-Length: 33554432\r\n\r\n`)
  while (answer === '') await sleep(1)
  assert.match(answer, /^HTTP\/1\.1 429 /)
  let sent = 0
  while (!socket.destroyed && sent < 2 ** 30) {
    if (!socket.write(Buffer.alloc(65_536))) {
      await Promise.race([closed, new Promise((resolve) => socket.once('drain', resolve))])
    }
    sent += 65_536
  }
  await closed
  const taken = socket.bytesWritten
  t.diagnostic(`H4: the connection took ${taken} bytes of 1 GiB after its 429; target: cut off`)
  assert.ok(sent < 2 ** 30)
})
