/** Mounts, and both versions of KV: node-vault reads and writes them as any path. */

import { check, same } from '../report.ts'
import { refused, type Vault } from './client.ts'

async function mounts({ client, run }: Vault): Promise<void> {
  await check('mount', 'mounts KV, with a member in the body that no server knows', async () => {
    same(await run('mount', { mount_point: 'kv1', type: 'kv' }), '')
    const options = { version: '2' }
    same(await run('mount', { mount_point: 'kv2', type: 'kv', options, description: 'for apps' }), '')
  })
  await check('mount', 'refuses a path that is taken', () =>
    refused(run('mount', { mount_point: 'kv1', type: 'kv' }), 'path is already in use at kv1/', 400),
  )
  await check('mounts', 'has them, in data and on top', async () => {
    const listed = await run('mounts')
    same(listed['kv2/'], listed.data['kv2/'])
    same(listed['kv2/'].options, { version: '2' })
  })
  await check('write', 'tunes a mount', async () => {
    await client.write('sys/mounts/kv2/tune', { default_lease_ttl: '30m', max_lease_ttl: '2h' })
    same((await client.read('sys/mounts/kv2/tune')).data.default_lease_ttl, 1800)
  })
  await check('remount', 'moves one', async () => {
    await run('mount', { mount_point: 'here', type: 'kv' })
    same(typeof (await run('remount', { from: 'here', to: 'there' })).migration_id, 'string')
  })
  await check('unmount', 'removes one, and one that is not there', async () => {
    same(await run('unmount', { mount_point: 'there' }), '')
    same(await run('unmount', { mount_point: 'there' }), '')
  })
  await check('auths', 'has tokens', async () => same((await run('auths')).data['token/'].type, 'token'))
  await check('enableAuth', 'refuses a type that nobody has', () =>
    refused(
      run('enableAuth', { mount_point: 'zzz', type: 'zzz' }),
      'plugin not found in the catalog: zzz',
      400,
    ),
  )
  await check('disableAuth', 'never removes tokens', () =>
    refused(run('disableAuth', { mount_point: 'token' }), 'token credential backend cannot be disabled', 400),
  )
}

async function kv1({ client }: Vault): Promise<void> {
  await check('write', 'writes a secret of version 1', async () => {
    same(await client.write('kv1/a/b', { k: 'v', ttl: '30s' }), '')
  })
  await check('read', 'reads it', async () => {
    const { data, lease_duration } = await client.read('kv1/a/b')
    same([data, lease_duration], [{ k: 'v', ttl: '30s' }, 30])
  })
  await check('list', 'has folders with a slash', async () => {
    same((await client.list('kv1')).data.keys, ['a/'])
    same((await client.list('kv1/a')).data.keys, ['b'])
  })
  await check('delete', 'removes it', async () => {
    same(await client.delete('kv1/a/b'), '')
    await refused(client.read('kv1/a/b'), 'Status 404', 404)
  })
  await check('list', 'does not find what is empty', () => refused(client.list('kv1'), 'Status 404', 404))
}

async function kv2({ client, run }: Vault): Promise<void> {
  await check('write', 'makes versions of a secret', async () => {
    same((await client.write('kv2/data/app/x', { data: { a: '1' } })).data.version, 1)
    same((await client.write('kv2/data/app/x', { data: { a: '2' }, options: { cas: 1 } })).data.version, 2)
  })
  await check('write', 'refuses where another version is the last', () => {
    const stale = client.write('kv2/data/app/x', { data: { a: '3' }, options: { cas: 1 } })
    return refused(stale, 'check-and-set parameter did not match the current version', 400)
  })
  await check('update', 'merges into the last version', async () => {
    same((await client.update('kv2/data/app/x', { data: { b: '3', a: null } })).data.version, 3)
    same((await client.read('kv2/data/app/x')).data.data, { b: '3' })
  })
  await check('read', 'reads the version that was asked for', async () => {
    same((await client.read('kv2/data/app/x?version=1')).data.data, { a: '1' })
  })
  await check('delete', 'removes the last, and its metadata stay in the answer', async () => {
    await client.delete('kv2/data/app/x')
    const gone = await client.read('kv2/data/app/x').catch((error) => error.response)
    same([gone.statusCode, gone.body.data.metadata.version], [404, 3])
  })
  await check('write', 'brings a version back', async () => {
    same(await client.write('kv2/undelete/app/x', { versions: [3] }), '')
    same((await client.read('kv2/data/app/x')).data.data, { b: '3' })
  })
  await check('destroySecretVersions', 'removes versions for good', async () => {
    const which = { mount_point: 'kv2', path: 'app/x', versions: [1] }
    await run('destroySecretVersions', which)
    same((await client.read('kv2/metadata/app/x')).data.versions['1'].destroyed, true)
  })
  await check('write', 'takes metadata, and update changes them', async () => {
    await client.write('kv2/metadata/app/x', { max_versions: 4, custom_metadata: { owner: 'me' } })
    await client.update('kv2/metadata/app/x', { custom_metadata: { owner: null, team: 'a' } })
    const { max_versions, custom_metadata } = (await client.read('kv2/metadata/app/x')).data
    same([max_versions, custom_metadata], [4, { team: 'a' }])
  })
  await check('list', 'has folders and keys', async () => {
    await client.write('kv2/data/top', { data: { a: '1' } })
    same((await client.list('kv2/metadata')).data.keys, ['app/', 'top'])
  })
}

export async function stores(vault: Vault): Promise<void> {
  await mounts(vault)
  await kv1(vault)
  await kv2(vault)
}
