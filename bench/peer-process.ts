import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../src/client/free-port.ts'
import type { Caller } from './caller.ts'
import type { Measurable, Usage } from './measured-process.ts'

/** In which Linux counts the time of a process (proc(5): `sysconf(_SC_CLK_TCK)`, 100 on all of its ports). */
const TICK_MICROS = 10_000
const PAGE_BYTES = 4096
const PATIENCE_MS = 20_000

/** `raft` flushes each write to the disk, as ours does; `file` does not, and opens at once. */
export type PeerStorage = 'raft' | 'file'

/** A server of the peer's own program, on an empty store. */
export class PeerProcess implements Measurable {
  readonly port: number
  readonly #child: ChildProcess

  private constructor(child: ChildProcess, port: number) {
    this.#child = child
    this.port = port
  }

  /** Resolves once it listens. */
  static async start(program: string, folder: string, kind: PeerStorage): Promise<PeerProcess> {
    const [port, clusterPort] = await Promise.all([freePort(), freePort()])
    const path = join(folder, 'store')
    mkdirSync(path, { recursive: true })
    const tcp = {
      ...{ address: `127.0.0.1:${port}`, cluster_address: `127.0.0.1:${clusterPort}`, tls_disable: true },
      disable_unauthed_rekey_endpoints: false,
    }
    const config = {
      ...{ storage: kind === 'raft' ? { raft: { path, node_id: 'bench' } } : { file: { path } } },
      ...{ listener: { tcp }, api_addr: `http://127.0.0.1:${port}` },
      cluster_addr: `https://127.0.0.1:${clusterPort}`,
    }
    writeFileSync(join(folder, 'peer.json'), JSON.stringify(config))
    const words = ['server', `-config=${join(folder, 'peer.json')}`, '-log-level=error']
    const peer = new PeerProcess(spawn(program, words, { stdio: 'ignore' }), port)
    await peer.#until((status) => status !== null)
    return peer
  }

  /** After an unseal: it takes requests once it leads itself. */
  untilActive(): Promise<void> {
    return this.#until((status) => status === 200)
  }

  async usage(): Promise<Usage> {
    const stat = readFileSync(`/proc/${this.#child.pid}/stat`, 'latin1')
    // Behind the name, which may hold anything: the state is the third field, times are 14 and 15, pages 24.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const ticks = Number(fields[11]) + Number(fields[12])
    return { cpuMicros: ticks * TICK_MICROS, residentBytes: Number(fields[21]) * PAGE_BYTES }
  }

  async stop(): Promise<void> {
    const exited = new Promise<void>((resolve) => this.#child.once('exit', () => resolve()))
    this.#child.kill('SIGTERM')
    await exited
  }

  async #until(isReady: (status: number | null) => boolean): Promise<void> {
    const end = performance.now() + PATIENCE_MS
    while (performance.now() < end) {
      const answer = await fetch(`http://127.0.0.1:${this.port}/v1/sys/health`).catch(() => null)
      await answer?.arrayBuffer()
      if (isReady(answer?.status ?? null)) return
      await sleep(5)
    }
    throw new Error('the peer does not come up')
  }
}

/** With a nonce, which ours takes and does not ask for. Resolves to the new shares. */
export async function rekeyWithNonce(caller: Caller, keys: readonly string[]): Promise<readonly string[]> {
  const counts = { secret_shares: 5, secret_threshold: 3 }
  const { nonce } = await caller.call('PUT', '/v1/sys/rekey/init', counts)
  let answer = null
  for (const key of keys.slice(0, 3))
    answer = await caller.call('PUT', '/v1/sys/rekey/update', { key, nonce })
  return answer.keys
}
