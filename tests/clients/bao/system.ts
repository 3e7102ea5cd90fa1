/** The plain verbs, wrapping, leases, and what a server tells of itself. */
import { check, same } from '../report.ts'
import type { Bao } from './bao.ts'

async function verbs(bao: Bao): Promise<void> {
  await check('write', 'writes anywhere', () => {
    bao.text('write', 'kv1/dir/one', 'k=v')
  })
  await check('read', 'reads, and exits with 2 where nothing is', () => {
    same(bao.text('read', '-field=k', 'kv1/dir/one'), 'v')
    bao.refused(2, 'No value found at kv1/none', 'read', 'kv1/none')
  })
  await check('list', 'lists', () => same(bao.json('list', 'kv1'), ['dir/']))
  await check('scan', 'has all below', () => same(bao.json('scan', 'kv1'), ['dir/one']))
  await check('patch', 'merges', () => {
    bao.text('kv', 'put', 'kv2/p', 'a=1')
    const change = '{"data":{"b":"2"}}'
    same(bao.run(['patch', 'kv2/data/p', '-'], change).code, 0)
    same(bao.json('kv get', 'kv2/p').data.data, { a: '1', b: '2' })
  })
  await check('delete', 'deletes', () => {
    bao.text('delete', 'kv1/dir/one')
    same(bao.run(['list', 'kv1']).code, 2)
  })
}

async function wrapping(bao: Bao): Promise<void> {
  await check('unwrap', 'gives what -wrap-ttl wrapped, once', () => {
    const { wrap_info } = bao.json('kv get', '-wrap-ttl=5m', 'kv2/p')
    same([wrap_info.ttl, wrap_info.creation_path], [300, 'kv2/data/p'])
    same(bao.json('unwrap', wrap_info.token).data.data, { a: '1', b: '2' })
    const dead = 'wrapping token is not valid or does not exist'
    bao.refused(2, dead, 'unwrap', wrap_info.token)
  })
  await check('unwrap', 'takes the wrapping token as the caller’s own', () => {
    const { wrap_info } = bao.json('token create', '-wrap-ttl=60s', '-policy=default')
    same(bao.as(wrap_info.token).json('unwrap').auth.policies, ['default'])
  })
}

async function leases(bao: Bao): Promise<void> {
  await check('lease lookup', 'tells of a lease', () => {
    const keys: string[] = bao.json('list', 'sys/leases/lookup/auth/token/create')
    const key = keys.find((one) => !one.endsWith('/'))
    same(bao.json('lease lookup', `auth/token/create/${key}`).data.path, 'auth/token/create')
    bao.refused(2, 'invalid lease', 'lease', 'lookup', 'nope')
  })
  await check('lease renew', 'does not find one that is not there', () => {
    bao.refused(2, 'lease not found', 'lease', 'renew', 'nope')
  })
  await check('lease revoke', 'ends one, those of a prefix, and what an engine cannot', () => {
    bao.text('lease', 'revoke', 'nope')
    const { client_token } = bao.json('token create', '-role=ci').auth
    bao.text('lease', 'revoke', '-prefix', '-sync', 'auth/token/create/ci')
    bao.refused(2, 'bad token', 'token', 'lookup', client_token)
    bao.text('lease', 'revoke', '-force', '-prefix', 'kv1/x')
  })
}

async function about(bao: Bao): Promise<void> {
  await check('path-help', 'tells of a path', () => {
    same(bao.text('path-help', 'sys/mounts').length > 20, true)
  })
  await check('version-history', 'has the version of the API', () => {
    same(bao.text('version-history').includes('2.6.2'), true)
  })
}

export async function system(bao: Bao): Promise<void> {
  await verbs(bao)
  await wrapping(bao)
  await leases(bao)
  await about(bao)
}
