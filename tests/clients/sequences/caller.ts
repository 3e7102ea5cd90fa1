import assert from 'node:assert/strict'
import { request } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { ServerProcess, temporaryFolder } from '../../api/server-process.ts'
import { Recorder } from '../recorder.ts'

export interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  // biome-ignore lint/suspicious/noExplicitAny: what a client reads has many shapes
  readonly body: any
}

/** One program that talks to a server, with the headers that it sends always and no others. */
export class Caller {
  readonly #origin: string
  readonly #headers: Readonly<Record<string, string>>
  token: string

  constructor(origin: string, token: string, headers: Readonly<Record<string, string>>) {
    this.#origin = origin
    this.token = token
    this.#headers = headers
  }

  /** `more` are headers of this request; of a `body` of undefined nothing is sent. */
  async ask(
    method: string,
    path: string,
    body?: unknown,
    more: Readonly<Record<string, string>> = {},
  ): Promise<Reply> {
    const { promise, resolve, reject } = Promise.withResolvers<Reply>()
    const bytes = body === undefined ? null : Buffer.from(JSON.stringify(body))
    const outgoing = request(`${this.#origin}/v1/${path}`, {
      method,
      headers: {
        ...this.#headers,
        ...(this.token === '' ? {} : { 'x-vault-token': this.token }),
        ...(bytes === null ? {} : { 'content-length': bytes.length }),
        ...more,
      },
    })
    outgoing.on('error', reject)
    outgoing.on('response', async (incoming) => {
      const answer = await text(incoming)
      const parsed = answer === '' ? null : JSON.parse(answer)
      resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: parsed })
    })
    outgoing.end(bytes ?? undefined)
    return await promise
  }

  /** What it asks, and the status that must come; the body. */
  async expect(status: number, ...what: Parameters<Caller['ask']>): Promise<Reply['body']> {
    const reply = await this.ask(...what)
    assert.equal(reply.status, status, `${what[0]} ${what[1]}: ${JSON.stringify(reply.body)}`)
    return reply.body
  }

  /** The same program with another token. */
  as(token: string): Caller {
    return new Caller(this.#origin, token, this.#headers)
  }
}

/** The Go client: both command lines, Terraform, Agent, External Secrets. Its bodies have no type. */
export const GO_CLIENT = {
  'user-agent': 'Go-http-client/1.1',
  'x-vault-request': 'true',
  'accept-encoding': 'gzip',
}

/** What a PATCH has beside. */
export const MERGE_PATCH = { 'content-type': 'application/merge-patch+json' }

/** Programs on the Java virtual machine and in Rust, which say what they send. */
export const JSON_CLIENT = { 'content-type': 'application/json', accept: 'application/json' }

export interface OpenServer {
  readonly origin: string
  readonly rootToken: string
  readonly key: string
  close(): Promise<void>
}

/**
 * A process with a store of its own, initialised and open: KV in version 2 at `secret/`, in version 1 at
 * `kv1/`. With CONCLAVE_RECORDINGS, a folder, what is said is written there.
 */
export async function openServer(name: string): Promise<OpenServer> {
  const folder = temporaryFolder()
  const server = await ServerProcess.start(join(folder.path, 'data'))
  const recordings = process.env['CONCLAVE_RECORDINGS']
  const recorder =
    recordings === undefined
      ? null
      : await Recorder.start(server.origin, join(recordings, `${name}.jsonl`), name)
  const close = async (): Promise<void> => {
    await recorder?.close()
    await server.stop()
    folder.remove()
  }
  const origin = recorder?.origin ?? server.origin
  const cli = new Caller(origin, '', GO_CLIENT)
  const { keys_base64, root_token } = await cli.expect(200, 'PUT', 'sys/init', {
    secret_shares: 1,
    secret_threshold: 1,
  })
  await cli.expect(200, 'PUT', 'sys/unseal', { key: keys_base64[0], reset: false, migrate: false })
  const root = cli.as(root_token)
  // What may stand there by itself gives way.
  await root.expect(204, 'DELETE', 'sys/mounts/secret')
  await root.expect(204, 'POST', 'sys/mounts/secret', { type: 'kv', options: { version: '2' } })
  await root.expect(204, 'POST', 'sys/mounts/kv1', { type: 'kv' })
  return { origin, rootToken: root_token, key: keys_base64[0], close }
}

/** The names and the kinds of what a reader relies on: `number`, `string|null`, `string[]` and so on. */
export function kinds(value: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, kindOf(one)]))
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'array' : typeof value
}
