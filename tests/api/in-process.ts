import { DEFAULT_CONFIG, type ServerConfig } from '../../src/config/config.ts'
import { type RunningListener, startListener } from '../../src/http/listener.ts'
import type { SecretsEngine } from '../../src/logical/backend.ts'
import { buildServer, type Server } from '../../src/server/build.ts'
import { serviceBy } from '../../src/server/listener-service.ts'
import type { Log } from '../../src/server/log.ts'
import { LogTaps } from '../../src/server/log-taps.ts'
import { loadStorage } from '../../src/server/storage.ts'
import { systemClock } from '../../src/server/system-ports.ts'
import { inTime } from './patience.ts'

export interface Answer {
  readonly status: number
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of many shapes
  readonly body: any
  readonly headers: Headers
}

/** A whole server in this process, on a real socket, its store in memory where no other is told. */
export class TestServer {
  readonly server: Server
  readonly logged: string[]
  readonly #listener: RunningListener
  rootToken = ''

  private constructor(server: Server, listener: RunningListener, logged: string[]) {
    this.server = server
    this.#listener = listener
    this.logged = logged
  }

  static async start(
    listener: Partial<ServerConfig['listeners'][number]> = {},
    top: Partial<ServerConfig> = {},
    engines: Readonly<Record<string, SecretsEngine>> = {},
  ): Promise<TestServer> {
    const config: ServerConfig = { ...DEFAULT_CONFIG, storage: { type: 'inmem' }, ...top }
    const settings = { ...DEFAULT_CONFIG.listeners[0]!, port: 0, ...listener }
    const logged: string[] = []
    const line =
      (level: string) =>
      (event: string, facts: unknown): void =>
        void logged.push(`${level} ${event} ${JSON.stringify(facts ?? {})}`)
    const plain: Log = {
      debug: line('debug'),
      info: line('info'),
      warn: line('warn'),
      error: line('error'),
      flush: () => undefined,
    }
    const server = await buildServer(config, new LogTaps(plain), {
      fatal: (error) => logged.push(`fatal ${String(error)}`),
      rootToken: null,
      isForDevelopment: false,
      engines,
      storage: await (await loadStorage(config.storage))(),
    })
    const running = await startListener({
      address: { host: '127.0.0.1', port: settings.port },
      tls: null,
      clock: systemClock,
      log: server.logExchange,
      service: {
        ...serviceBy(server.service, settings),
        maxBodyBytes: settings.maxRequestBytes,
        listener: {
          listener: 'test',
          access: {
            rekey: settings.ceremonyAccess,
            generateRoot: settings.ceremonyAccess,
            unseal: settings.ceremonyAccess,
          },
          serverNames: [],
          isUnix: false,
          retireOn: settings.retireOn,
        },
      },
    })
    return new TestServer(server, running, logged)
  }

  get origin(): string {
    return `http://127.0.0.1:${this.#listener.address.port}`
  }

  /** One request on a connection of its own, which ends in order once the answer was read. */
  async call(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    return await inTime(`${method} ${path}`, async (signal) => {
      const response = await fetch(this.origin + path, {
        method,
        headers: { connection: 'close', ...headers },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
        signal,
      })
      const text = await response.text()
      const parsed = text === '' ? null : JSON.parse(text)
      return { status: response.status, body: parsed, headers: response.headers }
    })
  }

  /** With the root token. */
  async asRoot(method: string, path: string, body?: unknown): Promise<Answer> {
    return await this.call(method, path, body, { 'x-vault-token': this.rootToken })
  }

  /** Initialises and opens; the shares in hex. */
  async open(shares: number, threshold: number): Promise<string[]> {
    const init = await this.call('PUT', '/v1/sys/init', {
      secret_shares: shares,
      secret_threshold: threshold,
    })
    this.rootToken = init.body.root_token
    const keys: string[] = init.body.keys
    await this.unseal(keys.slice(0, threshold))
    // A new store keeps no values anywhere; most tests want a place for some.
    await this.asRoot('POST', '/v1/sys/mounts/secret', { type: 'kv' })
    return keys
  }

  async unseal(keys: readonly string[]): Promise<Answer> {
    let answer: Answer | null = null
    for (const key of keys) answer = await this.call('PUT', '/v1/sys/unseal', { key })
    return answer!
  }

  /** Seals and tries to open with these shares. */
  async reopensWith(keys: readonly string[]): Promise<boolean> {
    await this.asRoot('PUT', '/v1/sys/seal')
    const answer = await this.unseal(keys)
    return answer.body.sealed === false
  }

  async close(): Promise<void> {
    await inTime('the end of the listener', () => this.#listener.close(500))
    await inTime('the stop of the custodian', () => this.server.custodian.stop())
    await inTime('the end of the storage', () => this.server.storage.close())
  }
}
