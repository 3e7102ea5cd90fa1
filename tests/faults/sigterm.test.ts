import assert from 'node:assert/strict'
import { Agent, request } from 'node:http'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { ServerProcess, temporaryFolder } from '../api/server-process.ts'

const RUNS = process.env['CONCLAVE_SLOW'] === '1' ? 100 : 3
const CLIENTS = 32
/** Acknowledged before the signal, so that every client is in its stride. */
const UNDER_LOAD = 10 * CLIENTS
const LOAD_LIMIT_MS = 30_000
const ENDS_WITHIN_MS = 10_000

const work = temporaryFolder()
after(work.remove)

interface Written {
  /** Names of what was acknowledged. */
  readonly names: string[]
  /** Answers that were neither an acknowledgement nor a refusal that says why. */
  readonly odd: string[]
}

interface Writer {
  readonly origin: string
  readonly token: string
  readonly prefix: string
}

/** Writes one after the other on a connection that is kept, until it is refused or the server is gone. */
async function write({ origin, token, prefix }: Writer, written: Written): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  for (let n = 0; ; n++) {
    const name = `${prefix}-${n}`
    const status = await put(`${origin}/v1/secret/${name}`, { agent, token, body: `{"name":"${name}"}` })
    if (status === 204) written.names.push(name)
    else {
      if (status !== null && status !== 503) written.odd.push(`${status} for ${name}`)
      agent.destroy()
      return
    }
  }
}

/** The status; `null` where no answer came. */
function put(
  url: string,
  { agent, token, body }: { readonly agent: Agent; readonly token: string; readonly body: string },
): Promise<number | null> {
  const headers = { 'x-vault-token': token, 'content-length': body.length }
  return new Promise((resolve) => {
    const outgoing = request(url, { agent, method: 'PUT', headers }, (incoming) => {
      incoming.resume()
      incoming.on('end', () => resolve(incoming.statusCode ?? 0))
      incoming.on('error', () => resolve(null))
    })
    outgoing.on('error', () => resolve(null))
    outgoing.end(body)
  })
}

test(`SIGTERM beside ${CLIENTS} writers, ${RUNS} times: no acknowledged write is lost`, async (t) => {
  const folder = join(work.path, 'store')
  let server = await ServerProcess.start(folder)
  const counts = { secret_shares: 1, secret_threshold: 1 }
  const { body } = await server.call('PUT', '/v1/sys/init', counts)
  const [keys, token]: [string[], string] = [body.keys, body.root_token]
  const ends: number[] = []
  let acknowledged = 0
  for (let run = 0; run < RUNS; run++) {
    assert.equal(await server.unseal(keys), true)
    if (run === 0) await server.call('POST', '/v1/sys/mounts/secret', { type: 'kv' }, token)
    const written: Written = { names: [], odd: [] }
    const { origin } = server
    const writers = Array.from({ length: CLIENTS }, (_, client) =>
      write({ origin, token, prefix: `r${run}-c${client}` }, written),
    )
    for (let ms = 0; written.names.length < UNDER_LOAD && ms < LOAD_LIMIT_MS; ms += 10) await sleep(10)
    const began = performance.now()
    assert.equal(await server.stop(), 0)
    ends.push(performance.now() - began)
    await Promise.all(writers)
    assert.deepEqual(written.odd, [])
    assert.ok(written.names.length >= UNDER_LOAD, `${written.names.length} writes`)
    acknowledged += written.names.length
    server = await ServerProcess.start(folder)
    assert.equal(await server.unseal(keys), true)
    const stored = await server.call('GET', '/v1/secret/?list=true', undefined, token)
    const there = new Set<string>(stored.body.data.keys)
    assert.deepEqual(
      written.names.filter((name) => !there.has(name)),
      [],
    )
  }
  assert.equal(await server.stop(), 0)
  const slowest = Math.max(...ends)
  t.diagnostic(
    `O6: ${RUNS} runs, ${acknowledged} acknowledged writes, 0 lost; the slowest stop took ` +
      `${slowest.toFixed(0)} ms. Target: 0 lost, exit 0 within 5 s`,
  )
  assert.ok(slowest < ENDS_WITHIN_MS, `${slowest} ms`)
})
