import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import type { TestServer } from '../api/in-process.ts'
import { inTime } from '../api/patience.ts'
import { EXAMPLES, type Wanted } from './examples.ts'
import { Stage } from './stage.ts'

/**
 * Every route that the tables of the server have, asked by everybody with what it takes (`examples.ts`):
 * statuses as in `routes.txt`, which people review, and answers as the API document says. A route that is
 * new, or a status that has changed, fails until its row is written and looked at:
 * `CONCLAVE_WRITE_GOLDEN=1 node --test tests/matrix/routes.test.ts`.
 */
const GOLDEN = new URL('./routes.txt', import.meta.url)

const CREDENTIALS = ['nobody', 'bogus', 'default', 'reader', 'writer', 'root'] as const
type Credential = (typeof CREDENTIALS)[number]

/** Ends the store for everything behind it. */
const LAST = ['/sys/step-down', '/sys/seal']

interface Asked {
  /** Of its row. */
  readonly label: string
  readonly template: string
  readonly method: string
  readonly writes: boolean
}

type Document = { readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>> }
type Operation = { readonly parameters?: readonly { readonly name: string }[] }

/** What the tables say that can be asked. */
async function rowsOf({ server }: Stage): Promise<readonly Asked[]> {
  const document: Document = (await server.asRoot('GET', '/v1/sys/internal/specs/openapi')).body
  const all = Object.entries(document.paths).flatMap(([template, item]) =>
    Object.entries(item).flatMap(([method, operation]) => requestsOf(template, method, operation)),
  )
  const rank = ({ template }: Asked): number => LAST.indexOf(template)
  return all.sort((one, other) => rank(one) - rank(other) || (one.label < other.label ? -1 : 1))
}

function requestsOf(template: string, method: string, operation: Operation): readonly Asked[] {
  if (method === 'parameters') return []
  const names = operation.parameters?.map(({ name }) => name) ?? []
  const modes = method === 'get' ? ['list', 'scan'].filter((mode) => names.includes(mode)) : []
  const isFolder = template.endsWith('/') && modes.length > 0
  const verbs = [...(isFolder ? [] : [method.toUpperCase()]), ...modes.map((mode) => mode.toUpperCase())]
  return verbs.map((verb): Asked => {
    const writes = ['POST', 'PUT', 'PATCH'].includes(verb)
    return { label: `${verb.padEnd(6)} ${template}`, template, method: verb, writes }
  })
}

/** Throws where a row that writes, or has parameters in its path, has no example. */
async function exampleOf(stage: Stage, { method, template, writes }: Asked): Promise<Wanted> {
  const example = EXAMPLES[`${method} ${template}`]
  const isNeeded = writes || template.includes('{')
  assert.ok(example !== undefined || !isNeeded, `${method} ${template} has no row in examples.ts`)
  return example === undefined ? {} : await example(stage)
}

/** A token of its own for every request: some of them end the one that asks. */
async function tokenFor(server: TestServer, credential: Credential): Promise<string | null> {
  if (credential === 'nobody') return null
  if (credential === 'bogus') return 'hvs.bogus'
  const plain = credential === 'default' ? {} : { no_default_policy: true }
  const made = { policies: [credential], ttl: '1h', ...plain }
  const { status, body } = await server.asRoot('POST', '/v1/auth/token/create', made)
  // Sealed by the request before; what is asked next opens it again.
  if (status === 503) return server.rootToken
  assert.equal(status, 200, credential)
  return body.auth.client_token
}

/** The status; the answer itself is held against the API document. */
async function statusOf(stage: Stage, one: Asked, credential: Credential): Promise<number> {
  stage.asker = await tokenFor(stage.server, credential)
  const { at = {}, query = '', body, headers = {} } = await exampleOf(stage, one)
  const path = `/v1${one.template.replace(/\{(\w+)\}/g, (_, name: string) => at[name] ?? name)}`
  const type = one.method === 'PATCH' ? 'application/merge-patch+json' : 'application/json'
  return await inTime(`${one.label} as ${credential}`, async (signal) => {
    const leaving = new AbortController()
    const response = await fetch(`${stage.server.origin}${path}${query === '' ? '' : `?${query}`}`, {
      method: one.method,
      headers: {
        ...(one.writes ? { 'content-type': type } : {}),
        ...headers,
        connection: 'close',
        ...(stage.asker === null ? {} : { 'x-vault-token': stage.asker }),
      },
      ...(one.writes ? { body: JSON.stringify(body) } : {}),
      signal: AbortSignal.any([signal, leaving.signal]),
    })
    const { status } = response
    // A stream has no end of its own.
    const isText = response.headers.get('content-type')?.startsWith('text/') === true
    if (isText) leaving.abort()
    else {
      const text = await response.text()
      const said: unknown = text === '' ? null : JSON.parse(text)
      const fault = stage.conformance.fault({ method: one.method, path, query, status, body: said })
      if (fault !== null) stage.faults.push(`as ${credential}: ${fault}`)
    }
    return status
  })
}

async function column(credential: Credential): Promise<ReadonlyMap<string, number>> {
  const stage = await Stage.start()
  try {
    const rows = new Map<string, number>()
    for (const one of await rowsOf(stage)) rows.set(one.label, await statusOf(stage, one, credential))
    assert.deepEqual(stage.faults, [])
    return rows
  } finally {
    await stage.server.close()
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

test('no example is left of a route that is gone', async () => {
  const stage = await Stage.start()
  try {
    const rows = new Set((await rowsOf(stage)).map(({ method, template }) => `${method} ${template}`))
    assert.deepEqual(
      Object.keys(EXAMPLES).filter((row) => !rows.has(row)),
      [],
    )
  } finally {
    await stage.server.close()
  }
})

test('who may write does, in the reviewed table, but for what this server has for nobody', () => {
  const rows = readFileSync(GOLDEN, 'utf8').trimEnd().split('\n').slice(1)
  const refused = rows.flatMap((row) => {
    const cells = row.split(/\s+/)
    return /^2/.test(cells.at(-1) ?? '') ? [] : [`${cells[0]} ${cells[1]} ${cells.at(-1)}`]
  })
  assert.deepEqual(
    refused.filter((one) => !FOR_NOBODY.some((known) => known.test(one))),
    [],
  )
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
 * anyone may open ceremonies, and end none that was opened with a token. Elsewhere what is sent is what
 * counts: a share, a wrapping token, a one-time password. Without another node to step in, a step down is
 * nothing.
 */
const OPEN: readonly string[] = [
  'GET /sys/custody/status',
  'POST /sys/decode-token',
  'GET /sys/generate-root/attempt',
  'POST /sys/generate-root/attempt',
  'PUT /sys/generate-root/attempt',
  'POST /sys/generate-root/update',
  'PUT /sys/generate-root/update',
  'GET /sys/health',
  'HEAD /sys/health',
  'GET /sys/init',
  'GET /sys/internal/specs/openapi',
  'POST /sys/internal/specs/openapi',
  'GET /sys/internal/ui/mounts',
  'GET /sys/internal/ui/mounts/',
  'GET /sys/internal/ui/namespaces',
  'GET /sys/leader',
  'GET /sys/rekey/init',
  'POST /sys/rekey/init',
  'PUT /sys/rekey/init',
  'POST /sys/rekey/update',
  'PUT /sys/rekey/update',
  'GET /sys/rekey/verify',
  'POST /sys/rekey/verify',
  'PUT /sys/rekey/verify',
  'GET /sys/seal-status',
  'POST /sys/step-down',
  'PUT /sys/step-down',
  'POST /sys/unseal',
  'PUT /sys/unseal',
  'POST /sys/wrapping/lookup',
  'GET /sys/wrapping/pubkey',
]

/** What root itself is refused: each for a reason that is none of who asks. */
const FOR_NOBODY: readonly RegExp[] = [
  // A list has no value to read.
  /^GET \S+(?:detailed-metadata|leases\/lookup|detailed\/acl)\/\S+ 405$/,
  // A path of KV 1 in a mount of KV 2.
  /^\w+ \/kv2\/\{path\} 404$/,
  // A Shamir seal has no recovery keys.
  /^\w+ \/sys\/(?:rekey-recovery-key\/\w+|rekey\/recovery-key-backup|rotate\/recovery\/\w+) 400$/,
  // Engines are built in, and no program is ever run.
  /^(?:POST|DELETE) \/sys\/plugins\/\S+ 400$/,
  // Tokens are the one way in, and always there.
  /^POST \/sys\/auth\/\{path\} 400$/,
  // The store has its keys.
  /^(?:PUT|POST) \/sys\/init 400$/,
  // A new root key takes the holders of the shares.
  /^POST \/sys\/rotate\/root 400$/,
  // Asks about the token that the request comes with, and none of these is a wrapping token.
  /^GET \/sys\/wrapping\/lookup 400$/,
]
