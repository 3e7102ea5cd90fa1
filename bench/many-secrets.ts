import { join } from 'node:path'
import { utf8 } from '../src/base/encoding.ts'
import { parseBody } from '../src/http/body.ts'
import type { LogicalRequest } from '../src/logical/request.ts'
import { TestServer } from '../tests/api/in-process.ts'
import { MAIN } from '../tests/api/server-process.ts'
import { Caller, timed } from './caller.ts'
import { beside } from './flat.ts'
import { MeasuredProcess } from './measured-process.ts'
import type { Plan } from './plan.ts'
import type { Figure } from './report.ts'
import { type Measured, measure } from './requests.ts'

const VALUE = { password: 'x'.repeat(40) }
const SHARES = 5
const THRESHOLD = 3
/** As many writes are under way at once: they share the commits of the store. */
const AT_ONCE = 512

/** A store with many secrets: how long until it listens, and is open, and the memory it takes then. */
export async function measureManySecrets(plan: Plan, folder: string): Promise<readonly Figure[]> {
  const { keys, perSecond } = await fill(folder, plan.secrets)
  const starts: number[] = []
  const unseals: number[] = []
  const memory: number[] = []
  for (let run = 0; run < plan.runs; run++) {
    const started = performance.now()
    const server = await MeasuredProcess.start([MAIN, 'server', `-data=${folder}`, '-address=127.0.0.1:0'])
    starts.push(performance.now() - started)
    const caller = new Caller(server.port)
    unseals.push(await timed(() => caller.unseal(keys, THRESHOLD)))
    memory.push((await server.usage()).residentBytes / 2 ** 20)
    caller.close()
    await server.stop()
  }
  const many = `${plan.secrets.toLocaleString('en')} secrets`
  return [
    { name: `durable writes without HTTP, ${AT_ONCE} at once`, unit: '/s', values: [perSecond] },
    { name: `restart with ${many}`, unit: 'ms', values: starts },
    { name: `unseal, 3 of 5, with ${many}`, unit: 'ms', values: unseals },
    { name: `memory, open, with ${many}`, unit: 'MB', values: memory },
  ]
}

/**
 * Reads and durable writes that go through many secrets, most of which are asked for once, beside those of
 * one secret for each client, in turns: they are to cost the same, but for what memory spares the latter.
 */
export async function measureAmongMany(plan: Plan, folder: string): Promise<readonly Figure[]> {
  const stores = [
    await servedStore(join(folder, 'few'), plan.clients),
    await servedStore(join(folder, 'many'), plan.secrets),
  ] as const
  const many = `${plan.secrets.toLocaleString('en')} secrets`
  const figures: Figure[] = []
  for (const [what, method, body] of [
    ['KV read', 'GET', ''],
    ['KV durable write', 'PUT', JSON.stringify(VALUE)],
  ] as const) {
    const measured: readonly [Measured[], Measured[]] = [[], []]
    const once = (index: 0 | 1, run: number): Promise<Measured> => {
      const { server, caller, secrets } = stores[index]
      const paths = pathsFrom(Math.floor((run * secrets) / (plan.runs + 1)), secrets)
      const headers = { 'X-Vault-Token': caller.token ?? '' }
      return measure(plan, server, { method, paths, body, headers })
    }
    for (const index of [0, 1] as const) await once(index, 0)
    for (let run = 1; run <= plan.runs; run++) {
      for (const index of [0, 1] as const) measured[index].push(await once(index, run))
    }
    const limit = `${plan.clients} secrets`
    figures.push(...beside(`${what} beside ${many}`, { few: measured[0], many: measured[1], limit }))
  }
  for (const { server, caller } of stores) {
    caller.close()
    await server.stop()
  }
  return figures
}

async function servedStore(
  folder: string,
  secrets: number,
): Promise<{ readonly server: MeasuredProcess; readonly caller: Caller; readonly secrets: number }> {
  const { keys, token } = await fill(folder, secrets)
  const server = await MeasuredProcess.start([MAIN, 'server', `-data=${folder}`, '-address=127.0.0.1:0'])
  const caller = new Caller(server.port)
  await caller.unseal(keys, THRESHOLD)
  caller.token = token
  return { server, caller, secrets }
}

/** All of them, from one on. */
function pathsFrom(first: number, secrets: number): readonly string[] {
  return Array.from({ length: secrets }, (_, index) => `/v1/${pathOf((first + index) % secrets)}`)
}

function pathOf(index: number): string {
  return `secret/team-${index % 100}/secret-${index}`
}

/** Through the router, in this process: over HTTP it would take longer than all the rest. */
async function fill(
  folder: string,
  secrets: number,
): Promise<{ readonly keys: readonly string[]; readonly token: string; readonly perSecond: number }> {
  const server = await TestServer.start({}, { storage: { type: 'sqlite', folder } })
  const keys = await server.open(SHARES, THRESHOLD)
  const { dispatch } = server.server.service
  const template = requestOf(server.rootToken)
  let next = 0
  const writer = async (): Promise<void> => {
    for (let at = next++; at < secrets; at = next++) {
      await dispatch({ ...template, path: pathOf(at) })
    }
  }
  const ms = await timed(() => Promise.all(Array.from({ length: AT_ONCE }, writer)))
  await server.close()
  return { keys, token: server.rootToken, perSecond: (secrets * 1000) / ms }
}

function requestOf(token: string): LogicalRequest {
  const access = { rekey: 'open', generateRoot: 'open', unseal: 'open' } as const
  return {
    id: '00000000-0000-4000-8000-000000000000',
    operation: 'update',
    path: '',
    data: parseBody(utf8(JSON.stringify(VALUE))),
    wrap: null,
    token,
    origin: {
      ...{ source: '127.0.0.1', forwarded: false, foreign: false, direct: true, listener: 'bench' },
      ...{ access, retireOn: 'acknowledgement' },
    },
  }
}
