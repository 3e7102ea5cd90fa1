import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inTime } from './patience.ts'

export interface Answer {
  readonly status: number
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of many shapes
  readonly body: any
}

/** The sources, unless a run is to look at what was built. */
export const MAIN = process.env['CONCLAVE_MAIN'] ?? new URL('../../src/main.ts', import.meta.url).pathname

/** A server as an operator runs it: a process of its own, on embedded storage. */
export class ServerProcess {
  readonly origin: string
  readonly #child: ChildProcess
  readonly #exited: Promise<number | null>
  readonly #talk: () => string

  private constructor(
    child: ChildProcess,
    started: {
      readonly origin: string
      readonly exited: Promise<number | null>
      readonly talk: () => string
    },
  ) {
    this.#child = child
    this.origin = started.origin
    this.#exited = started.exited
    this.#talk = started.talk
  }

  /** Starts on `folder` and waits until it says where it listens. */
  static start(folder: string, nodeFlags: readonly string[] = []): Promise<ServerProcess> {
    return ServerProcess.run([`-data=${folder}`, '-address=127.0.0.1:0'], { nodeFlags })
  }

  /** The same, with the flags of `conclave server` and variables beside those of this process. */
  static async run(
    serverFlags: readonly string[],
    options: {
      readonly nodeFlags?: readonly string[]
      readonly environment?: NodeJS.ProcessEnv
      /** Another program that runs a server, with words of its own instead of flags. */
      readonly main?: string
    } = {},
  ): Promise<ServerProcess> {
    const program = options.main === undefined ? [MAIN, 'server'] : [options.main]
    const flags = ['--disable-warning=ExperimentalWarning', ...(options.nodeFlags ?? []), ...program]
    const child = spawn(process.execPath, [...flags, ...serverFlags], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...options.environment },
    })
    const exited = new Promise<number | null>((resolve) => child.once('exit', resolve))
    let talk = ''
    child.stderr?.on('data', (chunk) => {
      talk += String(chunk)
    })
    const started = new Promise<string>((resolve, reject) => {
      child.stdout?.on('data', (chunk) => {
        talk += String(chunk)
        const found = /Listener 1: (\S+)/.exec(talk)?.[1]
        if (found !== undefined) resolve(found)
      })
      void exited.then((code) => reject(new Error(`the server ended with ${code}: ${talk}`)))
    })
    const origin = await inTime('the start of a server', () => started).catch((error: unknown) => {
      child.kill('SIGKILL')
      throw error
    })
    return new ServerProcess(child, { origin, exited, talk: () => talk })
  }

  /** All that it has said so far, on both streams. */
  get talk(): string {
    return this.#talk()
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  async call(method: string, path: string, body?: unknown, token?: string): Promise<Answer> {
    return await inTime(`${method} ${path}`, async (signal) => {
      const response = await fetch(this.origin + path, {
        method,
        headers: { connection: 'close', ...(token === undefined ? {} : { 'x-vault-token': token }) },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal,
      })
      const text = await response.text()
      return { status: response.status, body: text === '' ? null : JSON.parse(text) }
    })
  }

  /** Gives shares until one is refused or the store is open; whether it is open. */
  async unseal(keys: readonly string[]): Promise<boolean> {
    let open = false
    for (const key of keys) {
      const { body } = await this.call('PUT', '/v1/sys/unseal', { key })
      open = body.sealed === false
      if (open || body.sealed === undefined) break
    }
    return open
  }

  /** No handler runs, nothing is flushed. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#exited
  }

  /** A clean stop; the exit code. */
  async stop(): Promise<number | null> {
    this.#child.kill('SIGTERM')
    return await inTime('the stop of a server', () => this.#exited)
  }

  get exited(): Promise<number | null> {
    return this.#exited
  }
}

const temporary = new Set<string>()
process.once('exit', () => temporary.forEach(discard))

/** A folder that goes with the test; where the test fails before it could remove it, with its process. */
export function temporaryFolder(): { readonly path: string; readonly remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'conclave-test-'))
  temporary.add(path)
  const remove = (): void => {
    temporary.delete(path)
    discard(path)
  }
  return { path, remove }
}

function discard(path: string): void {
  rmSync(path, { recursive: true, force: true })
}
