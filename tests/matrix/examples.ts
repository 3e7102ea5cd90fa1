import { KEY_EXAMPLES } from './key-examples.ts'
import type { Stage } from './stage.ts'

/** What a row is asked with. */
export interface Wanted {
  /** Values of the parameters in its path. */
  readonly at?: Readonly<Record<string, string>>
  readonly query?: string
  readonly body?: object
  readonly headers?: Readonly<Record<string, string>>
}

/**
 * Makes, before everybody who asks, what the request is about, so that no row rests on the one before it and
 * a refusal is about who asks.
 */
export type Example = (stage: Stage) => Promise<Wanted>

/** Nothing has to be there. */
export const asked = (wanted: Wanted): Example => {
  return async () => wanted
}

const RULES = 'path "none" { capabilities = ["read"] }'
const LETTERS = 'length = 20\nrule "charset" { charset = "abcdef" }'
const SECRET = { data: { a: 'b' } }

const onToken: Example = async (stage) => ({ body: { token: (await stage.token()).client_token } })
const onAccessor: Example = async (stage) => ({ body: { accessor: (await stage.token()).accessor } })
const onOwnSecret: Example = async (stage) => {
  await stage.asAsker('POST', 'cubbyhole/folder/a', { a: 'b' })
  return { at: { path: 'folder/a' } }
}
const inOwnFolder: Example = async (stage) => ({ ...(await onOwnSecret(stage)), at: { path: 'folder' } })
const onSecret: Example = async (stage) => {
  await stage.make('POST', 'secret/folder/a', { a: 'b' })
  return { at: { path: 'folder/a' } }
}
const inFolder: Example = async (stage) => ({ ...(await onSecret(stage)), at: { path: 'folder' } })
const onRole: Example = async (stage) => {
  await stage.make('POST', 'auth/token/roles/one', { allowed_policies: ['default'] })
  return { at: { role_name: 'one' } }
}

/** A secret of version 2 with one version, asked with `body`. */
function onVersion(body?: object): Example {
  return async (stage) => {
    await stage.clear('kv2/metadata/folder/a')
    await stage.make('POST', 'kv2/data/folder/a', SECRET)
    return { at: { path: 'folder/a' }, ...(body === undefined ? {} : { body }) }
  }
}

const inVersions: Example = async (stage) => ({ ...(await onVersion()(stage)), at: { path: 'folder' } })

/** `body` may name the lease, or the path does. */
function onLease(body: object = {}): Example {
  return async (stage) => {
    const lease_id = await stage.lease()
    return { at: { lease_id }, body: { lease_id, ...body } }
  }
}

const onLeases: Example = async (stage) => {
  await stage.lease()
  return { at: { prefix: 'accounts/creds' }, body: {} }
}

function onMount(body?: object): Example {
  return async (stage) => {
    await stage.clear('sys/mounts/one')
    await stage.make('POST', 'sys/mounts/one', { type: 'kv' })
    return { at: { path: 'one' }, ...(body === undefined ? {} : { body }) }
  }
}

const noMount: Example = async (stage) => {
  await stage.clear('sys/mounts/one')
  return { at: { path: 'one' }, body: { type: 'kv' } }
}

const beforeMove: Example = async (stage) => {
  await stage.clear('sys/mounts/other')
  await onMount()(stage)
  return { body: { from: 'one', to: 'other' } }
}

const onMove: Example = async (stage) => {
  const { body } = await beforeMove(stage)
  return { at: { id: (await stage.make('POST', 'sys/remount', body)).data.migration_id } }
}

function onPolicy(kind: 'acl' | 'password', body?: object): Example {
  return async (stage) => {
    const name = kind === 'acl' ? 'folder/one' : 'one'
    await stage.make('PUT', `sys/policies/${kind}/${name}`, { policy: kind === 'acl' ? RULES : LETTERS })
    return { at: { name }, ...(body === undefined ? {} : { body }) }
  }
}

const inPolicies: Example = async (stage) => ({
  ...(await onPolicy('acl')(stage)),
  at: { name: 'folder' },
})

function onQuota(body?: object): Example {
  return async (stage) => {
    const rule = { rate: 1_000_000, path: 'secret/' }
    await stage.make('POST', 'sys/quotas/rate-limit/one', rule)
    return { at: { name: 'one' }, ...(body === undefined ? {} : { body: { ...rule, ...body } }) }
  }
}

const onTranscript: Example = async (stage) => {
  const { ceremonies } = (await stage.make('GET', 'sys/ceremonies')).data
  return { at: { id: ceremonies[0].id } }
}

const onWrapped: Example = async (stage) => ({ body: { token: await stage.wrapped() } })

const LEASES: Readonly<Record<string, Example>> = {
  'POST renew': onLease(),
  'POST renew/{lease_id}': onLease(),
  'POST revoke': onLease(),
  'POST revoke/{lease_id}': onLease(),
  'POST revoke-force/{prefix}': onLeases,
  'POST revoke-prefix/{prefix}': onLeases,
}

/** What stands directly below `sys/` stands below `sys/leases/` as well. */
function leaseExamples(below: string): Readonly<Record<string, Example>> {
  return Object.fromEntries(
    Object.entries(LEASES).map(([row, example]) => [row.replace(' ', ` ${below}`), example]),
  )
}

const EMPTY = asked({ body: {} })

/** By row. One that writes, or has parameters in its path, has to stand here. */
export const EXAMPLES: Readonly<Record<string, Example>> = {
  ...KEY_EXAMPLES,
  'GET /accounts/creds/{role}': asked({ at: { role: 'one' } }),
  'POST /auth/token/create': asked({ body: { ttl: '1h' } }),
  'POST /auth/token/create-orphan': asked({ body: { ttl: '1h' } }),
  'POST /auth/token/create/{role_name}': async (stage) => ({ ...(await onRole(stage)), body: { ttl: '1h' } }),
  'POST /auth/token/lookup': onToken,
  'POST /auth/token/lookup-accessor': onAccessor,
  'POST /auth/token/lookup-self': EMPTY,
  'POST /auth/token/renew': onToken,
  'POST /auth/token/renew-accessor': onAccessor,
  'POST /auth/token/renew-self': EMPTY,
  'POST /auth/token/revoke': onToken,
  'POST /auth/token/revoke-accessor': onAccessor,
  'POST /auth/token/revoke-orphan': onToken,
  'POST /auth/token/revoke-self': EMPTY,
  'LIST /auth/token/roles/': onRole,
  'DELETE /auth/token/roles/{role_name}': onRole,
  'GET /auth/token/roles/{role_name}': onRole,
  'POST /auth/token/roles/{role_name}': asked({ at: { role_name: 'one' }, body: { orphan: true } }),
  'POST /auth/token/tidy': EMPTY,

  'DELETE /cubbyhole/{path}': onOwnSecret,
  'GET /cubbyhole/{path}': onOwnSecret,
  'LIST /cubbyhole/{path}': inOwnFolder,
  'POST /cubbyhole/{path}': asked({ at: { path: 'a' }, body: { a: 'b' } }),
  'SCAN /cubbyhole/{path}': inOwnFolder,

  'POST /kv2/config': asked({ body: { max_versions: 5 } }),
  'DELETE /kv2/data/{path}': onVersion(),
  'GET /kv2/data/{path}': onVersion(),
  'PATCH /kv2/data/{path}': onVersion({ data: { c: 'd' } }),
  'POST /kv2/data/{path}': onVersion(SECRET),
  'POST /kv2/delete/{path}': onVersion({ versions: [1] }),
  'POST /kv2/destroy/{path}': onVersion({ versions: [1] }),
  // To read it is not there: it is a list.
  'GET /kv2/detailed-metadata/{path}': inVersions,
  'LIST /kv2/detailed-metadata/{path}': inVersions,
  'SCAN /kv2/detailed-metadata/{path}': inVersions,
  'DELETE /kv2/metadata/{path}': onVersion(),
  'GET /kv2/metadata/{path}': onVersion(),
  'LIST /kv2/metadata/{path}': inVersions,
  'PATCH /kv2/metadata/{path}': onVersion({ max_versions: 3 }),
  'POST /kv2/metadata/{path}': onVersion({ max_versions: 3 }),
  'SCAN /kv2/metadata/{path}': inVersions,
  'GET /kv2/subkeys/{path}': onVersion(),
  'POST /kv2/undelete/{path}': onVersion({ versions: [1] }),
  // The paths of version 1, which the second has not: 404, with what to write instead.
  'DELETE /kv2/{path}': onVersion(),
  'GET /kv2/{path}': onVersion(),
  'LIST /kv2/{path}': onVersion(),
  'PATCH /kv2/{path}': onVersion({ a: 'b' }),
  'POST /kv2/{path}': onVersion({ a: 'b' }),
  'SCAN /kv2/{path}': onVersion(),

  'DELETE /secret/{path}': onSecret,
  'GET /secret/{path}': onSecret,
  'LIST /secret/{path}': inFolder,
  'POST /secret/{path}': asked({ at: { path: 'a' }, body: { a: 'b' } }),
  'SCAN /secret/{path}': inFolder,

  'DELETE /sys/auth/{path}': asked({ at: { path: 'none' } }),
  'GET /sys/auth/{path}': asked({ at: { path: 'token' } }),
  // There is no way in yet but tokens, and it is there.
  'POST /sys/auth/{path}': asked({ at: { path: 'one' }, body: { type: 'token' } }),
  'GET /sys/auth/{path}/tune': asked({ at: { path: 'token' } }),
  'POST /sys/auth/{path}/tune': asked({ at: { path: 'token' }, body: { description: 'tokens' } }),
  'DELETE /sys/mounts/{path}': onMount(),
  'GET /sys/mounts/{path}': onMount(),
  'POST /sys/mounts/{path}': noMount,
  'GET /sys/mounts/{path}/tune': onMount(),
  'POST /sys/mounts/{path}/tune': onMount({ description: 'one' }),
  'POST /sys/remount': beforeMove,
  'GET /sys/remount/status/{id}': onMove,
  'POST /sys/internal/specs/openapi': EMPTY,
  'GET /sys/internal/ui/mounts/{path}': asked({ at: { path: 'kv2/a' } }),

  'POST /sys/capabilities': async (stage) => ({
    body: { paths: ['sys/mounts'], token: (await stage.token()).client_token },
  }),
  'POST /sys/capabilities-accessor': async (stage) => ({
    body: { paths: ['sys/mounts'], accessor: (await stage.token()).accessor },
  }),
  'POST /sys/capabilities-self': asked({ body: { paths: ['sys/mounts'] } }),
  'DELETE /sys/policies/acl/{name}': onPolicy('acl'),
  'GET /sys/policies/acl/{name}': onPolicy('acl'),
  'LIST /sys/policies/acl/{name}': inPolicies,
  'PATCH /sys/policies/acl/{name}': onPolicy('acl', { policy: RULES }),
  'POST /sys/policies/acl/{name}': onPolicy('acl', { policy: RULES }),
  'GET /sys/policies/detailed/acl/{name}': inPolicies,
  'LIST /sys/policies/detailed/acl/{name}': inPolicies,
  'POST /sys/policies/explain': asked({ body: { path: 'secret/a', method: 'GET', policies: ['default'] } }),
  'LIST /sys/policies/password/': onPolicy('password'),
  'DELETE /sys/policies/password/{name}': onPolicy('password'),
  'GET /sys/policies/password/{name}': onPolicy('password'),
  'POST /sys/policies/password/{name}': onPolicy('password', { policy: LETTERS }),
  'GET /sys/policies/password/{name}/generate': onPolicy('password'),
  'DELETE /sys/policy/{name}': onPolicy('acl'),
  'GET /sys/policy/{name}': onPolicy('acl'),
  'POST /sys/policy/{name}': onPolicy('acl', { policy: RULES }),

  ...leaseExamples('/sys/'),
  ...leaseExamples('/sys/leases/'),
  'GET /sys/leases': asked({ query: 'type=irrevocable' }),
  'GET /sys/leases/count': asked({ query: 'type=irrevocable' }),
  'POST /sys/leases/lookup': onLease(),
  // To read it is not there: it is a list.
  'GET /sys/leases/lookup/{prefix}': onLeases,
  'LIST /sys/leases/lookup/{prefix}': onLeases,
  'POST /sys/leases/tidy': EMPTY,

  // Only what is built in, and no program is ever run: nothing to register, to remove or to reload.
  'LIST /sys/plugins/catalog/{kind}/': asked({ at: { kind: 'secret' } }),
  'DELETE /sys/plugins/catalog/{kind}/{name}': asked({ at: { kind: 'secret', name: 'kv' } }),
  'GET /sys/plugins/catalog/{kind}/{name}': asked({ at: { kind: 'secret', name: 'kv' } }),
  'POST /sys/plugins/catalog/{kind}/{name}': asked({
    at: { kind: 'secret', name: 'one' },
    body: { command: 'one', sha256: '00' },
  }),
  'POST /sys/plugins/reload/backend': asked({ body: { plugin: 'kv' } }),

  'POST /sys/quotas/config': asked({ body: { enable_rate_limit_response_headers: false } }),
  'LIST /sys/quotas/rate-limit/': onQuota(),
  'DELETE /sys/quotas/rate-limit/{name}': onQuota(),
  'GET /sys/quotas/rate-limit/{name}': onQuota(),
  'POST /sys/quotas/rate-limit/{name}': onQuota({ rate: 2_000_000 }),

  'GET /sys/ceremonies/{id}/transcript': onTranscript,
  'POST /sys/tools/hash': asked({ body: { input: 'YQ==' } }),
  'POST /sys/tools/hash/{algorithm}': asked({ at: { algorithm: 'sha2-512' }, body: { input: 'YQ==' } }),
  'POST /sys/tools/random': EMPTY,
  'POST /sys/tools/random/{first}': asked({ at: { first: '8' }, body: {} }),
  'POST /sys/tools/random/{first}/{bytes}': asked({ at: { first: 'platform', bytes: '8' }, body: {} }),
  'POST /sys/wrapping/lookup': onWrapped,
  'POST /sys/wrapping/rewrap': onWrapped,
  'POST /sys/wrapping/unwrap': onWrapped,
  'POST /sys/wrapping/wrap': asked({ body: { a: 'b' }, headers: { 'x-vault-wrap-ttl': '1h' } }),
}
