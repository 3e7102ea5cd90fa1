import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { ConclaveClient } from '../../client/conclave-client.ts'
import { TransportError } from '../../client/errors.ts'
import { freePort } from '../../client/free-port.ts'
import { UsageError } from '../failure.ts'
import type { CliIo } from '../io.ts'

const START_LIMIT_MS = 20_000
const START_POLL_MS = 50
/** How much of the server's own output is kept, to be shown when something goes wrong. */
const KEPT_OUTPUT_CHARS = 4000

/**
 * A real server as a child process: this same program, on a free port, with its store in a temporary
 * folder.
 */
export class DemoServer {
  readonly folder: string
  readonly address: string
  readonly #io: CliIo
  readonly #configFile: string
  #child: ChildProcess | null = null
  #closed: Promise<void> = Promise.resolve()
  #output = ''

  private constructor(io: CliIo, place: { folder: string; port: number; configFile: string }) {
    this.#io = io
    this.folder = place.folder
    this.address = `http://127.0.0.1:${place.port}`
    this.#configFile = place.configFile
  }

  /** Makes the folder and the configuration; starts nothing yet. */
  static async prepare(io: CliIo): Promise<DemoServer> {
    const folder = await mkdtemp(join(tmpdir(), 'conclave-demo-'))
    const port = await freePort()
    const config = {
      storage: { sqlite: { path: join(folder, 'data') } },
      listener: [{ tcp: { address: `127.0.0.1:${port}`, tls_disable: true } }],
    }
    const configFile = join(folder, 'server.json')
    await writeFile(configFile, JSON.stringify(config), { mode: 0o600 })
    return new DemoServer(io, { folder, port, configFile })
  }

  /** Starts the server and waits until it answers. The client is a fresh one, with no token. */
  async start(): Promise<ConclaveClient> {
    const [executable = '', ...rest] = this.#io.entry
    const child = spawn(executable, [...rest, 'server', `-config=${this.#configFile}`], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...this.#io.env },
    })
    this.#child = child
    child.on('error', (error) => this.#keep(String(error.message)))
    child.stdout.on('data', (piece: Buffer) => this.#keep(piece.toString('utf8')))
    child.stderr.on('data', (piece: Buffer) => this.#keep(piece.toString('utf8')))
    const { promise: closed, resolve } = Promise.withResolvers<void>()
    child.once('close', () => resolve())
    this.#closed = closed
    const client = this.connect(null)
    for (let waited = 0; waited < START_LIMIT_MS; waited += START_POLL_MS) {
      if (hasEnded(child)) {
        // Its last words may still be in the pipe.
        await closed
        throw new UsageError('the server ended at once')
      }
      if (await answers(client)) return client
      await pause(START_POLL_MS)
    }
    throw new UsageError(`the server did not answer within ${START_LIMIT_MS / 1000} s`)
  }

  /** A client of this server. */
  connect(token: string | null): ConclaveClient {
    return new ConclaveClient({ address: this.address, token })
  }

  /** The number of the running process. */
  get processId(): number {
    return this.#child?.pid ?? 0
  }

  /** Sends SIGKILL: the process gets no chance to finish anything. */
  kill(): void {
    this.#child?.kill('SIGKILL')
  }

  /** Sends SIGKILL and waits until the process is gone. */
  async killAndWait(): Promise<void> {
    const child = this.#child
    this.#child = null
    if (child === null) return
    child.kill('SIGKILL')
    await this.#closed
  }

  /** The end of what the server wrote. */
  lastWords(): string {
    return this.#output.trim()
  }

  /** Ends the process and takes the folder away. */
  async remove(): Promise<void> {
    await this.killAndWait()
    await rm(this.folder, { recursive: true, force: true, maxRetries: 3 })
  }

  #keep(text: string): void {
    this.#output = (this.#output + text).slice(-KEPT_OUTPUT_CHARS)
  }
}

function hasEnded(child: ChildProcess): boolean {
  return child.pid === undefined || child.exitCode !== null || child.signalCode !== null
}

async function answers(client: ConclaveClient): Promise<boolean> {
  try {
    await client.health()
    return true
  } catch (error) {
    if (error instanceof TransportError) return false
    throw error
  }
}
