import { startBareServer, type WireAnswer } from './bare-server.ts'
import type { Caller } from './caller.ts'
import { type LoadRequest, load } from './load.ts'
import type { Measurable, MeasuredProcess } from './measured-process.ts'
import { FULL, type Plan } from './plan.ts'
import type { Figure } from './report.ts'

/** As long as a password with something beside it. */
const VALUE = { password: 'x'.repeat(200) }

/** Each client has a secret of its own. */
const NAMES = Array.from({ length: FULL.clients }, (_, client) => `bench-${client}`)
const KV1 = NAMES.map((name) => `/v1/secret/${name}`)
const KV2 = NAMES.map((name) => `/v1/kv2/data/${name}`)

export const ROUTES = [
  { name: 'sys/health', method: 'GET', paths: ['/v1/sys/health'], body: '', aim: 0.8 },
  { name: 'KV read', method: 'GET', paths: KV1, body: '', aim: 0.35 },
  {
    name: 'KV durable write',
    method: 'PUT',
    paths: KV1,
    body: JSON.stringify(VALUE),
    aim: 0.2,
  },
  { name: 'KV 2 read', method: 'GET', paths: KV2, body: '', aim: 0.28 },
  {
    name: 'KV 2 durable write',
    method: 'PUT',
    paths: KV2,
    body: JSON.stringify({ data: VALUE }),
    aim: 0.18,
  },
] as const

/** What `node:http` and TCP add by themselves. */
const ADDED = ['date', 'connection', 'keep-alive', 'transfer-encoding']

/**
 * Requests a second, and CPU microseconds of the server a request, beside a bare `node:http` server that
 * answers the same bytes. Ours and the bare one take turns.
 */
export async function measureRequests(
  plan: Plan,
  server: MeasuredProcess,
  caller: Caller,
): Promise<readonly Figure[]> {
  await fillRoutes(caller)
  const figures: Figure[] = []
  for (const { name, method, paths, body, aim } of ROUTES) {
    const bare = await startBareServer(await wireAnswer(caller, { method, path: paths[0] ?? '', body }))
    const request = { method, paths, body, headers: { 'X-Vault-Token': caller.token ?? '' } }
    const ours: Measured[] = []
    const limits: Measured[] = []
    for (const process of [server, bare]) {
      await load(process.port, request, { clients: plan.clients, seconds: plan.loadSeconds / 3 })
    }
    for (let run = 0; run < plan.runs; run++) {
      limits.push(await measure(plan, bare, request))
      ours.push(await measure(plan, server, request))
    }
    await bare.stop()
    const of = (key: keyof Measured) => ({
      values: ours.map((one) => one[key]),
      limit: { name: 'bare', values: limits.map((one) => one[key]) },
    })
    const what = `${name}, ${plan.clients} clients`
    figures.push({
      ...{ name: what, unit: 'requests/s', ...of('rate') },
      aim: { of: 'ratio', is: 'at least', bound: aim },
    })
    figures.push({ name: `${name}, CPU`, unit: 'us/request', ...of('cpuMicros') })
  }
  return figures
}

/** Puts there what the routes read. */
export async function fillRoutes(caller: Caller): Promise<void> {
  await caller.call('POST', '/v1/sys/mounts/kv2', { type: 'kv', options: { version: '2' } })
  for (const path of KV1) await caller.call('PUT', path, VALUE)
  for (const path of KV2) await caller.call('PUT', path, { data: VALUE })
}

async function wireAnswer(
  caller: Caller,
  { method, path, body }: { readonly method: string; readonly path: string; readonly body: string },
): Promise<WireAnswer> {
  const { status, headers, text } = await caller.raw(method, path, body === '' ? undefined : JSON.parse(body))
  const ours = Object.entries(headers).filter(([name]) => !ADDED.includes(name))
  return {
    status,
    headers: Object.fromEntries(ours.map(([name, value]) => [name, String(value)])),
    body: text,
  }
}

export interface Measured {
  readonly rate: number
  readonly cpuMicros: number
}

export async function measure(plan: Plan, process: Measurable, request: LoadRequest): Promise<Measured> {
  const before = await process.usage()
  const { count, seconds } = await load(process.port, request, {
    clients: plan.clients,
    seconds: plan.loadSeconds,
  })
  const after = await process.usage()
  return { rate: count / seconds, cpuMicros: (after.cpuMicros - before.cpuMicros) / count }
}
