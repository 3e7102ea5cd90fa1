/** Mounts, and both versions of KV. */
import { writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { check, same } from '../report.ts'
import type { Bao } from './bao.ts'

async function mounts(bao: Bao): Promise<void> {
  await check('secrets enable', 'mounts KV, in both versions', () => {
    bao.text('secrets', 'enable', '-path=kv1', 'kv')
    bao.text(
      'secrets',
      'enable',
      '-path=kv2',
      '-description=for apps',
      '-max-lease-ttl=2h',
      '-version=2',
      'kv',
    )
  })
  await check('secrets enable', 'refuses a path that is taken', () => {
    bao.refused(2, 'path is already in use at kv1/', 'secrets', 'enable', '-path=kv1', 'kv')
  })
  await check('secrets list', 'has them, as a table and in detail', () => {
    same(/^kv2\/ +kv +kv_[0-9a-f]{8} +for apps$/m.test(bao.text('secrets', 'list')), true)
    same(bao.text('secrets', 'list', '-detailed').includes('map[version:2]'), true)
    same(bao.json('secrets list')['kv2/'].config.max_lease_ttl, 7200)
  })
  await check('secrets tune', 'changes a lifetime, and leaves the others', () => {
    bao.text('secrets', 'tune', '-default-lease-ttl=30m', 'kv2/')
    const { data } = bao.json('read', 'sys/mounts/kv2/tune')
    same([data.default_lease_ttl, data.max_lease_ttl, data.description], [1800, 7200, 'for apps'])
  })
  await check('secrets move', 'moves one, and waits for it', () => {
    bao.text('secrets', 'enable', '-path=here', 'kv')
    bao.text('secrets', 'move', 'here/', 'there/')
    same(bao.json('secrets list')['there/'].type, 'kv')
  })
  await check('secrets disable', 'removes one', () => {
    bao.text('secrets', 'disable', 'there')
  })
  await check('auth list', 'has tokens', () => {
    same(bao.json('auth list')['token/'].type, 'token')
  })
  await check('auth tune', 'changes a lifetime', () => {
    bao.text('auth', 'tune', '-default-lease-ttl=300h', 'token/')
    same(bao.json('read', 'sys/auth/token/tune').data.default_lease_ttl, 1_080_000)
  })
  await check('auth enable', 'refuses a type that nobody has', () => {
    bao.refused(2, 'plugin not found in the catalog: zzz', 'auth', 'enable', 'zzz')
  })
  await check('auth disable', 'never removes tokens', () => {
    bao.refused(2, 'token credential backend cannot be disabled', 'auth', 'disable', 'token')
  })
  await check('plugin list', 'has the engines', () => {
    same(bao.text('plugin', 'list', 'secret').includes('kv'), true)
  })
  await check('plugin info', 'tells of one', () => {
    same(bao.json('plugin info', 'secret', 'kv').builtin, true)
  })
}

async function kv1(bao: Bao): Promise<void> {
  await check('kv put', 'writes in version 1', () => {
    bao.text('kv', 'put', 'kv1/a/b', 'k=v', 'ttl=30s')
  })
  await check('kv get', 'reads in version 1', () => {
    same(bao.json('kv get', 'kv1/a/b').data, { k: 'v', ttl: '30s' })
    same(bao.text('kv', 'get', '-field=k', 'kv1/a/b'), 'v')
  })
  await check('kv list', 'has folders with a slash', () => same(bao.json('kv list', 'kv1'), ['a/']))
  await check('kv scan', 'has all below', () => same(bao.json('kv scan', 'kv1'), ['a/b']))
  await check('kv delete', 'removes in version 1', () => {
    bao.text('kv', 'delete', 'kv1/a/b')
    bao.refused(2, 'No value found at kv1/a/b', 'kv', 'get', 'kv1/a/b')
  })
  await check('kv enable-versioning', 'makes version 2 of it, with its secrets', async () => {
    bao.text('secrets', 'enable', '-path=old', 'kv')
    bao.text('kv', 'put', 'old/app', 'k=v')
    bao.text('kv', 'enable-versioning', 'old')
    // What is there is moved in the background, and until then everybody is told to come again.
    for (let asked = 0; asked < 100 && bao.run(['kv', 'get', 'old/app']).code !== 0; asked++) await sleep(50)
    same(bao.json('kv get', 'old/app').data.data, { k: 'v' })
  })
}

async function kv2Versions(bao: Bao): Promise<void> {
  await check('kv put', 'makes versions, from arguments, files and standard input', () => {
    same(bao.json('kv put', '-mount=kv2', 'app/x', 'a=1').data.version, 1)
    writeFileSync(bao.path('data.json'), '{"a":"2","deep":{"list":[1,true,null]}}')
    same(bao.json('kv put', 'kv2/app/x', `@${bao.path('data.json')}`).data.version, 2)
    same(bao.run(['kv', 'put', 'kv2/app/x', '-'], '{"a":"3"}').code, 0)
  })
  await check('kv put', 'refuses where another version is the last', () => {
    const words = 'check-and-set parameter did not match the current version'
    bao.refused(2, words, 'kv', 'put', '-cas=1', 'kv2/app/x', 'a=4')
  })
  await check('kv get', 'is the last version, or the one that was asked for', () => {
    same(bao.json('kv get', 'kv2/app/x').data.data, { a: '3' })
    same(bao.json('kv get', '-version=2', 'kv2/app/x').data.data.deep, { list: [1, true, null] })
    same(/^=+ Secret Path =+\nkv2\/data\/app\/x$/m.test(bao.text('kv', 'get', 'kv2/app/x')), true)
  })
  await check('kv patch', 'merges, in either way, and takes a member away', () => {
    same(bao.json('kv patch', 'kv2/app/x', 'b=5').data.version, 4)
    same(bao.json('kv patch', '-method=rw', 'kv2/app/x', 'c=6').data.version, 5)
    bao.text('kv', 'patch', '-remove-data=a', 'kv2/app/x', 'b=7')
    same(bao.json('kv get', 'kv2/app/x').data.data, { b: '7', c: '6' })
  })
  await check('kv rollback', 'writes an old version again', () => {
    same(bao.json('kv rollback', '-version=1', 'kv2/app/x').data.version, 7)
    same(bao.text('kv', 'get', '-field=a', 'kv2/app/x'), '1')
  })
}

async function kv2Removal(bao: Bao): Promise<void> {
  await check('kv delete', 'removes the last, or those that are named', () => {
    bao.text('kv', 'delete', 'kv2/app/x')
    const { code, out } = bao.run(['kv', 'get', '-format=json', 'kv2/app/x'])
    same([code, JSON.parse(out).data.metadata.deletion_time !== ''], [0, true])
    bao.text('kv', 'delete', '-versions=2,3', 'kv2/app/x')
  })
  await check('kv undelete', 'brings a version back', () => {
    bao.text('kv', 'undelete', '-versions=7', 'kv2/app/x')
    same(bao.text('kv', 'get', '-field=a', 'kv2/app/x'), '1')
  })
  await check('kv destroy', 'removes versions for good', () => {
    bao.text('kv', 'destroy', '-versions=1,2', 'kv2/app/x')
    same(bao.json('kv metadata get', 'kv2/app/x').data.versions['1'].destroyed, true)
  })
  await check('kv metadata put', 'takes limits and words of the owner', () => {
    const limits = ['-max-versions=9', '-delete-version-after=1h', '-custom-metadata=owner=me']
    bao.text('kv', 'metadata', 'put', ...limits, 'kv2/app/x')
  })
  await check('kv metadata patch', 'changes some of them', () => {
    const change = ['-cas-required=true', '-custom-metadata=team=a', '-remove-custom-metadata=owner']
    bao.text('kv', 'metadata', 'patch', ...change, 'kv2/app/x')
  })
  await check('kv metadata get', 'has them, and every version', () => {
    const { data } = bao.json('kv metadata get', 'kv2/app/x')
    same([data.max_versions, data.cas_required, data.custom_metadata], [9, true, { team: 'a' }])
    same(bao.text('kv', 'metadata', 'get', 'kv2/app/x').includes('====== Version 7 ======'), true)
  })
  await check('kv list', 'has folders and keys of version 2', () => {
    bao.text('kv', 'put', 'kv2/top', 'a=1')
    same(bao.json('kv list', '-mount=kv2'), ['app/', 'top'])
  })
  await check('kv scan', 'has all below in version 2', () => {
    same(bao.json('kv scan', '-mount=kv2').toSorted(), ['app/x', 'top'])
  })
  await check('kv metadata delete', 'leaves nothing', () => {
    bao.text('kv', 'metadata', 'delete', 'kv2/app/x')
    bao.refused(2, 'No value found at kv2/data/app/x', 'kv', 'get', 'kv2/app/x')
  })
}

export async function stores(bao: Bao): Promise<void> {
  await mounts(bao)
  await kv1(bao)
  await kv2Versions(bao)
  await kv2Removal(bao)
}
