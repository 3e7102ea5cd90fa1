import { globSync, readFileSync } from 'node:fs'
import { TestServer } from '../api/in-process.ts'
import { Conformance, type Exchange } from './conformance.ts'

/**
 * `node tests/openapi/check-recordings.ts FOLDER`: holds every answer that other people's clients got
 * (`npm run clients` with `CONCLAVE_RECORDINGS=FOLDER`) against the API document. Exit 1 where one differs.
 */
interface Recorded extends Omit<Exchange, 'body'> {
  readonly client: string
  readonly request: unknown
  readonly response: unknown
}

/** Where the document has a mount of each kind. */
const DESCRIBED = { 1: '/v1/one/', 2: '/v1/two/' } as const
type Version = keyof typeof DESCRIBED

/** The KV mounts of a recording, as they come and go. */
class Mounts {
  readonly #versions = new Map<string, Version>()

  note({ method, path, status, request }: Recorded): void {
    if (status >= 300 || (method !== 'POST' && method !== 'PUT')) return
    const asked = (request ?? {}) as { readonly [member: string]: unknown }
    const options = (asked['options'] ?? {}) as { readonly version?: unknown }
    const tuned = /^\/v1\/sys\/mounts\/(.+)\/tune$/.exec(path)?.[1]
    const mounted = /^\/v1\/sys\/mounts\/(.+?)\/?$/.exec(path)?.[1]
    if (tuned !== undefined && String(options.version) === '2') this.#versions.set(`${tuned}/`, 2)
    else if (tuned === undefined && mounted !== undefined) {
      const isSecond = asked['type'] === 'kv-v2' || String(options.version) === '2'
      this.#versions.set(`${mounted}/`, isSecond ? 2 : 1)
    }
    if (path === '/v1/sys/remount') this.#move(String(asked['from']), String(asked['to']))
  }

  /** The path as the document has it. */
  described(path: string): string {
    for (const [mount, version] of this.#versions) {
      if (`${path}/` === `/v1/${mount}`) return DESCRIBED[version]
      if (path.startsWith(`/v1/${mount}`)) return DESCRIBED[version] + path.slice(`/v1/${mount}`.length)
    }
    return path
  }

  #move(from: string, to: string): void {
    const version = this.#versions.get(`${from.replace(/\/$/, '')}/`)
    if (version !== undefined) this.#versions.set(`${to.replace(/\/$/, '')}/`, version)
  }
}

async function conformance(): Promise<Conformance> {
  const server = await TestServer.start()
  try {
    await server.open(1, 1)
    await server.asRoot('POST', '/v1/sys/mounts/one', { type: 'kv' })
    await server.asRoot('POST', '/v1/sys/mounts/two', { type: 'kv-v2' })
    return new Conformance((await server.asRoot('GET', '/v1/sys/internal/specs/openapi')).body)
  } finally {
    await server.close()
  }
}

function isOurs({ path, response }: Recorded): boolean {
  // The face of before `/v1` is described in words, and text is no JSON.
  return path.startsWith('/v1/') && !path.includes('/specs/openapi') && typeof response !== 'string'
}

const [folder = ''] = process.argv.slice(2)
const document = await conformance()
const faults = new Map<string, number>()
let checked = 0
for (const file of globSync(`${folder}/*.jsonl`)) {
  const mounts = new Mounts()
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    if (line === '') continue
    const recorded: Recorded = JSON.parse(line)
    mounts.note(recorded)
    if (!isOurs(recorded) || recorded.query.includes('help=')) continue
    const { method, query, status, response } = recorded
    const fault = document.fault({
      method,
      path: mounts.described(recorded.path),
      query,
      status,
      body: response,
    })
    checked++
    if (fault !== null) faults.set(fault, (faults.get(fault) ?? 0) + 1)
  }
}
for (const [fault, count] of faults) process.stdout.write(`${count} x ${fault}\n`)
process.stdout.write(
  `${checked} answers checked against the API document, ${faults.size} kinds of them otherwise\n`,
)
process.exitCode = faults.size > 0 || checked === 0 ? 1 : 0
