import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { SeededEntropy } from '../sim/seeded-entropy.ts'
import { ServerProcess, temporaryFolder } from './server-process.ts'

const SECONDS = process.env['CONCLAVE_SLOW'] === '1' ? 30 : 5
const SEED = process.env['CONCLAVE_SEED'] ?? 'strangers'
const STRANGERS = 64
const PAUSE_MS = 150
/** What the server may grow by: its heap takes room under load, and keeps it. */
const MAX_GROWTH_MIB = 128

const folder = temporaryFolder()
after(folder.remove)

/** What a stranger does, with no token and no share that counts; `nonce` is public. */
interface Foreign {
  readonly what: string
  readonly method: 'PUT' | 'DELETE'
  readonly path: string
  /** The router turns them away for want of a token: that is for audit to record, and not for the journal. */
  readonly isAudited?: true
  body?(nonce: string, retired: string): unknown
}

const JUNK = 'c0'.repeat(33)
const NUMBERS = { secret_shares: 1, secret_threshold: 1 }
const INIT = '/v1/sys/rekey/init'
const UPDATE = '/v1/sys/rekey/update'
const VERIFY = '/v1/sys/rekey/verify'
const ATTEMPT = '/v1/sys/generate-root/attempt'

const FOREIGN: readonly Foreign[] = [
  { what: 'start', method: 'PUT', path: INIT, body: () => NUMBERS },
  { what: 'start', method: 'PUT', path: INIT, body: () => ({ ...NUMBERS, key: JUNK }) },
  { what: 'start', method: 'PUT', path: '/sys/rekey/init', body: () => NUMBERS },
  { what: 'start', method: 'PUT', path: ATTEMPT, body: () => ({}) },
  { what: 'start', method: 'PUT', path: '/v1/sys/rotate/root/init', isAudited: true, body: () => NUMBERS },
  { what: 'start', method: 'PUT', path: '/v1/sys/init', body: () => NUMBERS },
  { what: 'cancel', method: 'DELETE', path: INIT },
  { what: 'cancel', method: 'DELETE', path: INIT, body: (_, retired) => ({ key: retired }) },
  { what: 'cancel', method: 'DELETE', path: '/sys/rekey/init' },
  { what: 'cancel', method: 'DELETE', path: ATTEMPT },
  { what: 'cancel', method: 'DELETE', path: '/v1/sys/rotate/root/init', isAudited: true },
  { what: 'submit', method: 'PUT', path: UPDATE, body: (nonce) => ({ key: JUNK, nonce }) },
  { what: 'submit', method: 'PUT', path: UPDATE, body: (nonce, retired) => ({ key: retired, nonce }) },
  { what: 'submit', method: 'PUT', path: '/sys/rekey/update', body: () => ({ key: JUNK }) },
  {
    what: 'submit',
    method: 'PUT',
    path: '/v1/sys/generate-root/update',
    body: (nonce) => ({ key: JUNK, nonce }),
  },
  { what: 'verify', method: 'PUT', path: VERIFY, body: (nonce) => ({ key: JUNK, nonce }) },
  { what: 'verify', method: 'PUT', path: VERIFY, body: (nonce, retired) => ({ key: retired, nonce }) },
  { what: 'reset', method: 'DELETE', path: VERIFY },
  { what: 'reset', method: 'PUT', path: '/v1/sys/unseal', body: () => ({ reset: true }) },
  { what: 'seal', method: 'PUT', path: '/v1/sys/seal' },
  { what: 'nonsense', method: 'PUT', path: UPDATE, body: (nonce) => ({ key: [nonce] }) },
]
const STATUSES = [INIT, ATTEMPT, '/v1/sys/seal-status', '/v1/sys/custody/status']

/** 64 of them, each on connections of its own, who never wait. */
class Strangers {
  readonly histogram = new Map<string, number>()
  readonly unexpected: string[] = []
  refused = 0
  /** Those of them that the journal is to have. */
  journalled = 0
  calls = 0
  #isOver = false
  #nonce = ''
  readonly #origin: string
  readonly #retired: string
  readonly #agent = new Agent({ keepAlive: true, maxSockets: STRANGERS })
  readonly #at: Promise<unknown>

  constructor(origin: string, retired: string) {
    this.#origin = origin
    this.#retired = retired
    this.#at = Promise.all(Array.from({ length: STRANGERS }, (_, index) => this.#hammer(index)))
  }

  async stop(): Promise<void> {
    this.#isOver = true
    await this.#at
    this.#agent.destroy()
  }

  async #hammer(index: number): Promise<void> {
    const chance = new SeededEntropy(`${SEED}/${index}`)
    while (!this.#isOver) {
      if (chance.below(5) === 0) await this.#look(STATUSES[chance.below(STATUSES.length)]!)
      else await this.#try(FOREIGN[chance.below(FOREIGN.length)]!)
    }
  }

  async #look(path: string): Promise<void> {
    const { status, text } = await this.#send('GET', path)
    this.#count('status', status)
    if (status !== 200) this.unexpected.push(`GET ${path}: ${status}`)
    else if (path === INIT) {
      const { nonce, verification_nonce } = JSON.parse(text)
      this.#nonce = verification_nonce ?? nonce
    }
  }

  async #try({ what, method, path, isAudited, body }: Foreign): Promise<void> {
    const { status, text } = await this.#send(method, path, body?.(this.#nonce, this.#retired))
    this.#count(what, status)
    const isRefused = status >= 400 && status < 500
    if (isRefused) this.refused++
    if (isRefused && isAudited !== true) this.journalled++
    if (!isRefused) this.unexpected.push(`${method} ${path}: ${status} ${text}`)
  }

  #count(what: string, status: number): void {
    this.calls++
    const key = `${what} ${status}`
    this.histogram.set(key, (this.histogram.get(key) ?? 0) + 1)
  }

  #send(method: string, path: string, body?: unknown): Promise<{ status: number; text: string }> {
    return new Promise((resolve, reject) => {
      const text = body === undefined ? '' : JSON.stringify(body)
      // Node frames no body of a DELETE by itself.
      const headers = { 'content-length': Buffer.byteLength(text) }
      const sent = request(this.#origin + path, { method, headers, agent: this.#agent }, (answer) => {
        let read = ''
        answer.setEncoding('utf8').on('data', (chunk: string) => {
          read += chunk
        })
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text: read }))
      })
      sent.on('error', reject)
      sent.end(text)
    })
  }
}

/** People who hold shares, and take their time. */
class Holders {
  readonly #server: ServerProcess
  readonly #token: string
  keys: string[]
  /** Milliseconds of each of their calls. */
  readonly latencies: number[] = []
  readonly completed = { verified: 0, direct: 0, 'root token': 0 }

  constructor(server: ServerProcess, opened: { readonly keys: string[]; readonly token: string }) {
    this.#server = server
    this.keys = opened.keys
    this.#token = opened.token
  }

  async verified(): Promise<void> {
    const answer = await this.#rekey({ require_verification: true, key: this.keys[2] }, null)
    const { keys, verification_nonce: nonce } = answer
    for (const [given, key] of keys.slice(0, 2).entries()) {
      await pause(PAUSE_MS)
      assert.equal((await this.#call('GET', VERIFY)).progress, given, 'nobody else has verified anything')
      const { complete } = await this.#call('PUT', VERIFY, { key, nonce })
      assert.equal(complete === true, given === 1)
    }
    this.keys = keys
    this.completed.verified++
  }

  async direct(): Promise<void> {
    const { keys } = await this.#rekey({}, this.#token)
    for (const key of keys.slice(0, 2)) await this.#call('PUT', '/v1/sys/unseal', { key })
    const { retiring } = await this.#call('GET', '/v1/sys/custody/status')
    assert.equal(retiring, null, 'proven by two new shares')
    this.keys = keys
    this.completed.direct++
  }

  async rootToken(): Promise<void> {
    const { nonce } = await this.#call('PUT', ATTEMPT, {}, this.#token)
    for (const [given, key] of this.keys.slice(0, 2).entries()) {
      await pause(PAUSE_MS)
      const status = await this.#call('GET', ATTEMPT)
      assert.deepEqual([status.nonce, status.progress], [nonce, given], 'nobody else has moved it')
      const { complete } = await this.#call('PUT', '/v1/sys/generate-root/update', { key, nonce })
      assert.equal(complete, given === 1)
    }
    this.completed['root token']++
  }

  async #rekey(terms: object, token: string | null): Promise<{ keys: string[]; verification_nonce: string }> {
    const asked = { secret_shares: 3, secret_threshold: 2, ...terms }
    const { nonce } = await this.#call('PUT', INIT, asked, token)
    for (const [given, key] of this.keys.slice(0, 2).entries()) {
      await pause(PAUSE_MS)
      const status = await this.#call('GET', INIT)
      assert.deepEqual(
        [status.nonce, status.progress, status.n],
        [nonce, given, 3],
        'nobody else has moved it',
      )
      const answer = await this.#call('PUT', UPDATE, { key, nonce })
      if (answer.complete === true) return answer
    }
    assert.fail('two shares complete it')
  }

  // biome-ignore lint/suspicious/noExplicitAny: answers have many shapes
  async #call(method: string, path: string, body?: unknown, token: string | null = null): Promise<any> {
    const started = performance.now()
    const answer = await this.#server.call(method, path, body, token ?? undefined)
    this.latencies.push(performance.now() - started)
    assert.equal(answer.status, 200, `${method} ${path}: ${JSON.stringify(answer.body)}`)
    return answer.body
  }
}

function start(): Promise<ServerProcess> {
  const file = join(folder.path, 'guarded.hcl')
  writeFileSync(
    file,
    `storage "file" {
  path = "${join(folder.path, 'store')}"
}
listener "tcp" {
  address         = "127.0.0.1:0"
  tls_disable     = true
  ceremony_access = "guarded"
}
`,
  )
  return ServerProcess.run([`-config=${file}`])
}

const spread = (times: readonly number[]): string => {
  const sorted = times.toSorted((one, other) => one - other)
  const at = (share: number): string => (sorted[Math.floor((sorted.length - 1) * share)] ?? 0).toFixed(1)
  return `median ${at(0.5)} ms, 95 % ${at(0.95)} ms, longest ${at(1)} ms`
}

/** Memory of the server's process in MiB; `null` where the system does not say. */
function residentMiB(server: ServerProcess): number | null {
  try {
    const kib = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))?.[1]
    return kib === undefined ? null : Number(kib) / 1024
  } catch {
    return null
  }
}

/** How many refusals the journal stands for, and of how many lines. */
async function refusals(server: ServerProcess, token: string): Promise<{ times: number; lines: number }> {
  let after = 0
  let times = 0
  let lines = 0
  for (;;) {
    const { body } = await server.call('GET', `/v1/sys/custody/journal?after=${after}`, undefined, token)
    const { entries } = body.data
    if (entries.length === 0) return { times, lines }
    for (const { event, count, sequence } of entries) {
      after = sequence
      if (event !== 'refused' && event !== 'throttled') continue
      times += count
      lines++
    }
  }
}

test(`${STRANGERS} strangers for ${SECONDS} s on a guarded listener: every ceremony completes, no call of theirs counts`, async (t) => {
  const server = await start()
  t.after(() => server.kill())
  const { body } = await server.call('PUT', '/v1/sys/init', { secret_shares: 3, secret_threshold: 2 })
  const token: string = body.root_token
  assert(await server.unseal(body.keys))
  const alone = new Holders(server, { keys: body.keys, token })
  for (const cycle of [() => alone.verified(), () => alone.direct(), () => alone.rootToken()]) await cycle()
  const before = residentMiB(server)
  const strangers = new Strangers(server.origin, body.keys[0])
  const holders = new Holders(server, { keys: alone.keys, token })
  const ends = performance.now() + SECONDS * 1000
  try {
    while (performance.now() < ends) {
      await holders.verified()
      await holders.direct()
      await holders.rootToken()
    }
  } finally {
    await strangers.stop()
  }
  const rss = residentMiB(server)
  t.diagnostic(`completed: ${JSON.stringify(holders.completed)}`)
  t.diagnostic(`calls of strangers: ${strangers.calls}, ${strangers.refused} refused`)
  t.diagnostic(
    `their answers: ${[...strangers.histogram]
      .toSorted()
      .map((row) => row.join(': '))
      .join(', ')}`,
  )
  t.diagnostic(
    `a call of a holder: alone ${spread(alone.latencies)}; among them ${spread(holders.latencies)}`,
  )
  t.diagnostic(`memory of the server: ${before?.toFixed(0)} MiB before, ${rss?.toFixed(0)} MiB after`)
  assert.deepEqual(strangers.unexpected.slice(0, 5), [])
  if (before !== null && rss !== null)
    assert(rss - before < MAX_GROWTH_MIB, `${before} MiB became ${rss} MiB`)

  // What is still being counted becomes lines at a clean stop.
  assert.equal(await server.stop(), 0)
  const again = await start()
  t.after(() => again.kill())
  assert(await again.unseal(holders.keys))
  const { times, lines } = await refusals(again, token)
  t.diagnostic(`journal: ${times} refusals in ${lines} lines`)
  assert.equal(times, strangers.journalled, 'each refusal is in the journal')
})
