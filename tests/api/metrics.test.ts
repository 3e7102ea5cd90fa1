import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { TestServer } from './in-process.ts'

let server: TestServer
before(async () => {
  server = await TestServer.start()
  await server.open(1, 1)
})
after(() => server.close())

async function scrape(token = server.rootToken): Promise<Response> {
  return await fetch(`${server.origin}/v1/sys/metrics?format=prometheus`, {
    headers: { 'x-vault-token': token },
  })
}

/** Every sample of a text of format 0.0.4, each line of which must be one, a comment or empty. */
function samplesOf(text: string): ReadonlyMap<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !/^# (HELP|TYPE) \w+ \S/.test(line))
  return new Map(
    lines.map((line) => {
      const [, sample = '', value] =
        /^([a-zA-Z_:][\w:]*(?:\{(?:\w+="(?:[^"\\\n]|\\["\\n])*",?)*\})?) (\S+)$/.exec(line) ??
        assert.fail(line)
      return [sample, Number(value)]
    }),
  )
}

test('answers Prometheus in its text format (surface.md section 12)', async () => {
  const response = await scrape()
  assert.equal(response.status, 200)
  assert.equal(response.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8')
  const samples = samplesOf(await response.text())
  assert.equal(samples.get('vault_core_unsealed'), 1)
  assert.equal(samples.get('vault_core_active'), 1)
  assert.equal(samples.get('vault_core_in_flight_requests'), 1)
  assert.equal(samples.get('vault_core_mount_table_num_entries{type="auth",local="false"}'), 1)
  assert.ok((samples.get('vault_barrier_estimated_encryptions') ?? 0) > 0)
})

test('numbers grow with the requests', async () => {
  const read = async (): Promise<readonly number[]> => {
    const samples = samplesOf(await (await scrape()).text())
    const names = ['core_handle_request', 'core_check_token', 'core_fetch_acl_and_token']
    return [...names, 'route_read_cubbyhole_'].map((name) => samples.get(`vault_${name}_count`) ?? 0)
  }
  const before = await read()
  await server.asRoot('GET', '/v1/cubbyhole/none')
  await server.asRoot('GET', '/v1/cubbyhole/none')
  const grown = (await read()).map((count, index) => count - (before[index] ?? 0))
  // Three with the second scrape itself, for all but the mount.
  assert.deepEqual(grown, [3, 3, 3, 2])
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
  assert.equal((await scrape('bogus')).status, 403)
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
