/** Init, seal, unseal, rekey in all its forms, generate-root and the keyring, as node-vault does them. */
import { opened, pgpKeys } from '../pgp.ts'
import { check, same } from '../report.ts'
import { refused, type Vault } from './client.ts'

const ANOTHER_NONCE = '00000000-0000-0000-0000-000000000000'

async function beforeInit({ run }: Vault): Promise<void> {
  await check('initialized', 'is false', async () => same(await run('initialized'), { initialized: false }))
  await check('health', 'is no error, whatever the status is', async () => {
    const { initialized, sealed, performance_standby } = await run('health')
    same([initialized, sealed, performance_standby], [false, true, false])
  })
  await check('status', 'has no shares yet', async () => {
    const { initialized, sealed, t, n } = await run('status')
    same([initialized, sealed, t, n], [false, true, 0, 0])
  })
  await check('leader', 'has no high availability', async () => same((await run('leader')).ha_enabled, false))
}

async function init(vault: Vault): Promise<string[]> {
  let keys: string[] = []
  await check('init', 'gives three shares and a root token', async () => {
    const answer = await vault.run('init', { secret_shares: 3, secret_threshold: 2 })
    keys = answer.keys
    same([keys.length, answer.keys_base64.length], [3, 3])
    vault.client.token = answer.root_token
  })
  await check('init', 'is refused the second time', () =>
    refused(vault.run('init', { secret_shares: 3, secret_threshold: 2 }), 'already initialized', 400),
  )
  return keys
}

/** On a server of its own: the shares come encrypted. */
export async function initForHolders(vault: Vault): Promise<void> {
  await check('init', 'encrypts the shares to their holders', async () => {
    const pgp_keys = await pgpKeys()
    const answer = await vault.run('init', { secret_shares: 2, secret_threshold: 2, pgp_keys })
    vault.client.token = answer.root_token
    for (const key of await opened(answer.keys_base64)) await vault.run('unseal', { key })
    same((await vault.run('tokenLookupSelf')).data.policies, ['root'])
  })
}

async function unseal({ run }: Vault, keys: readonly string[]): Promise<void> {
  await check('unseal', 'counts the first share, and forgets it on reset', async () => {
    same((await run('unseal', { key: keys[0] })).progress, 1)
    same((await run('unseal', { reset: true })).progress, 0)
  })
  await check('unseal', 'opens with two of three', async () => {
    await run('unseal', { key: keys[0] })
    same((await run('unseal', { key: keys[1] })).sealed, false)
  })
}

/** node-vault has no commands for it: it is written and read as any path. */
async function rekey({ client }: Vault, keys: readonly string[]): Promise<string[]> {
  let made: string[] = []
  await check('write', 'begins a rekey, which is read and cancelled', async () => {
    const begun = await client.write('sys/rekey/init', { secret_shares: 2, secret_threshold: 2 })
    same([begun.started, begun.n, begun.required], [true, 2, 2])
    same((await client.read('sys/rekey/init')).nonce, begun.nonce)
    await client.delete('sys/rekey/init')
    same((await client.read('sys/rekey/init')).started, false)
  })
  await check('write', 'gives shares for a rekey, up to the new ones', async () => {
    const { nonce } = await client.write('sys/rekey/init', { secret_shares: 4, secret_threshold: 2 })
    await refused(client.write('sys/rekey/update', { key: keys[0], nonce: ANOTHER_NONCE }), 'nonce', 400)
    same((await client.write('sys/rekey/update', { key: keys[0], nonce })).progress, 1)
    const last = await client.write('sys/rekey/update', { key: keys[1], nonce })
    same([last.complete, last.keys.length], [true, 4])
    made = last.keys
  })
  return made
}

async function verifiedRekey({ client }: Vault, keys: readonly string[]): Promise<string[]> {
  let made: string[] = []
  await check('write', 'verifies the new shares of a rekey, begun again once', async () => {
    const asked = { secret_shares: 3, secret_threshold: 2, require_verification: true }
    const { nonce } = await client.write('sys/rekey/init', asked)
    await client.write('sys/rekey/update', { key: keys[0], nonce })
    const last = await client.write('sys/rekey/update', { key: keys[1], nonce })
    same([last.complete, last.verification_required, last.keys.length], [true, true, 3])
    const first = { key: last.keys[0], nonce: last.verification_nonce }
    same((await client.write('sys/rekey/verify', first)).progress, 1)
    await client.delete('sys/rekey/verify')
    const again = await client.read('sys/rekey/verify')
    same([again.started, again.progress, again.nonce === first.nonce], [true, 0, false])
    await client.write('sys/rekey/verify', { key: last.keys[1], nonce: again.nonce })
    const verified = await client.write('sys/rekey/verify', { key: last.keys[2], nonce: again.nonce })
    same(verified.complete, true)
    made = last.keys
  })
  return made
}

async function rekeyToHolders({ client }: Vault, keys: readonly string[]): Promise<string[]> {
  let made: string[] = []
  await check('write', 'rekeys to people with PGP keys, with a backup that is read and removed', async () => {
    const asked = { secret_shares: 2, secret_threshold: 2, pgp_keys: await pgpKeys(), backup: true }
    const { nonce } = await client.write('sys/rekey/init', asked)
    await client.write('sys/rekey/update', { key: keys[0], nonce })
    const last = await client.write('sys/rekey/update', { key: keys[1], nonce })
    const backup = await client.read('sys/rekey/backup')
    same(Object.keys(backup.keys).sort(), [...last.pgp_fingerprints].sort())
    await client.delete('sys/rekey/backup')
    made = await opened(last.keys_base64)
  })
  return made
}

async function generateRoot(vault: Vault, keys: readonly string[]): Promise<void> {
  const { client, run } = vault
  let otp = ''
  await check('read', 'tells how long a password for a root token is', async () => {
    otp = 'x'.repeat((await client.read('sys/generate-root/attempt')).otp_length)
  })
  await check('generateRootInit', 'takes a password, and is cancelled', async () => {
    same((await run('generateRootInit', { otp })).started, true)
    await run('generateRootCancel')
  })
  await check('generateRootCancel', 'leaves nothing under way', async () => {
    await run('generateRootCancel')
    same((await client.read('sys/generate-root/attempt')).started, false)
  })
  await check('generateRootUpdate', 'makes a token that only the password reads', async () => {
    const { nonce } = await run('generateRootInit', { otp })
    await run('generateRootUpdate', { key: keys[0], nonce })
    const { encoded_root_token: encoded } = await run('generateRootUpdate', { key: keys[1], nonce })
    const token = Buffer.from(encoded, 'base64').map((byte, index) => byte ^ otp.charCodeAt(index))
    const headers = { 'X-Vault-Token': Buffer.from(token).toString() }
    same((await client.read('auth/token/lookup-self', { headers })).data.policies, ['root'])
  })
  await check('generateRootInit', 'takes the PGP key of a holder', async () => {
    const [, pgp_key] = await pgpKeys()
    const { nonce } = await run('generateRootInit', { pgp_key })
    await run('generateRootUpdate', { key: keys[0], nonce })
    const last = await run('generateRootUpdate', { key: keys[1], nonce })
    same((await opened([last.encoded_token], 1))[0]!.length > 20, true)
  })
}

async function keyringAndSeal({ client, run }: Vault, keys: readonly string[]): Promise<void> {
  await check('rotate', 'begins the next term', async () => {
    const { term } = await client.read('sys/key-status')
    await run('rotate')
    same((await client.read('sys/key-status')).data.term, term + 1)
  })
  await check('stepDown', 'is taken by a node that is alone', async () => same(await run('stepDown'), ''))
  await check('seal', 'closes', async () => {
    await run('seal')
    same((await run('status')).sealed, true)
  })
  await check('mounts', 'says that the server is sealed', () => refused(run('mounts'), 'sealed', 503))
  await check('health', 'is no error either when sealed', async () =>
    same((await run('health')).sealed, true),
  )
  await check('unseal', 'opens with the shares of the last rekey', async () => {
    await run('unseal', { key: keys[0] })
    same((await run('unseal', { key: keys[1] })).sealed, false)
  })
}

/** Leaves an empty server open, and the client with its root token. */
export async function ceremonies(vault: Vault): Promise<void> {
  await beforeInit(vault)
  let keys = await init(vault)
  await unseal(vault, keys)
  keys = await rekey(vault, keys)
  keys = await verifiedRekey(vault, keys)
  keys = await rekeyToHolders(vault, keys)
  await generateRoot(vault, keys)
  await keyringAndSeal(vault, keys)
}
