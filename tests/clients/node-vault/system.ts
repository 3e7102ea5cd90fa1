/** Wrapping, leases, capabilities, tools and help. */

import { check, same } from '../report.ts'
import { refused, type Vault } from './client.ts'

async function wrapping({ client, run }: Vault, other: Vault): Promise<void> {
  const wrap = async (): Promise<string> => {
    const headers = { 'X-Vault-Wrap-TTL': '60' }
    const { wrap_info } = await client.write('sys/wrapping/wrap', { hello: 'w' }, { headers })
    same([wrap_info.ttl, wrap_info.creation_path], [60, 'sys/wrapping/wrap'])
    return wrap_info.token
  }
  await check('unwrap', 'gives what was wrapped, once', async () => {
    const token = await wrap()
    same((await run('unwrap', { token })).data, { hello: 'w' })
    await refused(run('unwrap', { token }), 'wrapping token is not valid or does not exist', 400)
  })
  await check('unwrap', 'takes the wrapping token as the caller’s own', async () => {
    other.client.token = await wrap()
    same((await other.run('unwrap')).data, { hello: 'w' })
  })
  await check('read', 'wraps an answer', async () => {
    await client.write('kv1/w', { k: 'v' })
    const { wrap_info } = await client.read('kv1/w', { headers: { 'X-Vault-Wrap-TTL': '5m' } })
    same((await run('unwrap', { token: wrap_info.token })).data, { k: 'v' })
  })
  await check('write', 'keeps a cubbyhole for the token alone', async () => {
    await client.write('cubbyhole/mine', { k: 'v' })
    same((await client.read('cubbyhole/mine')).data, { k: 'v' })
  })
}

async function leases({ client, run }: Vault): Promise<void> {
  await check('list', 'has leases by their prefix', async () => {
    await run('tokenCreate', { ttl: '1h', policies: ['default'] })
    const { keys } = (await client.list('sys/leases/lookup/auth/token/create')).data
    const key = keys.find((one: string) => !one.endsWith('/'))
    const { data } = await client.write('sys/leases/lookup', { lease_id: `auth/token/create/${key}` })
    same(data.path, 'auth/token/create')
  })
  await check('renew', 'does not find a lease that is not there', () =>
    refused(run('renew', { lease_id: 'nope' }), 'lease not found', 400),
  )
  await check('revoke', 'is content where nothing is', async () =>
    same(await run('revoke', { lease_id: 'nope' }), ''),
  )
  await check('revokePrefix', 'ends what stands under a prefix, by the old name of the route', async () => {
    same(await run('revokePrefix', { path_prefix: 'auth/none' }), '')
  })
}

async function rest({ client }: Vault): Promise<void> {
  await check('write', 'tells what a caller may', async () => {
    const { data } = await client.write('sys/capabilities-self', { paths: ['kv2/data/app/x'] })
    same(data, { 'kv2/data/app/x': ['root'], capabilities: ['root'] })
  })
  await check('write', 'gets random bytes and hashes', async () => {
    same((await client.write('sys/tools/random/8', { format: 'hex' })).data.random_bytes.length, 16)
    const { sum } = (await client.write('sys/tools/hash/sha2-256', { input: 'YWJj' })).data
    same(sum, 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
  })
  await check('help', 'tells of a path', async () =>
    same(typeof (await client.help('sys/mounts')).help, 'string'),
  )
}

export async function system(vault: Vault, other: Vault): Promise<void> {
  await wrapping(vault, other)
  await leases(vault)
  await rest(vault)
}
