import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { MetricsTerms } from '../../src/config/telemetry.ts'
import { readExposition } from './exposition.ts'
import { TestServer } from './in-process.ts'

/** A server with one listener, sealed where nobody opens it. */
async function serve(t: TestContext, metrics: MetricsTerms): Promise<TestServer> {
  const server = await TestServer.start({ metrics })
  t.after(() => server.close())
  return server
}

async function samples(server: TestServer, path: string): Promise<ReadonlyMap<string, number>> {
  const response = await fetch(server.origin + path)
  assert.equal(response.status, 200)
  const families = readExposition(await response.text())
  return new Map([...families.values()].flatMap((family) => [...family.samples]))
}

const SCRAPE = '/v1/sys/metrics?format=prometheus'

test('unauthenticated_metrics_access answers whoever asks, sealed or open', async (t) => {
  const server = await serve(t, { access: 'anyone', onlyAt: null })
  const empty = await samples(server, SCRAPE)
  assert.equal(empty.get('vault_core_unsealed'), 0)
  assert.equal(empty.get('vault_core_active'), 0)
  assert.equal(empty.has('vault_core_mount_table_num_entries{type="auth",local="false"}'), false)
  await server.open(1, 1)
  const open = await samples(server, SCRAPE)
  assert.equal(open.get('vault_core_unsealed'), 1)
  assert.equal(open.get('vault_core_mount_table_num_entries{type="auth",local="false"}'), 1)
  // The root token.
  assert.equal(open.get('vault_expire_num_leases'), 1)
  const { status, body } = await server.call('GET', '/v1/sys/metrics')
  assert.deepEqual([status, body.Points], [200, []])
  await server.asRoot('PUT', '/v1/sys/seal')
  const sealed = await samples(server, SCRAPE)
  assert.equal(sealed.get('vault_core_unsealed'), 0)
  assert.ok((sealed.get('vault_core_handle_request_count') ?? 0) > 0)
})

test('without it a sealed server tells no metrics, and an open one asks for a token', async (t) => {
  const server = await serve(t, { access: 'token', onlyAt: null })
  assert.equal((await server.call('GET', SCRAPE)).status, 503)
  await server.open(1, 1)
  const { status, body } = await server.call('GET', SCRAPE)
  assert.deepEqual([status, body.errors], [403, ['permission denied']])
})

test('unauthenticated metrics are in no namespace but the root, and are only read', async (t) => {
  const server = await serve(t, { access: 'anyone', onlyAt: null })
  const { status, body } = await server.call('GET', SCRAPE, undefined, { 'x-vault-namespace': 'a' })
  assert.deepEqual([status, body.errors], [400, ['operation unavailable in namespaces']])
  assert.equal((await server.call('POST', SCRAPE, {})).status, 405)
  const unknown = await server.call('GET', '/v1/sys/metrics?format=xml')
  assert.deepEqual([unknown.status, unknown.body.errors], [400, ['metric response format "xml" unknown']])
})

test('a rate limit holds for those who need no token', async (t) => {
  const server = await serve(t, { access: 'anyone', onlyAt: null })
  await server.open(1, 1)
  await server.asRoot('POST', '/v1/sys/quotas/rate-limit/scrapes', {
    path: 'sys/metrics',
    rate: 1,
    interval: 60,
  })
  const statuses = [await server.call('GET', '/v1/sys/metrics'), await server.call('GET', '/v1/sys/metrics')]
  assert.deepEqual(
    statuses.map(({ status }) => status),
    [200, 429],
  )
})

test('disallow_metrics keeps them from the root token too, however their path is written', async (t) => {
  const server = await serve(t, { access: 'nobody', onlyAt: null })
  await server.open(1, 1)
  for (const path of ['metrics', 'metrics?format=prometheus', 'metrics/', 'metrics/x', '%6detrics']) {
    const { status } = await server.asRoot('GET', `/v1/sys/${path}`)
    assert.ok(status >= 400 && status < 500, `${path} ${status}`)
  }
  const { status, body } = await server.asRoot('GET', '/v1/sys/metrics')
  assert.deepEqual([status, body.errors], [403, ['metrics endpoint is disabled for this listener']])
  assert.equal((await server.call('GET', '/v1/sys/health')).status, 200)
})

test('metrics_only serves metrics at their path and nothing else', async (t) => {
  const server = await serve(t, { access: 'anyone', onlyAt: '/metrics' })
  assert.equal((await samples(server, '/metrics?format=prometheus')).get('vault_core_unsealed'), 0)
  for (const path of ['/v1/sys/metrics', '/v1/sys/health', '/v1/sys/init', '/v1/sys/seal-status', '/']) {
    const { status, body } = await server.call('GET', path)
    assert.deepEqual([status, body.errors], [404, ['this listener only serves the metrics endpoint']], path)
  }
  assert.equal((await server.call('PUT', '/v1/sys/init', { secret_shares: 1 })).status, 404)
})

test('metrics_only asks for a token where nobody said otherwise', async (t) => {
  const server = await serve(t, { access: 'token', onlyAt: '/v1/sys/metrics' })
  assert.equal((await server.call('GET', SCRAPE)).status, 503)
})
