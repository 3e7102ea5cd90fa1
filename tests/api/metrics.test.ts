import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { readExposition } from './exposition.ts'
import { TestServer } from './in-process.ts'

let server: TestServer
before(async () => {
  server = await TestServer.start()
  await server.open(1, 1)
})
after(() => server.close())

async function scrape(headers: Record<string, string> = {}, query = '?format=prometheus'): Promise<Response> {
  return await fetch(`${server.origin}/v1/sys/metrics${query}`, {
    headers: { 'x-vault-token': server.rootToken, ...headers },
  })
}

/** Every sample, of a text each line of which was checked. */
async function samples(): Promise<ReadonlyMap<string, number>> {
  const families = readExposition(await (await scrape()).text())
  return new Map([...families.values()].flatMap((family) => [...family.samples]))
}

/** By how much these samples grow while something is done. A scrape is a request as well. */
async function growth(names: readonly string[], act: () => Promise<unknown>): Promise<readonly number[]> {
  const earlier = await samples()
  await act()
  const later = await samples()
  return names.map((name) => (later.get(name) ?? 0) - (earlier.get(name) ?? 0))
}

test('answers Prometheus in its text format (surface.md section 12)', async () => {
  const response = await scrape()
  assert.equal(response.status, 200)
  assert.equal(response.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8')
  const read = await samples()
  assert.equal(read.get('vault_core_unsealed'), 1)
  assert.equal(read.get('vault_core_active'), 1)
  assert.equal(read.get('vault_core_in_flight_requests'), 1)
  assert.equal(read.get('vault_core_mount_table_num_entries{type="auth",local="false"}'), 1)
  assert.ok((read.get('vault_barrier_estimated_encryptions') ?? 0) > 0)
  assert.ok((read.get('vault_runtime_alloc_bytes') ?? 0) > 1_000_000)
  assert.ok((read.get('vault_runtime_sys_bytes') ?? 0) > (read.get('vault_runtime_alloc_bytes') ?? 0))
})

test('says of every summary what it is, and tells no number that nobody has measured', async () => {
  for (let scrapes = 0; scrapes < 3; scrapes++) {
    const text = await (await scrape()).text()
    const help = 'How many milliseconds it took, each time since the start of the server.'
    for (const name of ['vault_barrier_get', 'vault_core_handle_request'])
      assert.ok(text.includes(`# HELP ${name} ${help}\n# TYPE ${name} summary\n`), name)
    // What the library says before its first sample.
    assert.doesNotMatch(text, /9223372036/)
    readExposition(text)
  }
})

test('has the names that dashboards of the peers ask for, as they ask for them', async () => {
  const families = readExposition(await (await scrape()).text())
  const typeOf = (name: string): string | undefined => families.get(`vault_${name}`)?.type
  for (const gauge of [
    ...['core_unsealed', 'core_active', 'core_in_flight_requests', 'core_mount_table_num_entries'],
    ...['barrier_estimated_encryptions', 'token_count', 'expire_num_leases'],
    ...['expire_num_irrevocable_leases', 'runtime_alloc_bytes', 'runtime_sys_bytes'],
  ])
    assert.equal(typeOf(gauge), 'gauge', gauge)
  for (const summary of [
    ...['core_handle_request', 'core_handle_login_request', 'core_check_token', 'core_fetch_acl_and_token'],
    ...['barrier_get', 'barrier_put', 'barrier_delete', 'barrier_list'],
    ...['token_create', 'token_lookup', 'token_revoke_tree'],
    ...['expire_register', 'expire_renew', 'expire_revoke'],
    ...['policy_get_policy', 'policy_set_policy', 'policy_delete_policy', 'policy_list_policies'],
  ])
    assert.equal(typeOf(summary), 'summary', summary)
})

test('numbers grow with the requests', async () => {
  const names = [
    'core_handle_request',
    'core_check_token',
    'core_fetch_acl_and_token',
    'route_read_cubbyhole_',
  ]
  const grown = await growth(
    names.map((name) => `vault_${name}_count`),
    async () => {
      await server.asRoot('GET', '/v1/cubbyhole/none')
      await server.asRoot('GET', '/v1/cubbyhole/none')
    },
  )
  // Three with the second scrape itself, for all but the mount.
  assert.deepEqual(grown, [3, 3, 3, 2])
})

test('tells logins apart from other requests, as the peers do', async () => {
  const grown = await growth(['vault_core_handle_login_request_count'], () =>
    server.call('GET', '/v1/sys/internal/ui/mounts'),
  )
  assert.deepEqual(grown, [1])
})

test('counts tokens that are made, and those that are ended', async () => {
  const names = ['token_create_count', 'token_creation{token_type="service"}', 'token_revoke_tree_count']
  const grown = await growth(
    names.map((name) => `vault_${name}`),
    async () => {
      const made = await server.asRoot('POST', '/v1/auth/token/create', {})
      await server.asRoot('POST', '/v1/auth/token/create', {})
      await server.asRoot('POST', '/v1/auth/token/revoke', { token: made.body.auth.client_token })
    },
  )
  assert.deepEqual(grown, [2, 2, 1])
})

test('times what is done with policies', async () => {
  const grown = await growth(
    ['get', 'set', 'delete'].map((verb) => `vault_policy_${verb}_policy_count`),
    async () => {
      await server.asRoot('PUT', '/v1/sys/policies/acl/seen', {
        policy: 'path "a" { capabilities = ["read"] }',
      })
      await server.asRoot('DELETE', '/v1/sys/policies/acl/seen')
    },
  )
  // A change looks at what there is.
  assert.deepEqual(grown.slice(1), [1, 1])
})

test('times what is read, written, listed and removed behind the barrier', async () => {
  const grown = await growth(
    ['get', 'put', 'list', 'delete'].map((verb) => `vault_barrier_${verb}_count`),
    async () => {
      await server.asRoot('POST', '/v1/secret/seen', { a: 'b' })
      await server.asRoot('GET', '/v1/secret/seen')
      await server.asRoot('LIST', '/v1/secret/')
      await server.asRoot('DELETE', '/v1/secret/seen')
    },
  )
  for (const times of grown) assert.ok(times >= 1, String(grown))
})

test('counts who asks more often than a rate limit allows, by the name of the rule', async () => {
  const name = 'vault_quota_rate_limit_violation{name="slow"}'
  await server.asRoot('POST', '/v1/sys/quotas/rate-limit/slow', { path: 'cubbyhole/', rate: 1, interval: 60 })
  const grown = await growth([name], async () => {
    for (let times = 0; times < 3; times++) await server.asRoot('GET', '/v1/cubbyhole/none')
  })
  assert.deepEqual(grown, [2])
  await server.asRoot('DELETE', '/v1/sys/quotas/rate-limit/slow')
})

test('answers a scraper by what it accepts, as the peers do', async () => {
  const typeFor = async (accept: string, query: string): Promise<string | null> =>
    (await scrape({ accept }, query)).headers.get('content-type')
  const text = 'text/plain; version=0.0.4; charset=utf-8'
  // What Prometheus 2.53 sends, and its format of before the text.
  const current =
    'application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,' +
    'text/plain;version=0.0.4;q=0.3,*/*;q=0.2'
  assert.equal(await typeFor(current, ''), text)
  assert.equal(await typeFor('application/json;schema="prometheus/telemetry";version=0.0.2', ''), text)
  assert.equal(await typeFor('*/*', ''), 'application/json')
  assert.equal(await typeFor('text/plain', ''), 'application/json')
})

test('a prefix stands in the place of ours, in both forms', async (t) => {
  const telemetry = { prefix: 'conclave', prometheus: true, usagePeriod: null }
  const other = await TestServer.start({ metrics: { access: 'anyone', onlyAt: null } }, { telemetry })
  t.after(() => other.close())
  const text = await (await fetch(`${other.origin}/v1/sys/metrics?format=prometheus`)).text()
  assert.equal(readExposition(text).get('conclave_core_unsealed')?.type, 'gauge')
  assert.doesNotMatch(text, /vault/)
  assert.doesNotMatch(JSON.stringify((await other.call('GET', '/v1/sys/metrics')).body), /vault/)
})

test('prometheus_retention_time 0 leaves JSON alone (surface.md section 12)', async (t) => {
  const telemetry = { prefix: 'vault', prometheus: false, usagePeriod: null }
  const other = await TestServer.start({ metrics: { access: 'anyone', onlyAt: null } }, { telemetry })
  t.after(() => other.close())
  const { status, body } = await other.call('GET', '/v1/sys/metrics?format=prometheus')
  assert.deepEqual([status, body.errors], [400, ['prometheus is not enabled']])
  assert.equal((await other.call('GET', '/v1/sys/metrics')).status, 200)
})

test('answers JSON where no format is asked for, without an envelope', async () => {
  const { status, body } = await server.asRoot('GET', '/v1/sys/metrics')
  assert.equal(status, 200)
  assert.deepEqual(Object.keys(body).sort(), ['Counters', 'Gauges', 'Points', 'Samples', 'Timestamp'])
  assert.match(body.Timestamp, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \+0000 UTC$/)
  const names = body.Samples.map(({ Name }: { readonly Name: string }) => Name)
  assert.ok(names.includes('vault.core.handle_request'))
})

test('refuses a format that it does not know, and repeats no more than a name', async () => {
  const refusal = async (format: string): Promise<unknown> => {
    const { status, body } = await server.asRoot('GET', `/v1/sys/metrics?format=${format}`)
    return [status, body.errors[0]]
  }
  assert.deepEqual(await refusal('xml'), [400, 'metric response format "xml" unknown'])
  assert.deepEqual(await refusal('%3Cscript%3E'), [400, 'metric response format unknown'])
})

test('refuses whoever has no token', async () => {
  assert.equal((await scrape({ 'x-vault-token': 'bogus' })).status, 403)
})

test('is in no namespace but the root (surface.md section 1.3)', async () => {
  const headers = { 'x-vault-token': server.rootToken, 'x-vault-namespace': 'a' }
  const { status, body } = await server.call('GET', '/v1/sys/metrics', undefined, headers)
  assert.deepEqual([status, body.errors], [400, ['operation unavailable in namespaces']])
})

test('tells no token, no value and no path below a mount', async () => {
  await server.asRoot('POST', '/v1/cubbyhole/canary-path', { canary: 'canary-value' })
  await server.asRoot('GET', '/v1/canary-mount/canary-none')
  await server.asRoot('GET', '/v1/cubbyhole/canary-path')
  const texts = [await (await scrape()).text()]
  texts.push(JSON.stringify((await server.asRoot('GET', '/v1/sys/metrics')).body))
  for (const text of texts) {
    assert.doesNotMatch(text, /canary/)
    assert.ok(!text.includes(server.rootToken))
  }
})
