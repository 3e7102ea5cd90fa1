import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import { ORIGIN } from '../../tests/sim/origin.ts'
import { SeededEntropy } from '../../tests/sim/seeded-entropy.ts'
import { SimClock } from '../../tests/sim/sim-clock.ts'
import { AuditBroker, type AuditDevice } from '../audit/broker.ts'
import { fromUtf8, utf8 } from '../base/encoding.ts'
import { hasCode, OperatingError } from '../base/errors.ts'
import { SILENT_METER } from '../base/meter.ts'
import type { Call, Route } from '../logical/backend.ts'
import type { Caller, LogicalRequest } from '../logical/request.ts'
import { MemoryBackend } from '../physical/memory/memory-backend.ts'
import { type AclSource, aclOf, ROOT_ACL } from '../policy/acl.ts'
import { newEntry, PLAIN_CONFIG } from './mount-table.ts'
import { Router } from './router.ts'

const WITHOUT_TOKEN = 'permission denied'
const WITHOUT_RIGHT = '1 error occurred:\n\t* permission denied\n\n'

/** `root` may do everything, and everybody else nothing. */
const ACLS: AclSource = {
  of: async ({ policies }) => (policies.includes('root') ? ROOT_ACL : aclOf([])),
}

const caller = (name: string): Caller => ({
  accessor: `accessor-of-${name}`,
  displayName: name,
  policies: name === 'root' ? ['root'] : ['default'],
  tokenType: 'service',
  cubbyholeId: name,
  tokenKey: name,
})

let storage: MemoryBackend
let lines: string[]
let handled: string[]
let failing: boolean
/** How often a token was looked at. */
let looked: number
beforeEach(() => {
  looked = 0
  storage = new MemoryBackend()
  lines = []
  handled = []
  failing = false
})

const device: AuditDevice = {
  type: 'list',
  append: async (line) => {
    if (failing) throw new Error('the disk is gone')
    lines.push(fromUtf8(line))
  },
  close: async () => undefined,
}

const keyOf = ({ parameters }: Call): string => parameters['path'] ?? ''

const note = async ({ request }: Call): Promise<null> => {
  handled.push(request.operation)
  return null
}

/** Keeps what it is told in storage, and notes which operation it was asked for. */
const ROUTES: readonly Route[] = [
  { pattern: 'open', summary: '', access: 'public', handlers: { read: note } },
  { pattern: 'about', summary: '', access: 'public', tokenless: true, handlers: { read: note } },
  {
    pattern: 'own-words',
    summary: '',
    access: 'token',
    stranger: () => new OperatingError('bad_request', 'in words of its own'),
    handlers: { update: note },
  },
  { pattern: 'shares', summary: '', access: 'token', unwrappable: true, handlers: { update: note } },
  { pattern: 'names/', summary: '', access: 'token', handlers: { list: async () => null } },
  { pattern: 'both', summary: '', access: 'token', handlers: { update: note }, exists: async () => false },
  {
    pattern: 'unsure',
    summary: '',
    access: 'token',
    handlers: { update: note },
    exists: () => Promise.reject(new OperatingError('corrupt_entry', 'damaged')),
  },
  {
    pattern: 'broken',
    summary: '',
    access: 'token',
    handlers: { read: () => Promise.reject(new OperatingError('corrupt_entry', 'damaged')) },
  },
  {
    pattern: 'data/*path',
    summary: '',
    access: 'token',
    handlers: {
      read: async (call) => ((await storage.get(keyOf(call))) === null ? null : { data: { found: true } }),
      create: async (call) => {
        await storage.commit([{ op: 'put', key: keyOf(call), value: utf8('x') }])
        return await note(call)
      },
      update: note,
    },
    exists: async (call) => (await storage.get(keyOf(call))) !== null,
  },
]

const ENTRY = newEntry(
  {
    path: 'kv/',
    type: 'kv',
    description: '',
    options: {},
    config: PLAIN_CONFIG,
    local: false,
    sealWrap: false,
  },
  new SeededEntropy('router'),
)

function router(devices: readonly AuditDevice[] = [device]): Router {
  return new Router({
    mounts: () => new Map([['kv/', { path: 'kv/', entry: ENTRY, mounted: { routes: ROUTES } }]]),
    authenticate: async ({ token }) => {
      looked++
      return token === 'root' || token === 'weak' ? caller(token) : null
    },
    acls: ACLS,
    hold: async ({ response }) => response,
    finish: async () => undefined,
    audit: new AuditBroker(devices),
    clock: new SimClock(),
    meter: SILENT_METER,
  })
}

const asks = (
  path: string,
  token: string | null,
  operation: LogicalRequest['operation'] = 'read',
): LogicalRequest => ({
  id: 'id',
  operation,
  path,
  data: null,
  wrap: null,
  token,
  origin: ORIGIN,
})

const refuses = async (
  request: LogicalRequest,
  code: OperatingError['code'],
  text: string,
): Promise<void> => {
  await assert.rejects(
    router().dispatch(request),
    (error: unknown) => hasCode(error, code) && error.message === text,
    `${request.path} as ${request.token}`,
  )
}

// Whatever a stranger asks for: a path that exists, one that does not, another mount, a verb that is not.
const ANY = ['kv/data/a', 'kv/nothing', 'nowhere/x', 'kv', 'kv/broken']

test('tells a stranger the same of every path, there or not', async () => {
  for (const path of ANY) {
    await refuses(asks(path, null), 'permission_denied', WITHOUT_TOKEN)
    await refuses(asks(path, 'wrong'), 'permission_denied', WITHOUT_TOKEN)
    await refuses(asks(path, null, 'delete'), 'permission_denied', WITHOUT_TOKEN)
  }
})

test('tells a caller without the right the same of every path, in the other words', async () => {
  for (const path of ANY) await refuses(asks(path, 'weak'), 'permission_denied', WITHOUT_RIGHT)
})

test('tells a caller with the right what is missing', async () => {
  const missing = 'no handler for route "nowhere/x". route entry not found.'
  await refuses(asks('nowhere/x', 'root'), 'not_found', missing)
  await refuses(asks('kv/nothing', 'root'), 'unsupported_path', '1 error occurred:\n\t* unsupported path\n\n')
  await refuses(
    asks('kv/data/a', 'root', 'delete'),
    'unsupported_operation',
    '1 error occurred:\n\t* unsupported operation\n\n',
  )
  assert.equal(await router().dispatch(asks('kv/data/a', 'root')), null)
})

test('asks the engine whether a write creates or updates', async () => {
  await router().dispatch(asks('kv/data/a', 'root', 'update'))
  await router().dispatch(asks('kv/data/a', 'root', 'update'))
  assert.deepEqual(handled, ['create', 'update'])
  assert.deepEqual(await router().dispatch(asks('kv/data/a', 'root')), { data: { found: true } })
})

test('an engine that cannot say tells so to who may write, in the record as well, and to nobody else', async () => {
  await refuses(asks('kv/unsure', 'weak', 'update'), 'permission_denied', WITHOUT_RIGHT)
  await refuses(asks('kv/unsure', 'root', 'update'), 'corrupt_entry', 'damaged')
  const outcomes = lines.map((line) => (JSON.parse(line) as { outcome: string }).outcome)
  assert.deepEqual(outcomes, ['deny', 'allow', 'corrupt_entry'])
  assert.deepEqual(handled, [])
})

test('gives a creation to the one handler of a route that makes no difference', async () => {
  await router().dispatch(asks('kv/both', 'root', 'update'))
  assert.deepEqual(handled, ['create'])
})

test('answers a public route without a token', async () => {
  assert.equal(await router().dispatch(asks('kv/open', null)), null)
  assert.deepEqual(handled, ['read'])
})

test('records both halves, without the token', async () => {
  await router().dispatch(asks('kv/data/a', 'root'))
  await refuses(asks('kv/data/a', 'wrong-token-canary'), 'permission_denied', WITHOUT_TOKEN)
  await refuses(asks('kv/broken', 'root'), 'corrupt_entry', 'damaged')
  const facts = lines.map(
    (line) => JSON.parse(line) as { type: string; outcome: string; accessor: string | null },
  )
  assert.deepEqual(
    facts.map(({ type, outcome, accessor }) => `${type} ${outcome} ${accessor}`),
    [
      'request allow accessor-of-root',
      'response done accessor-of-root',
      'request no_token null',
      'request allow accessor-of-root',
      'response corrupt_entry accessor-of-root',
    ],
  )
  assert.doesNotMatch(lines.join(''), /canary|"root"/)
})

test('does nothing that could not be recorded', async () => {
  failing = true
  await assert.rejects(router().dispatch(asks('kv/both', 'root', 'update')), (error: unknown) =>
    hasCode(error, 'audit_unavailable'),
  )
  assert.deepEqual(handled, [])
})

test('needs one device of several, and none where none is configured', async () => {
  const broken: AuditDevice = { ...device, append: () => Promise.reject(new Error('gone')) }
  await router([broken, device]).dispatch(asks('kv/open', null))
  await router([]).dispatch(asks('kv/open', null))
  assert.equal(lines.length, 2)
})

test('does not look at a token that is only asked about', async () => {
  await router().dispatch(asks('kv/about', 'root'))
  assert.equal(looked, 0)
  await router().dispatch(asks('kv/open', 'root'))
  assert.equal(looked, 1)
})

test('a route may have its own words for a stranger, and only for him', async () => {
  await refuses(asks('kv/own-words', null, 'update'), 'bad_request', 'in words of its own')
  await refuses(asks('kv/own-words', 'weak', 'update'), 'permission_denied', WITHOUT_RIGHT)
})

test('refuses to wrap what must be in no store, before anything is done', async () => {
  const wrap = { ttl: 60, format: 'token' } as const
  const asked = { ...asks('kv/shares', 'root', 'update'), wrap }
  await refuses(asked, 'bad_request', 'what this path answers is kept in no store: it is not wrapped')
  assert.deepEqual(handled, [])
  await refuses({ ...asked, token: 'weak' }, 'permission_denied', WITHOUT_RIGHT)
})

test('a list without names that was to be wrapped is refused, as the peers do', async () => {
  const asked = asks('kv/names/', 'root', 'list')
  assert.equal(await router().dispatch(asked), null)
  await refuses({ ...asked, wrap: { ttl: 60, format: 'token' } }, 'unsupported_path', 'unsupported path')
})
