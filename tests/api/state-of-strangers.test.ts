import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { LiveStore } from '../faults/live-store.ts'
import { SeededEntropy } from '../sim/seeded-entropy.ts'
import { type ServerProcess, temporaryFolder } from './server-process.ts'

/** The target is for a million; a commit shows as many as take some seconds. */
const REQUESTS = process.env['CONCLAVE_SLOW'] === '1' ? 1_000_000 : 20_000
/** Before the measurement: what a server needs for its first thousands is no state of strangers. */
const WARM_UP = REQUESTS / 4
const AT_ONCE = 16

type Headers = Readonly<Record<string, string>>
interface Foreign {
  readonly method: string
  readonly path: string
  readonly headers?: Headers
  readonly body?: unknown
}

/** No two of them name the same token, nonce, user, mount, namespace or host. */
const FOREIGN: readonly ((unique: string) => Foreign)[] = [
  (unique) => ({ method: 'GET', path: '/v1/secret/a', headers: { 'x-vault-token': `hvs.${unique}` } }),
  (unique) => ({ method: 'GET', path: `/v1/secret/${unique}` }),
  (unique) => ({ method: 'PUT', path: `/v1/auth/userpass/login/${unique}`, body: { password: unique } }),
  (unique) => ({ method: 'GET', path: '/v1/secret/a', headers: { 'x-vault-namespace': unique } }),
  (unique) => ({ method: 'PUT', path: '/v1/sys/wrapping/unwrap', body: { token: `hvs.${unique}` } }),
  (unique) => ({ method: 'PUT', path: '/v1/sys/rekey/update', body: { key: unique, nonce: unique } }),
  (unique) => ({ method: 'PUT', path: '/v1/sys/generate-root/update', body: { key: unique, nonce: unique } }),
  (unique) => ({ method: 'PUT', path: '/v1/sys/unseal', body: { key: `${unique}${unique}00` } }),
  (unique) => ({ method: 'GET', path: '/v1/secret/a', headers: { host: `${unique}.example` } }),
]

class Strangers {
  readonly taken: string[] = []
  readonly statuses = new Map<number, number>()
  readonly #agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE })
  readonly #chance = new SeededEntropy('state of strangers')
  readonly #origin: string

  constructor(origin: string) {
    this.#origin = origin
  }

  async send(count: number): Promise<void> {
    let left = count
    const one = async (): Promise<void> => {
      while (left-- > 0) await this.#ask(left)
    }
    await Promise.all(Array.from({ length: AT_ONCE }, one))
  }

  close(): void {
    this.#agent.destroy()
  }

  async #ask(turn: number): Promise<void> {
    const unique = Buffer.from(this.#chance.bytes(16)).toString('hex')
    const { method, path, headers, body } = FOREIGN[turn % FOREIGN.length]!(unique)
    const text = body === undefined ? '' : JSON.stringify(body)
    const { promise, resolve, reject } = Promise.withResolvers<number>()
    const length = { 'content-length': Buffer.byteLength(text) }
    const options = { method, agent: this.#agent, headers: { ...headers, ...length } }
    const sent = request(this.#origin + path, options, (answer) => {
      answer.resume().on('end', () => resolve(answer.statusCode ?? 0))
    })
    sent.on('error', reject).end(text)
    const status = await promise
    this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1)
    // 503: sealed.
    if ((status < 400 || status >= 500) && status !== 503) this.taken.push(`${method} ${path}: ${status}`)
  }
}

/** What the store holds: its entries, and the files beside it with their sizes, but for those of SQLite. */
function held(folder: string): unknown {
  const database = new DatabaseSync(join(folder, 'conclave.db'), { readOnly: true })
  const entries = database.prepare('SELECT count(*) AS entries FROM entries').get()
  database.close()
  const others = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (name) => !/\.db/.test(name),
  )
  return { ...entries, files: others.sort().map((name) => [name, statSync(join(folder, name)).size]) }
}

/** Not a number where the system does not say. */
function residentMiB(server: ServerProcess): number {
  if (process.platform !== 'linux') return Number.NaN
  const kib = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))?.[1]
  return Number(kib) / 1024
}

for (const state of ['open', 'sealed'] as const) {
  test(`${REQUESTS} strangers, all different, leave nothing in the store of a server that is ${state}`, async (t) => {
    const work = temporaryFolder()
    const store = await LiveStore.make(join(work.path, 'store'))
    t.after(async () => {
      await store.server.kill()
      work.remove()
    })
    if (state === 'sealed') assert.equal((await store.seal()).status, 204)
    const strangers = new Strangers(store.server.origin)
    await strangers.send(WARM_UP)
    const [before, rss] = [held(store.folder), residentMiB(store.server)]
    await strangers.send(REQUESTS)
    strangers.close()
    const growth = residentMiB(store.server) - rss
    t.diagnostic(`H9: ${REQUESTS} requests, ${growth.toFixed(1)} MiB more; target: 32 MiB for 1,000,000`)
    t.diagnostic([...strangers.statuses].map(([status, times]) => `${status}: ${times}`).join(', '))
    assert.deepEqual(strangers.taken.slice(0, 5), [])
    assert.deepEqual(held(store.folder), before)
  })
}
