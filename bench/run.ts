import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ServerProcess, temporaryFolder } from '../tests/api/server-process.ts'
import { bareServer } from './bare-server.ts'
import { cpuOf, load } from './load.ts'

/**
 * First figures: each beside the limit measured in the same run, because these machines differ. Ratios are
 * what to quote; milliseconds are what a person waits.
 */
const SECONDS = Number(process.env['BENCH_SECONDS'] ?? 4)
const CLIENTS = 32
const RUNS = 9

interface Figure {
  readonly what: string
  readonly value: string
  readonly limit: string
}

const figures: Figure[] = []
const work = temporaryFolder()

function say(what: string, value: string, limit = ''): void {
  figures.push({ what, value, limit })
  process.stderr.write(`${what}: ${value}${limit === '' ? '' : ` (${limit})`}\n`)
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0
const ms = (value: number): string => `${value.toFixed(1)} ms`

async function timed(act: () => Promise<unknown>): Promise<number> {
  const started = performance.now()
  await act()
  return performance.now() - started
}

/** How long a Node.js process that does nothing takes: what no server can be faster than. */
function nodeNothing(): number {
  const times: number[] = []
  for (let run = 0; run < RUNS; run++) {
    const started = performance.now()
    spawnSync(process.execPath, ['-e', '0'])
    times.push(performance.now() - started)
  }
  return median(times)
}

async function starts(): Promise<void> {
  const times: number[] = []
  for (let run = 0; run < RUNS; run++) {
    const folder = join(work.path, `start-${run}`)
    times.push(
      await timed(async () => {
        const server = await ServerProcess.start(folder)
        await server.call('GET', '/v1/sys/health')
        await server.kill()
      }),
    )
  }
  const floor = nodeNothing()
  say('start to first answer', ms(median(times)), `${(median(times) / floor).toFixed(1)} x node -e 0`)
}

async function ceremonies(server: ServerProcess): Promise<{ token: string; keys: string[] }> {
  const init = await server.call('PUT', '/v1/sys/init', { secret_shares: 5, secret_threshold: 3 })
  let keys: string[] = init.body.keys
  const token: string = init.body.root_token
  await server.unseal(keys)
  const rekeys: number[] = []
  const unseals: number[] = []
  for (let run = 0; run < RUNS; run++) {
    rekeys.push(
      await timed(async () => {
        await server.call('PUT', '/sys/rekey/init', { secret_shares: 5, secret_threshold: 3 })
        await server.call('PUT', '/sys/rekey/update', { key: keys[0] })
        await server.call('PUT', '/sys/rekey/update', { key: keys[1] })
        keys = (await server.call('PUT', '/sys/rekey/update', { key: keys[2] })).body.keys
      }),
    )
    await server.call('PUT', '/v1/sys/seal', undefined, token)
    unseals.push(await timed(() => server.unseal(keys)))
  }
  const health = await median9(() => server.call('GET', '/v1/sys/health'))
  say('rekey 3 of 5, four requests', ms(median(rekeys)), `one request that does nothing: ${ms(health)}`)
  say('unseal 3 of 5, three requests', ms(median(unseals)), `one request that does nothing: ${ms(health)}`)
  return { token, keys }
}

async function median9(act: () => Promise<unknown>): Promise<number> {
  const times: number[] = []
  for (let run = 0; run < RUNS; run++) times.push(await timed(act))
  return median(times)
}

/**
 * Requests a second and CPU microseconds a request, as ratios to a bare server that answers the same bytes.
 */
async function requests(server: ServerProcess, token: string): Promise<void> {
  const headers = { 'x-vault-token': token }
  const body = JSON.stringify({ password: 'x'.repeat(200) })
  await server.call('PUT', '/v1/secret/bench', { password: 'x'.repeat(200) }, token)
  const answer = await (await fetch(`${server.origin}/v1/secret/bench`, { headers })).text()
  const bare = await bareServer(answer)
  for (const [what, path, method] of [
    ['sys/health', '/v1/sys/health', 'GET'],
    ['KV read', '/v1/secret/bench', 'GET'],
    ['KV durable write', '/v1/secret/bench', 'PUT'],
  ] as const) {
    const request = { method, path, headers, ...(method === 'PUT' ? { body } : {}) }
    const limit = await measured(bare.origin, bare.pid, request)
    const ours = await measured(server.origin, server.pid, request)
    say(
      `${what}, ${CLIENTS} clients`,
      `${Math.round(ours.rate)}/s, ${Math.round(ours.cpuMicros)} us CPU`,
      `${(ours.rate / limit.rate).toFixed(2)} of a bare server: ${Math.round(limit.rate)}/s, ` +
        `${Math.round(limit.cpuMicros)} us CPU`,
    )
  }
  bare.stop()
}

async function measured(
  origin: string,
  pid: number,
  request: Parameters<typeof load>[1],
): Promise<{ rate: number; cpuMicros: number }> {
  await load(origin, request, { clients: CLIENTS, seconds: 1 })
  const before = cpuOf(pid)
  const { count, seconds } = await load(origin, request, { clients: CLIENTS, seconds: SECONDS })
  return { rate: count / seconds, cpuMicros: (cpuOf(pid) - before) / count }
}

function memoryOf(pid: number): string {
  const kilobytes = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '0'
  return `${Math.round(Number(kilobytes) / 1024)} MB`
}

await starts()
const server = await ServerProcess.start(join(work.path, 'store'))
say('memory at rest, sealed', memoryOf(server.pid))
const { token } = await ceremonies(server)
say('memory at rest, open, after nine rekeys', memoryOf(server.pid))
await requests(server, token)
say('memory after the load', memoryOf(server.pid))
await server.stop()
work.remove()

const rows = figures.map(({ what, value, limit }) => `| ${what} | ${value} | ${limit} |`)
process.stdout.write(`| what | measured | beside it |\n|---|---|---|\n${rows.join('\n')}\n`)
