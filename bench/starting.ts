import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { MAIN } from '../tests/api/server-process.ts'
import { Caller, timed } from './caller.ts'
import type { Plan } from './plan.ts'
import { type Figure, median } from './report.ts'

/** From the start of the process to the answer of `sys/health`, beside a Node.js that does nothing. */
export async function measureStarts(plan: Plan, folder: string): Promise<readonly Figure[]> {
  const cache = join(folder, 'compile-cache')
  const warm = { ...process.env, NODE_COMPILE_CACHE: cache }
  const cold = { ...process.env }
  delete cold['NODE_COMPILE_CACHE']
  // Makes the store, and fills the cache, which is written when a process ends in order.
  const store = join(folder, 'store')
  await startOnce(store, warm)
  const values: number[] = []
  const without: number[] = []
  const nothing: number[] = []
  for (let run = 0; run < plan.runs; run++) {
    const ours: number[] = []
    const bare: number[] = []
    const plain: number[] = []
    for (let event = 0; event < plan.events; event++) {
      ours.push(await startOnce(store, warm))
      plain.push(await startOnce(store, cold))
      bare.push(await timed(() => exitOf(spawn(process.execPath, ['-e', '0'], { stdio: 'ignore' }))))
    }
    values.push(median(ours))
    without.push(median(plain))
    nothing.push(median(bare))
  }
  const limit = { name: 'node -e 0', values: nothing }
  const aim = { of: 'ratio', is: 'at most', bound: 4 } as const
  return [
    { name: 'start to first answer, warm compile cache', unit: 'ms', values, limit, aim },
    { name: 'start to first answer, no compile cache', unit: 'ms', values: without, limit },
  ]
}

async function startOnce(data: string, env: NodeJS.ProcessEnv): Promise<number> {
  const argv = ['--disable-warning=ExperimentalWarning', MAIN, 'server', `-data=${data}`]
  const started = performance.now()
  const child = spawn(process.execPath, [...argv, '-address=127.0.0.1:0'], {
    stdio: ['ignore', 'pipe', 'ignore'],
    env,
  })
  const caller = new Caller(await portOf(child))
  await caller.raw('GET', '/v1/sys/health?uninitcode=200')
  const took = performance.now() - started
  caller.close()
  const exited = exitOf(child)
  child.kill('SIGTERM')
  await exited
  return took
}

function portOf(child: ChildProcess): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  let said = ''
  child.stdout?.on('data', (piece: Buffer) => {
    said += String(piece)
    const port = /127\.0\.0\.1:(\d+)/.exec(said)?.[1]
    if (port !== undefined) resolve(Number(port))
  })
  child.once('exit', (code) => reject(new Error(`a server ended with ${code}: ${said}`)))
  return promise
}

function exitOf(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => child.once('exit', () => resolve()))
}
