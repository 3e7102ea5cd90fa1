/** Policies, tokens and logging in. */
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { check, same } from '../report.ts'
import type { Bao } from './bao.ts'

const READER = 'path "kv2/data/app/*" {\n  capabilities = ["read"]\n}\n'

async function policies(bao: Bao): Promise<void> {
  await check('policy write', 'takes a file', () => {
    writeFileSync(bao.path('reader.hcl'), READER)
    bao.text('policy', 'write', 'reader', bao.path('reader.hcl'))
  })
  await check('policy write', 'refuses what is no policy', () => {
    writeFileSync(bao.path('bad.hcl'), 'path "x" { capabilities = ["fly"] }')
    bao.refused(2, 'invalid capability', 'policy', 'write', 'bad', bao.path('bad.hcl'))
  })
  await check('policy read', 'gives it back', () => {
    same(bao.text('policy', 'read', 'reader'), READER.trimEnd())
    bao.refused(2, 'No policy named: nobody', 'policy', 'read', 'nobody')
  })
  await check('policy list', 'has it beside default and root', () => {
    same(bao.text('policy', 'list').split('\n'), ['default', 'reader', 'root'])
  })
  await check('policy delete', 'removes one', () => {
    bao.text('policy', 'write', 'short', bao.path('reader.hcl'))
    bao.text('policy', 'delete', 'short')
  })
}

async function create(bao: Bao): Promise<{ client_token: string; accessor: string }> {
  let made = { client_token: '', accessor: '' }
  await check('token create', 'makes a token with what was asked for', () => {
    const flags = ['-policy=reader', '-ttl=1h', '-display-name=web 1', '-metadata=team=a', '-use-limit=50']
    const { auth } = bao.json('token create', ...flags)
    same([auth.policies, auth.lease_duration], [['default', 'reader'], 3600])
    made = auth
  })
  await check('token create', 'makes orphans, batch and periodic tokens, and those of a role', () => {
    same(bao.json('token create', '-orphan', '-policy=reader').auth.orphan, true)
    same(bao.json('token create', '-type=batch', '-policy=reader', '-ttl=1h').auth.accessor, '')
    same(bao.json('token create', '-period=30m', '-policy=reader').auth.lease_duration, 1800)
    bao.text('write', 'auth/token/roles/ci', 'allowed_policies=reader', 'orphan=true', 'token_period=20m')
    same(bao.json('token create', '-role=ci').auth.lease_duration, 1200)
  })
  return made
}

async function use(bao: Bao, { client_token: token, accessor }: { client_token: string; accessor: string }) {
  const own = bao.as(token)
  await check('token lookup', 'tells of a token, by its accessor, and of the caller’s', () => {
    same(bao.json('token lookup', token).data.display_name, 'token-web-1')
    same(bao.json('token lookup', '-accessor', accessor).data.id, '')
    const { meta, num_uses } = own.json('token lookup').data
    same([meta, num_uses], [{ team: 'a' }, 49])
    bao.refused(2, 'bad token', 'token', 'lookup', 'hvs.nobody')
  })
  await check('token renew', 'renews a token, by its accessor, and the caller’s', () => {
    same(bao.json('token renew', '-increment=10m', token).auth.lease_duration, 600)
    same(bao.json('token renew', '-accessor', '-increment=20m', accessor).auth.lease_duration, 1200)
    same(own.json('token renew', '-increment=30m').auth.lease_duration, 1800)
  })
  await check('token capabilities', 'tells what a token may', () => {
    same(bao.text('token', 'capabilities', token, 'kv2/data/app/x'), 'read')
    same(own.text('token', 'capabilities', 'kv2/data/other'), 'deny')
    same(bao.text('token', 'capabilities', 'kv2/data/other'), 'root')
  })
  await check('secrets list', 'is refused to a token that may not', () => {
    own.refused(2, 'permission denied', 'secrets', 'list')
  })
  await check('login', 'keeps the token for this user alone', () => {
    const home = bao.as('')
    same(home.json('login', token).auth.client_token, token)
    same(readFileSync(home.path('.vault-token'), 'utf8'), token)
    same(statSync(home.path('.vault-token')).mode & 0o777, 0o600)
  })
  await check('print token', 'tells which token it would use', () => {
    same(bao.as('').text('print', 'token'), token)
  })
  await check('login', 'refuses a token of nobody', () => {
    bao.as('').refused(2, 'permission denied', 'login', 'hvs.nobody')
  })
}

async function revoke(bao: Bao): Promise<void> {
  const fresh = (): { client_token: string; accessor: string } =>
    bao.json('token create', '-policy=default', '-ttl=1h').auth
  const isAlive = ({ client_token }: { client_token: string }): boolean =>
    bao.run(['token', 'lookup', client_token]).code === 0
  await check('token revoke', 'ends a token, by its accessor, and the caller’s', () => {
    const [one, two, three] = [fresh(), fresh(), fresh()]
    bao.text('token', 'revoke', one.client_token)
    bao.text('token', 'revoke', '-accessor', two.accessor)
    bao.as(three.client_token).text('token', 'revoke', '-self')
    same([one, two, three].map(isAlive), [false, false, false])
  })
  await check('token revoke', 'leaves the children of an orphaned token', () => {
    const parent = bao.json('token create', '-ttl=1h').auth
    const child = bao.as(parent.client_token).json('token create', '-ttl=1h', '-policy=default').auth
    bao.text('token', 'revoke', '-mode=orphan', parent.client_token)
    same([isAlive(parent), isAlive(child)], [false, true])
  })
}

export async function tokens(bao: Bao): Promise<void> {
  await policies(bao)
  await use(bao, await create(bao))
  await revoke(bao)
}
