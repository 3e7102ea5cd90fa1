/** Policies, tokens and their roles. */

import { check, same } from '../report.ts'
import { refused, type Vault } from './client.ts'

const READER = 'path "kv2/data/app/*" { capabilities = ["read"] }'

interface Made {
  readonly client_token: string
  readonly accessor: string
}

async function policies({ run }: Vault): Promise<void> {
  await check('addPolicy', 'takes one, as policy or as rules', async () => {
    same(await run('addPolicy', { name: 'reader', policy: READER }), '')
    await run('addPolicy', { name: 'old', rules: READER })
  })
  await check('getPolicy', 'gives it back', async () =>
    same((await run('getPolicy', { name: 'old' })).rules, READER),
  )
  await check('policies', 'has them beside default and root', async () => {
    same((await run('policies')).policies, ['default', 'old', 'reader', 'root'])
  })
  await check('removePolicy', 'removes one', async () => {
    same(await run('removePolicy', { name: 'old' }), '')
    await refused(run('getPolicy', { name: 'old' }), 'Status 404', 404)
  })
}

async function create({ run }: Vault): Promise<Made> {
  let made: Made = { client_token: '', accessor: '' }
  await check('tokenCreate', 'makes a token with what was asked for', async () => {
    const asked = { policies: ['reader'], ttl: '1h', meta: { team: 'a' }, display_name: 'web 1' }
    const { auth } = await run('tokenCreate', asked)
    same([auth.policies, auth.lease_duration, auth.renewable], [['default', 'reader'], 3600, true])
    made = auth
  })
  await check('tokenCreateOrphan', 'makes one without a parent', async () => {
    same((await run('tokenCreateOrphan', { policies: ['reader'] })).auth.orphan, true)
  })
  await check('addTokenRole', 'takes a role', async () => {
    const role = { role_name: 'ci', allowed_policies: 'reader', orphan: true, period: 1800 }
    same(await run('addTokenRole', role), '')
  })
  await check('getTokenRole', 'gives it back', async () => {
    same((await run('getTokenRole', { role_name: 'ci' })).data.allowed_policies, ['reader'])
  })
  await check('tokenRoles', 'has it', async () => same((await run('tokenRoles')).data.keys, ['ci']))
  await check('tokenCreateRole', 'makes a token of the role', async () => {
    const { auth } = await run('tokenCreateRole', { role_name: 'ci' })
    same([auth.orphan, auth.lease_duration], [true, 1800])
  })
  await check('removeTokenRole', 'removes it', async () => {
    same(await run('removeTokenRole', { role_name: 'ci' }), '')
    await refused(run('getTokenRole', { role_name: 'ci' }), 'Status 404', 404)
  })
  return made
}

async function lookUpAndRenew({ run }: Vault, { client_token: token, accessor }: Made): Promise<void> {
  await check('tokenLookup', 'has all that is known of it', async () => {
    const { data } = await run('tokenLookup', { token })
    same([data.id, data.accessor, data.display_name], [token, accessor, 'token-web-1'])
  })
  await check('tokenLookup', 'does not know a token of nobody', () =>
    refused(run('tokenLookup', { token: 'hvs.nobody' }), 'bad token', 403),
  )
  await check('tokenLookupAccessor', 'hides the token', async () => {
    same((await run('tokenLookupAccessor', { accessor })).data.id, '')
  })
  await check('tokenLookupSelf', 'is the root token, which never ends', async () => {
    const { policies, ttl, expire_time } = (await run('tokenLookupSelf')).data
    same([policies, ttl, expire_time], [['root'], 0, null])
  })
  await check('tokenAccessors', 'has its accessor', async () => {
    same((await run('tokenAccessors')).data.keys.includes(accessor), true)
  })
  await check('tokenRenew', 'makes it shorter where less is asked for', async () => {
    same((await run('tokenRenew', { token, increment: 600 })).auth.lease_duration, 600)
  })
  await check('tokenRenewSelf', 'is refused for a token that never ends', () =>
    refused(run('tokenRenewSelf'), 'lease is not renewable', 400),
  )
}

async function renewByItself({ run }: Vault, { client }: Vault): Promise<void> {
  await check('startTokenRenewal', 'renews a token when four fifths of its time are over', async () => {
    client.token = (await run('tokenCreate', { ttl: '2s', policies: ['default'] })).auth.client_token
    const renewed = new Promise<{ auth: { lease_duration: number } }>((resolve, reject) => {
      client.once('token:renewed', resolve)
      client.once('token:error:renew', reject)
    })
    await client.startTokenRenewal({})
    // The client's own timer holds no process.
    const alive = setInterval(() => undefined, 1000)
    try {
      same((await renewed).auth.lease_duration, 2)
    } finally {
      clearInterval(alive)
      client.stopTokenRenewal()
    }
  })
  await check('stopTokenRenewal', 'ends it', async () => client.stopTokenRenewal())
}

async function revoke({ run }: Vault, other: Vault): Promise<void> {
  const alive = async ({ client_token: token }: Made): Promise<boolean> =>
    await run('tokenLookup', { token }).then(
      () => true,
      () => false,
    )
  const family = async (): Promise<[Made, Made]> => {
    const { auth: parent } = await run('tokenCreate', { ttl: '1h' })
    other.client.token = parent.client_token
    const { auth: child } = await other.run('tokenCreate', { ttl: '1h', policies: ['default'] })
    return [parent, child]
  }
  await check('tokenRevoke', 'ends a token and its children', async () => {
    const [parent, child] = await family()
    same(await run('tokenRevoke', { token: parent.client_token }), '')
    same([await alive(parent), await alive(child)], [false, false])
  })
  await check('tokenRevokeOrphan', 'leaves the children', async () => {
    const [parent, child] = await family()
    await run('tokenRevokeOrphan', { token: parent.client_token })
    same([await alive(parent), await alive(child)], [false, true])
  })
  await check('tokenRevokeAccessor', 'ends it', async () => {
    const [, child] = await family()
    await run('tokenRevokeAccessor', { accessor: child.accessor })
    same(await alive(child), false)
  })
  await check('tokenRevokeSelf', 'ends the caller', async () => {
    const [, child] = await family()
    other.client.token = child.client_token
    await other.run('tokenRevokeSelf')
    same(await alive(child), false)
  })
}

export async function tokens(vault: Vault, other: Vault): Promise<void> {
  await policies(vault)
  const made = await create(vault)
  await lookUpAndRenew(vault, made)
  await renewByItself(vault, other)
  await revoke(vault, other)
}
