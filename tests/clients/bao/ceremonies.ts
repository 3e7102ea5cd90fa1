/** `bao operator …`: init, unseal, rekey in all its forms, generate-root, the keyring, and seal. */
import { writeFileSync } from 'node:fs'
import { opened, pgpKeys } from '../pgp.ts'
import { check, same } from '../report.ts'
import type { Bao } from './bao.ts'

/** The commands that change shares, by their old name and by their new one. */
type Rekey = 'operator rekey' | 'operator rotate-keys'

/** Key files, as the flags take them. */
async function keyFiles(bao: Bao): Promise<string> {
  const names = (await pgpKeys()).map((key, index) => {
    writeFileSync(bao.path(`holder-${index}.key`), key)
    return bao.path(`holder-${index}.key`)
  })
  return names.join(',')
}

function init(bao: Bao): Promise<string[]> {
  return kept(async (keep) => {
    await check('status', 'tells by its exit that the server is sealed', () => {
      const { code, out } = bao.run(['status', '-format=json'])
      same([code, JSON.parse(out).initialized, JSON.parse(out).sealed], [2, false, true])
    })
    await check('operator init', 'tells by its exit that nothing is initialised', () => {
      same(bao.run(['operator', 'init', '-status']).code, 2)
    })
    await check('operator init', 'gives three shares and a root token', () => {
      const made = bao.json('operator init', '-key-shares=3', '-key-threshold=2')
      same([made.unseal_keys_b64.length, made.unseal_shares, made.unseal_threshold], [3, 3, 2])
      bao.token = made.root_token
      keep(made.unseal_keys_b64)
      same(bao.run(['operator', 'init', '-status']).code, 0)
    })
  })
}

/** The last that was handed to `keep`, nothing where a check failed before. */
async function kept(body: (keep: (keys: string[]) => void) => Promise<void>): Promise<string[]> {
  let found: string[] = []
  await body((keys) => {
    found = keys
  })
  return found
}

/** On a server of its own: shares and root token come encrypted. */
export async function initForHolders(bao: Bao): Promise<void> {
  await check('operator init', 'encrypts shares and root token to their holders', async () => {
    const files = await keyFiles(bao)
    const [first = ''] = files.split(',')
    const flags = ['-key-shares=2', '-key-threshold=2', `-pgp-keys=${files}`, `-root-token-pgp-key=${first}`]
    const made = bao.json('operator init', ...flags)
    for (const share of await opened(made.unseal_keys_b64)) bao.text('operator', 'unseal', share)
    const [token = ''] = await opened([made.root_token])
    same(bao.as(token).json('token lookup').data.policies, ['root'])
  })
}

async function unseal(bao: Bao, keys: readonly string[]): Promise<void> {
  await check('operator unseal', 'counts the first share, and forgets it on reset', () => {
    same(bao.json('operator unseal', keys[0] ?? '').progress, 1)
    same(bao.json('operator unseal', '-reset').progress, 0)
  })
  await check('operator unseal', 'opens with two of three', () => {
    bao.text('operator', 'unseal', keys[0] ?? '')
    same(bao.json('operator unseal', keys[1] ?? '').sealed, false)
  })
  await check('status', 'exits with 0 once it is open, and has a table', () => {
    same(/^Sealed +false$/m.test(bao.text('status')), true)
  })
  await check('operator members', 'has this node, which is active', () => {
    same(bao.json('operator members').Nodes[0].active_node, true)
  })
}

async function plainRekey(bao: Bao, rekey: Rekey, keys: readonly string[]): Promise<string[]> {
  return await kept(async (keep) => {
    await check(rekey, 'begins, tells how it stands, and is cancelled', () => {
      const begun = bao.json(rekey, '-init', '-key-shares=2', '-key-threshold=2')
      same([begun.started, begun.n, begun.t], [true, 2, 2])
      same(bao.json(rekey, '-status').nonce, begun.nonce)
      bao.text(...rekey.split(' '), '-cancel')
      same(bao.json(rekey, '-status').started, false)
    })
    await check(rekey, 'goes on to the new shares', () => {
      const { nonce } = bao.json(rekey, '-init', '-key-shares=4', '-key-threshold=2')
      same(bao.json(rekey, `-nonce=${nonce}`, keys[0] ?? '').progress, 1)
      const last = bao.json(rekey, `-nonce=${nonce}`, keys[1] ?? '')
      same([last.complete, last.keys_base64.length], [true, 4])
      keep(last.keys_base64)
    })
  })
}

async function verifiedRekey(bao: Bao, rekey: Rekey, keys: readonly string[]): Promise<string[]> {
  return await kept(async (keep) => {
    await check(rekey, 'verifies the new shares, begun again once', () => {
      const { nonce } = bao.json(rekey, '-init', '-verify', '-key-shares=3', '-key-threshold=2')
      bao.text(...rekey.split(' '), `-nonce=${nonce}`, keys[0] ?? '')
      const last = bao.json(rekey, `-nonce=${nonce}`, keys[1] ?? '')
      same([last.verification_required, last.keys_base64.length], [true, 3])
      const [one, two, three] = last.keys_base64
      const first = `-nonce=${last.verification_nonce}`
      same(bao.json(rekey, '-verify', first, one).progress, 1)
      bao.text(...rekey.split(' '), '-verify', '-cancel')
      const again = bao.json(rekey, '-verify', '-status')
      same([again.started, again.progress], [true, 0])
      bao.text(...rekey.split(' '), '-verify', `-nonce=${again.nonce}`, two)
      bao.text(...rekey.split(' '), '-verify', `-nonce=${again.nonce}`, three)
      same(bao.json(rekey, '-status').started, false)
      keep(last.keys_base64)
    })
  })
}

async function rekeyToHolders(bao: Bao, rekey: Rekey, keys: readonly string[]): Promise<string[]> {
  return await kept(async (keep) => {
    await check(
      rekey,
      'gives messages that only their holders read, and keeps a backup of them',
      async () => {
        const flags = ['-key-shares=2', '-key-threshold=2', `-pgp-keys=${await keyFiles(bao)}`, '-backup']
        const { nonce } = bao.json(rekey, '-init', ...flags)
        bao.text(...rekey.split(' '), `-nonce=${nonce}`, keys[0] ?? '')
        const last = bao.json(rekey, `-nonce=${nonce}`, keys[1] ?? '')
        const { data } = bao.json(rekey, '-backup-retrieve')
        same(Object.keys(data.keys).length, 2)
        bao.text(...rekey.split(' '), '-backup-delete')
        keep(await opened(last.keys_base64))
      },
    )
  })
}

async function generateRoot(bao: Bao, keys: readonly string[]): Promise<void> {
  const command = ['operator', 'generate-root']
  await check('operator generate-root', 'begins, tells how it stands, and is cancelled', () => {
    const otp = bao.text(...command, '-generate-otp')
    same(bao.json('operator generate-root', '-init', `-otp=${otp}`).started, true)
    bao.text(...command, '-cancel')
    same(bao.json('operator generate-root', '-status').started, false)
  })
  await check('operator generate-root', 'makes a token that only the password reads', () => {
    const { nonce, otp } = bao.json('operator generate-root', '-init')
    bao.text(...command, `-nonce=${nonce}`, keys[0] ?? '')
    const last = bao.json('operator generate-root', `-nonce=${nonce}`, keys[1] ?? '')
    const decoded = bao.json('operator generate-root', `-decode=${last.encoded_token}`, `-otp=${otp}`)
    same(bao.as(decoded.token).json('token lookup').data.policies, ['root'])
  })
  await check('operator generate-root', 'takes the PGP key of a holder', async () => {
    const [, second = ''] = (await keyFiles(bao)).split(',')
    const { nonce } = bao.json('operator generate-root', '-init', `-pgp-key=${second}`)
    bao.text(...command, `-nonce=${nonce}`, keys[0] ?? '')
    const last = bao.json('operator generate-root', `-nonce=${nonce}`, keys[1] ?? '')
    same((await opened([last.encoded_token], 1))[0]!.length > 20, true)
  })
}

async function keyringAndSeal(bao: Bao, keys: readonly string[]): Promise<void> {
  await check('operator key-status', 'has a term', () => {
    same(typeof bao.json('operator key-status').term, 'number')
  })
  await check('operator rotate', 'begins the next term', () => {
    const { term } = bao.json('operator key-status')
    bao.text('operator', 'rotate')
    same(bao.json('operator key-status').term, term + 1)
  })
  await check('operator step-down', 'is taken by a node that is alone', () => {
    bao.text('operator', 'step-down')
  })
  await check('operator seal', 'closes', () => {
    bao.text('operator', 'seal')
    same(bao.run(['status']).code, 2)
  })
  await check('secrets list', 'says that the server is sealed', () => {
    bao.refused(2, 'Vault is sealed', 'secrets', 'list')
  })
  await check('operator unseal', 'opens with the shares of the last rekey', () => {
    bao.text('operator', 'unseal', keys[0] ?? '')
    same(bao.json('operator unseal', keys[1] ?? '').sealed, false)
  })
}

/** Leaves an empty server open, and `bao` with its root token. */
export async function ceremonies(bao: Bao): Promise<void> {
  let keys = await init(bao)
  await unseal(bao, keys)
  for (const rekey of ['operator rekey', 'operator rotate-keys'] as const) {
    keys = await plainRekey(bao, rekey, keys)
    keys = await verifiedRekey(bao, rekey, keys)
    keys = await rekeyToHolders(bao, rekey, keys)
  }
  await generateRoot(bao, keys)
  await keyringAndSeal(bao, keys)
}
