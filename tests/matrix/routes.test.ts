import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { TestServer } from '../api/in-process.ts'

/**
 * Every route that the tables of the server have, asked by everybody: statuses as in `routes.txt`, which
 * people review. A route that is new, or a status that has changed, fails until its row is written and
 * looked at: `CONCLAVE_WRITE_GOLDEN=1 node --test tests/matrix/routes.test.ts`.
 */
const GOLDEN = new URL('./routes.txt', import.meta.url)

const CREDENTIALS = ['nobody', 'bogus', 'default', 'reader', 'writer', 'root'] as const
type Credential = (typeof CREDENTIALS)[number]

/** Ends the store for everything behind it. */
const LAST = ['/sys/step-down', '/sys/seal']

interface Asked {
  readonly label: string
  readonly template: string
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | undefined
}

type Document = { readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>> }
type Operation = { readonly parameters?: readonly { readonly name: string }[] }

const ALL = ['create', 'read', 'update', 'delete', 'list', 'scan', 'patch']
const policy = (capabilities: readonly string[]): string =>
  `path "*" { capabilities = ${JSON.stringify(capabilities)} }`

async function prepared(): Promise<TestServer> {
  const server = await TestServer.start()
  await server.open(1, 1)
  await server.asRoot('POST', '/v1/sys/mounts/kv2', { type: 'kv-v2' })
  await server.asRoot('PUT', '/v1/sys/policies/acl/reader', { policy: policy(['read', 'list', 'scan']) })
  await server.asRoot('PUT', '/v1/sys/policies/acl/writer', { policy: policy(ALL) })
  return server
}

/** What the tables say that can be asked, with harmless values. */
async function asked(server: TestServer): Promise<readonly Asked[]> {
  const document: Document = (await server.asRoot('GET', '/v1/sys/internal/specs/openapi')).body
  const all = Object.entries(document.paths).flatMap(([template, item]) =>
    Object.entries(item).flatMap(([method, operation]) => requestsOf(template, method, operation)),
  )
  const rank = ({ template }: Asked): number => LAST.indexOf(template)
  return all.sort((one, other) => rank(one) - rank(other) || (one.label < other.label ? -1 : 1))
}

function requestsOf(template: string, method: string, operation: Operation): readonly Asked[] {
  if (method === 'parameters') return []
  const path = `/v1${template.replace(/\{(\w+)\}/g, 'matrix-$1')}`
  const names = operation.parameters?.map(({ name }) => name) ?? []
  const modes = method === 'get' ? ['list', 'scan'].filter((mode) => names.includes(mode)) : []
  const isFolder = template.endsWith('/') && modes.length > 0
  const verbs = [...(isFolder ? [] : [method.toUpperCase()]), ...modes.map((mode) => mode.toUpperCase())]
  return verbs.map((verb): Asked => {
    const writes = ['POST', 'PUT', 'PATCH'].includes(verb)
    const type = verb === 'PATCH' ? 'application/merge-patch+json' : 'application/json'
    return {
      label: `${verb.padEnd(6)} ${template}`,
      template,
      method: verb,
      path,
      headers: writes ? { 'content-type': type } : {},
      body: writes ? '{}' : undefined,
    }
  })
}

/** A token of its own for every request: some of them end the one that asks. */
async function tokenFor(server: TestServer, credential: Credential): Promise<string | null> {
  if (credential === 'nobody') return null
  if (credential === 'bogus') return 'hvs.bogus'
  const made = { policies: [credential], ...(credential === 'default' ? {} : { no_default_policy: true }) }
  const { status, body } = await server.asRoot('POST', '/v1/auth/token/create', made)
  // Sealed by the request before: what is left of the rows is about that.
  if (status === 503) return server.rootToken
  assert.equal(status, 200, credential)
  return body.auth.client_token
}

async function statusOf(server: TestServer, one: Asked, credential: Credential): Promise<number> {
  const token = await tokenFor(server, credential)
  const leaving = new AbortController()
  const response = await fetch(server.origin + one.path, {
    method: one.method,
    headers: { ...one.headers, connection: 'close', ...(token === null ? {} : { 'x-vault-token': token }) },
    ...(one.body === undefined ? {} : { body: one.body }),
    signal: leaving.signal,
  })
  // A stream has no end of its own.
  leaving.abort()
  return response.status
}

async function column(credential: Credential): Promise<ReadonlyMap<string, number>> {
  const server = await prepared()
  try {
    const rows = new Map<string, number>()
    for (const one of await asked(server)) rows.set(one.label, await statusOf(server, one, credential))
    return rows
  } finally {
    await server.close()
  }
}

test('every route answers everybody as the reviewed table says (Z4)', async (t) => {
  const columns: ReadonlyMap<string, number>[] = []
  for (const credential of CREDENTIALS) columns.push(await column(credential))
  const labels = [...(columns[0]?.keys() ?? [])].sort((one, other) =>
    one.slice(7) < other.slice(7) ? -1 : 1,
  )
  const width = Math.max(...labels.map((label) => label.length))
  const line = (label: string, cells: readonly (string | number)[]): string =>
    `${label.padEnd(width)} ${cells.map((cell) => String(cell).padStart(8)).join('')}`
  const found = [
    line('', CREDENTIALS),
    ...labels.map((label) =>
      line(
        label,
        columns.map((rows) => rows.get(label) ?? '-'),
      ),
    ),
    '',
  ].join('\n')
  t.diagnostic(`Z4: ${labels.length} routes and operations, ${CREDENTIALS.length} credentials`)
  if (process.env['CONCLAVE_WRITE_GOLDEN'] === '1') writeFileSync(GOLDEN, found)
  assert.equal(found, readFileSync(GOLDEN, 'utf8'))
})

test('the reviewed table answers a stranger with a success where that is meant, and nowhere else', () => {
  const rows = readFileSync(GOLDEN, 'utf8').split('\n').slice(1)
  const open = rows.flatMap((row) => {
    const [verb, path, nobody = ''] = row.split(/\s+/)
    return nobody.startsWith('2') ? [`${verb} ${path}`] : []
  })
  assert.deepEqual(open, OPEN)
})

/**
 * By name, so that a further one is a change of this file. The listener of the test is on this machine, where
 * anyone may open and cancel ceremonies; without another node to step in, a step down is nothing.
 */
const OPEN: readonly string[] = [
  'GET /sys/custody/status',
  'DELETE /sys/generate-root/attempt',
  'GET /sys/generate-root/attempt',
  'POST /sys/generate-root/attempt',
  'GET /sys/health',
  'HEAD /sys/health',
  'GET /sys/init',
  'GET /sys/internal/specs/openapi',
  'POST /sys/internal/specs/openapi',
  'GET /sys/internal/ui/mounts',
  'GET /sys/internal/ui/mounts/',
  'GET /sys/leader',
  'DELETE /sys/rekey/init',
  'GET /sys/rekey/init',
  'GET /sys/seal-status',
  'POST /sys/step-down',
  'PUT /sys/step-down',
  'GET /sys/wrapping/pubkey',
]
