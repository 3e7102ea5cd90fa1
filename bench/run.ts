import { availableParallelism, cpus, loadavg } from 'node:os'
import { join } from 'node:path'
import { MAIN, temporaryFolder } from '../tests/api/server-process.ts'
import { Caller } from './caller.ts'
import { measureCeremonies } from './ceremonies.ts'
import { measureDisk } from './disk.ts'
import { measureFlatness } from './flat.ts'
import { measureAmongMany, measureManySecrets } from './many-secrets.ts'
import { MeasuredProcess } from './measured-process.ts'
import { measureBesidePeer } from './peer.ts'
import { FULL, type Plan, QUICK } from './plan.ts'
import { type Figure, renderJson, renderTable } from './report.ts'
import { fillRoutes, measureRequests } from './requests.ts'
import { measureShares } from './share-arithmetic.ts'
import { measureStarts } from './starting.ts'
import { measureTiming } from './timing.ts'

/**
 * `node bench/run.ts [-quick] [-timing] [-flat] [-peer=BAO] [--json]`: every figure beside its limit,
 * measured in the same run, because machines differ; with `-timing` only whether times tell of secrets, with
 * `-flat` only whether a request costs the same beside many secrets, mounts and policies, with `-peer` the
 * same work on OpenBao, whose program is named. Ratios are what to quote; docs/performance.md says how to
 * read it.
 */
const words = process.argv.slice(2).map((flag) => flag.replace(/^--?/, ''))
const flags = new Set(words.filter((word) => !word.startsWith('peer=')))
const peer = words.find((word) => word.startsWith('peer='))?.slice('peer='.length) ?? null
const unknown = [...flags].filter((flag) => !['quick', 'timing', 'flat', 'json'].includes(flag))
if (unknown.length > 0)
  throw new Error(`there is no -${unknown.join(', -')}: say -quick, -timing, -flat, -peer=BAO or --json`)

const MEGABYTE = 2 ** 20
const AIM_MEMORY = { of: 'value', is: 'at most', bound: 110 } as const

async function measureServer(plan: Plan, folder: string): Promise<readonly Figure[]> {
  const server = await MeasuredProcess.start([MAIN, 'server', `-data=${folder}`, '-address=127.0.0.1:0'])
  const caller = new Caller(server.port)
  const memory = async (name: string): Promise<Figure> => {
    const { residentBytes } = await server.usage()
    return { name, unit: 'MB', values: [residentBytes / MEGABYTE], aim: AIM_MEMORY }
  }
  const figures: Figure[] = [await memory('memory at rest, sealed')]
  const keys = await caller.open(5, 3)
  figures.push(await memory('memory at rest, open'))
  figures.push(...(await measureCeremonies(plan, caller, keys)))
  figures.push(...(await measureRequests(plan, server, caller)))
  figures.push(...(await measureFlatness(plan, server, caller)))
  const { aim: _, ...after } = await memory('memory after that load')
  figures.push(after)
  caller.close()
  await server.stop()
  return figures
}

async function measureAll(plan: Plan, folder: string): Promise<readonly Figure[]> {
  return [
    ...(await measureStarts(plan, join(folder, 'starts'))),
    ...(await measureServer(plan, join(folder, 'store'))),
    ...measureShares(plan),
    ...(await measureTiming(plan)),
    ...measureDisk(plan, join(folder, 'disk')),
    ...(await measureManySecrets(plan, join(folder, 'many'))),
  ]
}

/** On a server of its own. */
async function measureFlat(plan: Plan, folder: string): Promise<readonly Figure[]> {
  const store = join(folder, 'store')
  const server = await MeasuredProcess.start([MAIN, 'server', `-data=${store}`, '-address=127.0.0.1:0'])
  const caller = new Caller(server.port)
  await caller.open(5, 3)
  await fillRoutes(caller)
  const figures = await measureFlatness(plan, server, caller)
  caller.close()
  await server.stop()
  return [...figures, ...(await measureAmongMany(plan, join(folder, 'among')))]
}

async function figuresOf(plan: Plan, folder: string): Promise<readonly Figure[]> {
  if (peer !== null) return await measureBesidePeer(plan, peer, folder)
  if (flags.has('timing')) return await measureTiming(plan)
  return flags.has('flat') ? await measureFlat(plan, folder) : await measureAll(plan, folder)
}

const plan = flags.has('quick') ? QUICK : FULL
const work = temporaryFolder()
const began = performance.now()
const busyBefore = loadavg()[0] ?? 0
try {
  const figures = await figuresOf(plan, work.path)
  const facts = {
    node: process.version,
    processor: cpus()[0]?.model ?? 'unknown',
    processors: availableParallelism(),
    // Others at work on the machine make every figure worse, and ratios wider.
    loadBefore: Math.round(busyBefore * 10) / 10,
    main: MAIN.endsWith('.ts') ? 'sources' : 'built',
    seconds: Math.round((performance.now() - began) / 1000),
  }
  if (flags.has('json')) process.stdout.write(renderJson(figures, facts))
  else {
    const line = Object.entries(facts).map(([name, value]) => `${name}: ${value}`)
    process.stdout.write(`${renderTable(figures)}\n${line.join('; ')}\n`)
  }
} finally {
  work.remove()
}
