import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { ServerProcess, temporaryFolder } from '../api/server-process.ts'
import { type Ran, runInTerminal, type Terminal } from './terminal.ts'

/** A server of its own process, initialised and open, and the command line at its side. */
export class OpenedServer {
  readonly folder: string
  readonly token: string
  /** The first shares, in hex. */
  readonly keys: readonly string[]
  server: ServerProcess
  readonly #remove: () => void

  private constructor(made: { server: ServerProcess; folder: string; remove: () => void }, init: Init) {
    this.server = made.server
    this.folder = made.folder
    this.#remove = made.remove
    this.token = init.root_token
    this.keys = init.keys
  }

  /** Ends, and its folder goes, with the test. */
  static async start(test: TestContext, shares: number, threshold: number): Promise<OpenedServer> {
    const { path: folder, remove } = temporaryFolder()
    const server = await ServerProcess.start(join(folder, 'data'))
    const wanted = { secret_shares: shares, secret_threshold: threshold }
    const { body } = await server.call('PUT', '/v1/sys/init', wanted)
    const opened = new OpenedServer({ server, folder, remove }, body)
    test.after(() => opened.stop())
    await server.unseal(opened.keys.slice(0, threshold))
    // A new store keeps no values anywhere; most tests want a place for some.
    await server.call('POST', '/v1/sys/mounts/secret', { type: 'kv' }, opened.token)
    return opened
  }

  /** One call of the command line, without a token. */
  async run(argv: readonly string[], terminal: Terminal = {}): Promise<Ran> {
    const env = { CONCLAVE_ADDR: this.server.origin, ...terminal.env }
    return await runInTerminal(argv, { ...terminal, env })
  }

  /** One call with the root token. */
  async asRoot(argv: readonly string[], terminal: Terminal = {}): Promise<Ran> {
    return await this.run(argv, { ...terminal, env: { CONCLAVE_TOKEN: this.token, ...terminal.env } })
  }

  /** A path in the folder of this test. */
  path(name: string): string {
    return join(this.folder, name)
  }

  /** A file with a secret in it; its path. */
  file(name: string, text: string): string {
    writeFileSync(this.path(name), text, { mode: 0o600 })
    return this.path(name)
  }

  /** `-share-file=…` for each of the first shares that is named by its number. */
  shareFiles(...numbers: readonly number[]): readonly string[] {
    return numbers.map((number) => `-share-file=${this.file(`old-${number}`, this.keys[number - 1] ?? '')}`)
  }

  /** Dies in the middle of whatever it does (kill -9), and comes back sealed. */
  async dieAndReturn(): Promise<void> {
    await this.server.kill()
    this.server = await ServerProcess.start(join(this.folder, 'data'))
  }

  /** Seals and tries to open with these shares. */
  async reopensWith(keys: readonly string[]): Promise<boolean> {
    await this.server.call('PUT', '/v1/sys/seal', undefined, this.token)
    return await this.server.unseal(keys)
  }

  async custody(): Promise<{ live: { number: number; words: string }; retiring: unknown }> {
    return (await this.server.call('GET', '/v1/sys/custody/status')).body
  }

  async stop(): Promise<void> {
    await this.server.stop()
    this.#remove()
  }
}

interface Init {
  readonly keys: readonly string[]
  readonly root_token: string
}
