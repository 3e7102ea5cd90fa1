import { join } from 'node:path'
import { MAIN } from '../tests/api/server-process.ts'
import { Caller, timed } from './caller.ts'
import { MeasuredProcess } from './measured-process.ts'
import { PeerProcess, rekeyWithNonce } from './peer-process.ts'
import type { Plan } from './plan.ts'
import { type Figure, median } from './report.ts'
import { fillRoutes, type Measured, measure, ROUTES } from './requests.ts'

const MEGABYTE = 2 ** 20

/** A server, ours or theirs, as far as both are measured alike. */
interface Side {
  readonly server: MeasuredProcess | PeerProcess
  readonly caller: Caller
  readonly keys: readonly string[]
}

/** The same work on both, in turns: requests by 32 clients, on durable storage; ceremonies and memory. */
export async function measureBesidePeer(
  plan: Plan,
  program: string,
  folder: string,
): Promise<readonly Figure[]> {
  const peer = (values: readonly number[]) => ({ name: 'OpenBao', values })
  const [ours, theirs] = [await ownSide(join(folder, 'ours')), await peerSide(program, join(folder, 'raft'))]
  const figures: Figure[] = []
  for (const { name, method, paths, body } of ROUTES) {
    const sides = [ours, theirs] as const
    const seen: readonly [Measured[], Measured[]] = [[], []]
    for (let run = -1; run < plan.runs; run++) {
      for (const [index, { server, caller }] of sides.entries()) {
        const headers = { 'X-Vault-Token': caller.token ?? '' }
        const one = await measure(plan, server, { method, paths, body, headers })
        if (run >= 0) seen[index === 0 ? 0 : 1].push(one)
      }
    }
    const of = (key: keyof Measured) => ({
      values: seen[0].map((one) => one[key]),
      limit: peer(seen[1].map((one) => one[key])),
    })
    figures.push({ name, unit: 'requests/s', ...of('rate') })
    figures.push({ name: `${name}, CPU`, unit: 'us/request', ...of('cpuMicros') })
  }
  await stop(ours)
  await stop(theirs)
  return [...figures, ...(await measureOpening(plan, program, folder))]
}

/** Unseal, rekey and memory: beside the peer on files, as its cluster elects a leader at each unseal. */
async function measureOpening(plan: Plan, program: string, folder: string): Promise<readonly Figure[]> {
  const start = performance.now()
  const theirs = await PeerProcess.start(program, join(folder, 'file'), 'file')
  const theirStart = performance.now() - start
  const begun = performance.now()
  const ours = await startOurs(join(folder, 'opening'))
  const ourStart = performance.now() - begun
  const columns: { [what: string]: number }[] = []
  for (const server of [ours, theirs]) {
    const sealed = (await server.usage()).residentBytes / MEGABYTE
    const caller = new Caller(server.port)
    let keys = await caller.open(5, 3)
    const open = (await server.usage()).residentBytes / MEGABYTE
    const times = { unseal: [] as number[], rekey: [] as number[] }
    for (let event = 0; event < plan.events * plan.runs; event++) {
      times.rekey.push(
        await timed(async () => {
          keys = await rekeyWithNonce(caller, keys)
        }),
      )
      await caller.call('PUT', '/v1/sys/seal')
      times.unseal.push(await timed(() => caller.unseal(keys, 3)))
    }
    columns.push({ sealed, open, unseal: median(times.unseal), rekey: median(times.rekey) })
    caller.close()
    await server.stop()
  }
  const [own = {}, peer = {}] = columns
  const figure = (name: string, unit: string, key: string): Figure => ({
    ...{ name, unit, values: [own[key] ?? 0] },
    limit: { name: 'OpenBao, on files', values: [peer[key] ?? 0] },
  })
  return [
    {
      ...{ name: 'start until it listens', unit: 'ms', values: [ourStart] },
      limit: { name: 'OpenBao, on files', values: [theirStart] },
    },
    figure('unseal, 3 of 5', 'ms', 'unseal'),
    figure('rekey, 3 of 5', 'ms', 'rekey'),
    figure('memory at rest, sealed', 'MB', 'sealed'),
    figure('memory at rest, open', 'MB', 'open'),
  ]
}

async function ownSide(folder: string): Promise<Side> {
  const server = await startOurs(folder)
  const caller = new Caller(server.port)
  const keys = await caller.open(5, 3)
  await fillRoutes(caller)
  return { server, caller, keys }
}

async function peerSide(program: string, folder: string): Promise<Side> {
  const server = await PeerProcess.start(program, folder, 'raft')
  const caller = new Caller(server.port)
  const init = await caller.call('PUT', '/v1/sys/init', { secret_shares: 5, secret_threshold: 3 })
  caller.token = init.root_token
  await caller.unseal(init.keys, 3)
  await server.untilActive()
  await caller.call('POST', '/v1/sys/mounts/secret', { type: 'kv' })
  await fillRoutes(caller)
  return { server, caller, keys: init.keys }
}

function startOurs(folder: string): Promise<MeasuredProcess> {
  return MeasuredProcess.start([MAIN, 'server', `-data=${folder}`, '-address=127.0.0.1:0'])
}

async function stop({ server, caller }: Side): Promise<void> {
  caller.close()
  await server.stop()
}
