import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { AccountsEngine } from '../lease/accounts-engine.ts'
import { type Answer, TestServer } from './in-process.ts'

const accounts = new AccountsEngine()
let folder: string
let server: TestServer
let shares: string[]

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'conclave-'))
  server = await start()
  shares = await server.open(1, 1)
  const mounted = await server.asRoot('POST', '/v1/sys/mounts/db', { type: 'accounts' })
  assert.equal(mounted.status, 204, JSON.stringify(mounted.body))
})
after(async () => {
  await server.close()
  await rm(folder, { recursive: true })
})

async function start(): Promise<TestServer> {
  return await TestServer.start({}, { storage: { type: 'sqlite', folder } }, { accounts })
}

/** A new server on the same store, opened by the same share. */
async function restart(): Promise<void> {
  const { rootToken } = server
  await server.close()
  server = await start()
  server.rootToken = rootToken
  await server.unseal(shares)
}

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await holds()); tries++) {
    assert.ok(tries < 400, what)
    await setTimeout(50)
  }
}

const post = (path: string, body: object = {}): Promise<Answer> =>
  server.asRoot('POST', `/v1/sys/leases/${path}`, body)

async function creds(token = server.rootToken, query = ''): Promise<Answer> {
  return await server.call('GET', `/v1/db/creds/app${query}`, undefined, { 'x-vault-token': token })
}

async function account(query = ''): Promise<{ id: string; name: string }> {
  const { body } = await creds(server.rootToken, query)
  return { id: body.lease_id, name: body.data.username }
}

function refused(answer: Answer, text: string, status = 400): void {
  assert.deepEqual([answer.status, answer.body.errors], [status, [text]])
}

describe('a secret that ends', () => {
  test('comes with its lease, in the members of the envelope', async () => {
    const { status, body } = await creds()
    assert.equal(status, 200)
    assert.match(body.lease_id, /^db\/creds\/app\/[0-9A-Za-z]{24}$/)
    assert.deepEqual([body.renewable, body.lease_duration], [true, 2_764_800])
    assert.deepEqual(Object.keys(body.data), ['username', 'password'])
  })

  test('is looked up and listed', async () => {
    const { id } = await account('?ttl=600')
    const { status, body } = await post('lookup', { lease_id: id })
    assert.equal(status, 200)
    const { expire_time, issue_time, ttl, ...rest } = body.data
    assert.equal(Date.parse(expire_time) - Date.parse(issue_time), 600_000)
    assert.ok(ttl > 590 && ttl <= 600)
    assert.deepEqual(rest, { id, last_renewal: null, path: 'db/creds/app', renewable: true })
    const listed = await server.asRoot('LIST', '/v1/sys/leases/lookup/db/creds/app/')
    assert.ok(listed.body.data.keys.includes(id.slice('db/creds/app/'.length)))
    // As of the tokens that there are: surface.md appendix A, "leases".
    await server.asRoot('POST', '/v1/auth/token/create', { ttl: '1h' })
    const top = await server.asRoot('LIST', '/v1/sys/leases/lookup/')
    assert.deepEqual(top.body.data.keys, ['auth/', 'db/'])
  })

  test('is listed in pages, as accessors and roles of tokens are', async () => {
    for (const name of ['p1', 'p2', 'p3']) await server.asRoot('POST', `/v1/auth/token/roles/${name}`, {})
    for (const path of ['sys/leases/lookup/auth/token/create', 'auth/token/accessors', 'auth/token/roles']) {
      for (let made = 0; made < 3; made++) await server.asRoot('POST', '/v1/auth/token/create', { ttl: '1h' })
      const all: string[] = (await server.asRoot('LIST', `/v1/${path}`)).body.data.keys
      const paged: string[] = []
      for (let isMore = true; isMore; ) {
        const after = paged.at(-1) ?? ''
        const answer = await server.asRoot('GET', `/v1/${path}?list=true&limit=2&after=${after}`)
        isMore = answer.status === 200
        const keys: string[] = answer.body.data?.keys ?? []
        assert.ok(keys.length <= 2)
        paged.push(...keys)
      }
      assert.deepEqual(paged, all, path)
      assert.ok(all.length >= 3)
    }
  })

  test('is renewed, at either path, for what is asked', async () => {
    const { id } = await account('?ttl=600')
    const { status, body } = await server.asRoot('PUT', '/v1/sys/leases/renew', {
      lease_id: id,
      increment: '20m',
    })
    assert.equal(status, 200)
    assert.deepEqual([body.lease_id, body.renewable, body.lease_duration, body.data], [id, true, 1200, null])
    assert.equal((await post(`renew/${id}`, { increment: 60 })).body.lease_duration, 60)
    assert.equal((await server.asRoot('PUT', '/v1/sys/renew', { lease_id: id })).status, 200)
  })

  test('is useless before 204, and sooner or later after 202', async () => {
    const [one, other] = [await account(), await account()]
    assert.equal((await post('revoke', { lease_id: one.id })).status, 204)
    assert.ok(!accounts.alive.has(one.name))
    const accepted = await post('revoke', { lease_id: other.id, sync: false })
    assert.deepEqual([accepted.status, accepted.body], [202, null])
    await until('it is useless', () => !accounts.alive.has(other.name))
  })

  test('ends when its time has come', async () => {
    const { name } = await account('?ttl=1')
    await until('it is useless', () => !accounts.alive.has(name))
  })

  test('ends with its token', async () => {
    const made = await server.asRoot('POST', '/v1/auth/token/create', { ttl: '1h' })
    const token = made.body.auth.client_token
    const child = await server.call(
      'POST',
      '/v1/auth/token/create',
      { ttl: '30m' },
      { 'x-vault-token': token },
    )
    const names: string[] = []
    for (const one of [token, child.body.auth.client_token]) {
      const { status, body } = await creds(one)
      assert.equal(status, 200)
      names.push(body.data.username)
    }
    await server.asRoot('POST', '/v1/auth/token/revoke', { token })
    await until('they are useless', () => names.every((name) => !accounts.alive.has(name)))
  })

  test('is not given to the last use of a token', async () => {
    const made = await server.asRoot('POST', '/v1/auth/token/create', { num_uses: 1 })
    const before = accounts.alive.size
    const text =
      'Secret cannot be returned; token had one use left, so leased credentials were immediately revoked.'
    refused(await creds(made.body.auth.client_token), text)
    assert.equal(accounts.alive.size, before)
  })

  test('of a batch token ends no later than that', async () => {
    const policy = 'path "db/creds/*" { capabilities = ["read"] }'
    await server.asRoot('PUT', '/v1/sys/policies/acl/db', { policy })
    const asked = { type: 'batch', ttl: '10m', policies: ['db'] }
    const made = await server.asRoot('POST', '/v1/auth/token/create', asked)
    const { body } = await creds(made.body.auth.client_token)
    assert.ok(body.lease_duration > 590 && body.lease_duration <= 600, `${body.lease_duration}`)
    const renewed = await post('renew', { lease_id: body.lease_id, increment: '1h' })
    assert.ok(renewed.body.lease_duration <= 600)
  })

  test('outlives a restart, and one that ended meanwhile does not', async () => {
    const long = await account()
    const short = await account('?ttl=1')
    await restart()
    await until('the short one is useless', () => !accounts.alive.has(short.name))
    assert.ok(accounts.alive.has(long.name))
    assert.equal((await post('lookup', { lease_id: long.id })).status, 200)
  })
})

describe('what is refused', () => {
  test('is refused in the words of the contract', async () => {
    refused(await post('lookup', { lease_id: 'nope' }), 'invalid lease')
    refused(await post('renew', { lease_id: 'nope' }), 'lease not found')
    refused(await post('renew'), 'lease_id must be specified')
    refused(await post('revoke'), 'lease_id must be specified')
    assert.equal((await post('revoke', { lease_id: 'nope' })).status, 204)
    assert.equal((await post('revoke', { lease_id: 'nope', sync: true })).status, 204)
    const slash = await server.asRoot('PUT', '/v1/sys/leases/revoke-prefix/auth/none/', {})
    refused(slash, "cannot write to a path ending in '/'")
  })

  test('tokens are leases that are looked up and revoked here, and renewed elsewhere', async () => {
    const made = await server.asRoot('POST', '/v1/auth/token/create', { ttl: '1h' })
    const token = made.body.auth.client_token
    const fixed = await server.asRoot('POST', '/v1/auth/token/create', { ttl: '1h', renewable: false })
    const listed = await server.asRoot('LIST', '/v1/sys/leases/lookup/auth/token/create/')
    const ids: string[] = listed.body.data.keys.map((key: string) => `auth/token/create/${key}`)
    assert.ok(ids.length >= 2 && ids.every((id) => /^auth\/token\/create\/h[0-9a-f]{64}$/.test(id)))
    const texts = new Set<string>()
    for (const id of ids) {
      const facts = await post('lookup', { lease_id: id })
      assert.equal(facts.body.data.path, 'auth/token/create')
      texts.add((await post('renew', { lease_id: id })).body.errors[0])
    }
    assert.deepEqual(
      texts,
      new Set(['tokens cannot be renewed through this endpoint', 'lease is not renewable']),
    )
    assert.equal((await server.asRoot('PUT', '/v1/sys/leases/revoke-prefix/auth/token/create')).status, 204)
    for (const dead of [token, fixed.body.auth.client_token]) {
      const looked = await server.call('GET', '/v1/auth/token/lookup-self', undefined, {
        'x-vault-token': dead,
      })
      assert.equal(looked.status, 403)
    }
  })
})

describe('tokens that init and generate-root made', () => {
  const asRoot = async (): Promise<number> =>
    (await server.asRoot('GET', '/v1/auth/token/lookup-self')).status
  const dead = async (token: string): Promise<boolean> => {
    const headers = { 'x-vault-token': token }
    return (await server.call('GET', '/v1/auth/token/lookup-self', undefined, headers)).status === 403
  }

  test('hold no lease: they are not listed, and outlive the end of all tokens by a prefix', async () => {
    for (const prefix of ['auth/token', 'auth', 'auth/token/root']) {
      const made = await server.asRoot('POST', '/v1/auth/token/create', { ttl: '1h' })
      const listed = await server.asRoot('LIST', '/v1/sys/leases/lookup/auth/token/')
      assert.deepEqual(listed.body.data.keys, ['create/'])
      assert.equal((await server.asRoot('LIST', '/v1/sys/leases/lookup/auth/token/root/')).status, 404)
      assert.equal((await server.asRoot('POST', `/v1/sys/leases/revoke-prefix/${prefix}`)).status, 204)
      assert.equal(await asRoot(), 200, prefix)
      assert.equal(await dead(made.body.auth.client_token), prefix !== 'auth/token/root', prefix)
    }
    assert.equal((await server.asRoot('PUT', '/v1/sys/leases/revoke-force/auth/token')).status, 204)
    assert.equal(await asRoot(), 200)
  })
})

describe('many secrets', () => {
  test('are revoked by a prefix, also at the path of old clients', async () => {
    const names = [await account(), await account()].map(({ name }) => name)
    assert.equal((await server.asRoot('PUT', '/v1/sys/revoke-prefix/db/creds/app')).status, 204)
    assert.ok(names.every((name) => !accounts.alive.has(name)))
  })

  test('that cannot be ended are told of, counted once they were given up, and forgotten by force', async () => {
    const { name } = await account()
    accounts.isBroken = true
    const answer = await server.asRoot('PUT', '/v1/sys/leases/revoke-prefix/db')
    assert.deepEqual([answer.status, answer.body.code], [500, 'revocation_failed'])
    const none = await server.asRoot('GET', '/v1/sys/leases/count?type=irrevocable')
    assert.deepEqual(none.body.data, { counts: {}, lease_count: 0 })
    const listed = await server.asRoot('GET', '/v1/sys/leases?type=irrevocable&limit=none')
    assert.deepEqual(listed.body.data, { lease_count: 0, leases: [] })
    assert.equal((await server.asRoot('GET', '/v1/sys/leases/count')).status, 404)
    assert.equal((await server.asRoot('PUT', '/v1/sys/leases/revoke-force/db')).status, 204)
    accounts.isBroken = false
    assert.ok(accounts.alive.delete(name))
    assert.equal((await server.asRoot('LIST', '/v1/sys/leases/lookup/db/')).status, 404)
  })

  test('end with their mount, which keeps its data until they have', async () => {
    await server.asRoot('POST', '/v1/sys/mounts/db2', { type: 'accounts' })
    const made = await server.asRoot('GET', '/v1/db2/creds/app')
    assert.equal((await server.asRoot('DELETE', '/v1/sys/mounts/db2')).status, 204)
    assert.ok(!accounts.alive.has(made.body.data.username))
    await server.asRoot('POST', '/v1/sys/mounts/db3', { type: 'accounts' })
    const stuck = await server.asRoot('GET', '/v1/db3/creds/app')
    accounts.isBroken = true
    assert.equal((await server.asRoot('DELETE', '/v1/sys/mounts/db3')).status, 204)
    assert.ok(accounts.alive.has(stuck.body.data.username))
    accounts.isBroken = false
    // The next unseal goes on with it.
    await restart()
    await until('it is useless', () => !accounts.alive.has(stuck.body.data.username))
  })

  test('keep their mount where it is, and at work, until they can be ended', async () => {
    await server.asRoot('POST', '/v1/sys/mounts/db4', { type: 'accounts' })
    const made = await server.asRoot('GET', '/v1/db4/creds/app')
    accounts.isBroken = true
    const move = await server.asRoot('POST', '/v1/sys/remount', { from: 'db4', to: 'db5' })
    const status = `/v1/sys/remount/status/${move.body.migration_id}`
    await until('the move has failed', async () => {
      const { body } = await server.asRoot('GET', status)
      return body.data.migration_info.status === 'failure'
    })
    assert.equal((await server.asRoot('GET', '/v1/db4/creds/app')).status, 200)
    accounts.isBroken = false
    await server.asRoot('POST', '/v1/sys/remount', { from: 'db4', to: 'db5' })
    await until('it has moved', async () => (await server.asRoot('GET', '/v1/db5/creds/app')).status === 200)
    assert.ok(!accounts.alive.has(made.body.data.username))
  })

  test('tidy answers at once', async () => {
    const { status, body } = await post('tidy')
    assert.equal(status, 202)
    assert.match(body.warnings[0], /^Tidy operation successfully started\./)
  })
})
