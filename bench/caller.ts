import { Agent, request as sendRequest } from 'node:http'

/** Single requests to a server, over one connection that is kept. */
export class Caller {
  readonly port: number
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 })
  token: string | null = null

  constructor(port: number) {
    this.port = port
  }

  /** The parsed answer. Rejects when it is not a success. */
  // biome-ignore lint/suspicious/noExplicitAny: benchmarks look into answers of many shapes
  async call(method: string, path: string, body?: unknown): Promise<any> {
    const { text } = await this.raw(method, path, body)
    return text === '' ? null : JSON.parse(text)
  }

  /** The answer as it came. */
  async raw(method: string, path: string, body?: unknown): Promise<RawAnswer> {
    const { promise, resolve, reject } = Promise.withResolvers<RawAnswer>()
    const sent = body === undefined ? '' : JSON.stringify(body)
    const headers = {
      ...(this.token === null ? {} : { 'x-vault-token': this.token }),
      ...(sent === '' ? {} : { 'content-length': String(Buffer.byteLength(sent)) }),
    }
    const options = { host: '127.0.0.1', port: this.port, method, path, headers, agent: this.#agent }
    const outbound = sendRequest(options, async (inbound) => {
      const pieces: Buffer[] = []
      for await (const piece of inbound) pieces.push(piece)
      const text = Buffer.concat(pieces).toString()
      const status = inbound.statusCode ?? 0
      if (status < 200 || status > 299) reject(new Error(`${method} ${path}: ${status} ${text}`))
      resolve({ status, headers: inbound.headers, text })
    })
    outbound.once('error', reject).end(sent)
    return await promise
  }

  /** Initialises, opens, and keeps the root token; the shares in hex. */
  async open(shares: number, threshold: number): Promise<readonly string[]> {
    const counts = { secret_shares: shares, secret_threshold: threshold }
    const init = await this.call('PUT', '/v1/sys/init', counts)
    this.token = init.root_token
    await this.unseal(init.keys, threshold)
    await this.call('POST', '/v1/sys/mounts/secret', { type: 'kv' })
    return init.keys
  }

  async unseal(keys: readonly string[], threshold: number): Promise<void> {
    for (const key of keys.slice(0, threshold)) await this.call('PUT', '/v1/sys/unseal', { key })
  }

  close(): void {
    this.#agent.destroy()
  }
}

export interface RawAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly text: string
}

/** Milliseconds that `act` takes. */
export async function timed(act: () => Promise<unknown>): Promise<number> {
  const started = performance.now()
  await act()
  return performance.now() - started
}
