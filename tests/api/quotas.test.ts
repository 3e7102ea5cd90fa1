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

test('a path is stored as what it counts: a mount with its slash, however it was named', async () => {
  for (const [given, stored] of [
    ['limited', 'limited/'],
    ['/limited/', 'limited/'],
    ['sys', 'sys/'],
    ['limited/a/b', 'limited/a/b'],
    ['limited/a*', 'limited/a*'],
    ['limited/*', 'limited/*'],
    ['auth/token/create', 'auth/token/create'],
    ['', ''],
  ] as const) {
    const { status } = await root('POST', 'sys/quotas/rate-limit/path', { rate: 1000, path: given })
    assert.equal(status, 204, given)
    const { data, warnings } = (await root('GET', 'sys/quotas/rate-limit/path')).body
    assert.deepEqual([data.path, warnings], [stored, null], given)
  }
  await root('DELETE', 'sys/quotas/rate-limit/path')
})

test('refuses a path that no request fits, so that no limit is there which never holds', async () => {
  for (const [path, why] of [
    ['limite', 'invalid mount path "limite"'],
    ['limited*', 'invalid mount path "limited*"'],
    ['auth', 'invalid mount path "auth"'],
    ['*', 'invalid mount path "*"'],
    ['limited/a/', '"path" is "limited/a/", which is no mount: give "limited/a/*" for all below it'],
    ['limited/*/b', '"path" is "limited/*/b": a "*" stands at the end alone'],
    ['limited//b', 'the path holds an empty segment'],
    ['limited/../b', 'relative paths not supported'],
  ] as const) {
    const { status, body } = await root('POST', 'sys/quotas/rate-limit/path', { rate: 1000, path })
    assert.deepEqual([status, body.errors], [400, [why]], path)
  }
  assert.equal((await root('GET', 'sys/quotas/rate-limit/path')).status, 404)
})

test('a limit that holds for nothing says so: its mount is gone, or its path is exempt', async () => {
  await root('POST', 'sys/mounts/leaving', { type: 'kv' })
  assert.equal((await root('POST', 'sys/quotas/rate-limit/idle', { rate: 9, path: 'leaving' })).status, 204)
  await root('DELETE', 'sys/mounts/leaving')
  const gone = 'nothing is mounted at "leaving/": this limit holds for nothing until something is'
  assert.deepEqual((await root('GET', 'sys/quotas/rate-limit/idle')).body.warnings, [gone])
  assert.deepEqual((await root('POST', 'sys/quotas/rate-limit/idle', { rate: 8 })).body.warnings, [gone])
  const exempt = await root('POST', 'sys/quotas/rate-limit/idle', { rate: 8, path: 'sys/health' })
  assert.deepEqual(
    [exempt.status, exempt.body.warnings],
    [200, ['"sys/health" is in rate_limit_exempt_paths: this limit holds for nothing']],
  )
  await root('DELETE', 'sys/quotas/rate-limit/idle')
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

test('the original face of a rekey counts as what it does: one window for both faces', async () => {
  await root('POST', 'sys/quotas/rate-limit/faces', { rate: 3, interval: '1h', path: 'sys/rekey/update' })
  const statuses: number[] = []
  for (const path of ['/sys/rekey/update', '/v1/sys/rekey/update', '/sys/rekey/update', '/sys/rekey/update'])
    statuses.push((await server.call('PUT', path, { key: 'ab' })).status)
  assert.deepEqual(statuses, [400, 400, 400, 429])
  const { status, body, headers } = await server.call('PUT', '/v1/sys/rekey/update', { key: 'ab' })
  assert.deepEqual(
    [status, body.errors, headers.get('retry-after')],
    [429, ['request path "sys/rekey/update": rate limit quota exceeded'], '3600'],
  )
  assert.equal((await server.call('GET', '/sys/rekey/init')).status, 200)
  await root('DELETE', 'sys/quotas/rate-limit/faces')
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
