import assert from 'node:assert/strict'
import { join } from 'node:path'
import { type Answer, ServerProcess } from '../api/server-process.ts'
import type { SmallDisk } from './small-disk.ts'

export interface StartOptions {
  readonly environment?: NodeJS.ProcessEnv
}

/** A server on a folder, and what its holders have: to start it, open it, and work on it as they would. */
export class LiveStore {
  readonly folder: string
  keys: readonly string[]
  readonly token: string
  server: ServerProcess

  private constructor(folder: string, server: ServerProcess, init: { keys: string[]; root_token: string }) {
    this.folder = folder
    this.server = server
    this.keys = init.keys
    this.token = init.root_token
  }

  /** Initialised with 2 of 3 shares, and open. */
  static async make(folder: string, options: StartOptions = {}): Promise<LiveStore> {
    const server = await startOn(folder, options)
    const { body } = await server.call('PUT', '/v1/sys/init', { secret_shares: 3, secret_threshold: 2 })
    const store = new LiveStore(folder, server, body)
    await store.unseal()
    await server.call('POST', '/v1/sys/mounts/secret', { type: 'kv' }, store.token)
    return store
  }

  /** Behind a server that has ended. */
  async restart(options: StartOptions = {}): Promise<void> {
    this.server = await startOn(this.folder, options)
    await this.unseal()
  }

  async unseal(): Promise<void> {
    assert(await this.server.unseal(this.keys), 'the shares open the store')
  }

  seal(): Promise<Answer> {
    return this.server.call('PUT', '/v1/sys/seal', {}, this.token)
  }

  write(name: string, data: unknown): Promise<Answer> {
    return this.server.call('PUT', `/v1/secret/${name}`, data, this.token)
  }

  read(name: string): Promise<Answer> {
    return this.server.call('GET', `/v1/secret/${name}`, undefined, this.token)
  }

  health(): Promise<Answer> {
    return this.server.call('GET', '/v1/sys/health')
  }

  /** The nonce of a rekey that begins, to as many shares of which as many open. */
  async startRekey(): Promise<string> {
    const { body } = await this.server.call('PUT', '/v1/sys/rekey/init', {
      secret_shares: 3,
      secret_threshold: 2,
    })
    return String(body.nonce)
  }

  giveForRekey(nonce: string, share: number): Promise<Answer> {
    return this.server.call('PUT', '/v1/sys/rekey/update', { nonce, key: this.keys[share] })
  }

  async rekeyProgress(): Promise<number> {
    return (await this.server.call('GET', '/v1/sys/rekey/init')).body.progress
  }

  /** Refused on the server's side, with this code and a sentence that says what to do. */
  refuses(answer: Answer, code: string, sentence: RegExp): void {
    assert.equal(answer.status, 500, JSON.stringify(answer.body))
    assert.equal(answer.body.code, code)
    assert.match(answer.body.errors[0], sentence)
  }
}

/** With an open store on a disk of its own. Both end with `run`, whatever comes of it. */
export async function onDisk(disk: SmallDisk, run: (store: LiveStore) => Promise<void>): Promise<void> {
  try {
    const store = await LiveStore.make(join(disk.path, 'store'))
    await run(store).finally(() => store.server.stop())
  } finally {
    disk.unmount()
  }
}

function startOn(folder: string, { environment }: StartOptions): Promise<ServerProcess> {
  const given = environment === undefined ? {} : { environment }
  return ServerProcess.run([`-data=${folder}`, '-address=127.0.0.1:0'], given)
}
