import { readFileSync } from 'node:fs'
import type { Example } from './examples.ts'
import type { Face, Stage } from './stage.ts'

/** Somebody's published key (tests/vectors/openpgp-keys.json). */
const { v4 } = JSON.parse(readFileSync(new URL('../vectors/openpgp-keys.json', import.meta.url), 'utf8'))
const WRAPPED = { pgp_keys: [v4.public, v4.public], backup: true }

const NUMBERS = { secret_shares: 2, secret_threshold: 2 }

async function share(stage: Stage, nonce: string): Promise<{ readonly body: object }> {
  return { body: { nonce, key: stage.shares[0] } }
}

const onGeneration: Example = async (stage) => {
  await stage.generation()
  return {}
}
const noGeneration: Example = async (stage) => {
  await stage.clear('sys/generate-root-token/attempt')
  return { body: {} }
}
const toGeneration: Example = async (stage) => await share(stage, await stage.generation())

const noRekey: Example = async (stage) => {
  await stage.clear('sys/rotate/root/init')
  return { body: NUMBERS }
}
const onRekey = (face: Face): Example => {
  return async (stage) => {
    await stage.rekey(face)
    return {}
  }
}
const toRekey = (face: Face): Example => {
  return async (stage) => await share(stage, await stage.rekey(face))
}
const onDealt = (face: Face): Example => {
  return async (stage) => ({ body: await stage.dealt(face) })
}
/** The only thing that is kept before new shares have come back. */
const onBackup: Example = async (stage) => {
  await stage.dealt('rekey', WRAPPED)
  return {}
}

const opened: Example = async (stage) => {
  await stage.unseal()
  return { body: {} }
}

const nothing: Example = async () => ({ body: {} })

/** There are none of a Shamir seal. */
const RECOVERY = ['init', 'update', 'verify'].flatMap((name): [string, Example][] => [
  [`PUT /sys/rekey-recovery-key/${name}`, nothing],
  [`POST /sys/rekey-recovery-key/${name}`, nothing],
  [`POST /sys/rotate/recovery/${name}`, nothing],
])

/** Rows of the lifecycle, whose credential is a share as often as a token. */
export const KEY_EXAMPLES: Readonly<Record<string, Example>> = {
  ...Object.fromEntries(RECOVERY),
  // The store has its keys.
  'POST /sys/init': async () => ({ body: NUMBERS }),
  'PUT /sys/init': async () => ({ body: NUMBERS }),
  'POST /sys/unseal': async (stage) => ({ body: { key: stage.shares[0] } }),
  'PUT /sys/unseal': async (stage) => ({ body: { key: stage.shares[0] } }),
  'POST /sys/seal': opened,
  'PUT /sys/seal': opened,
  'POST /sys/step-down': opened,
  'PUT /sys/step-down': opened,

  'DELETE /sys/generate-root/attempt': onGeneration,
  'GET /sys/generate-root/attempt': onGeneration,
  'POST /sys/generate-root/attempt': noGeneration,
  'PUT /sys/generate-root/attempt': noGeneration,
  'POST /sys/generate-root/update': toGeneration,
  'PUT /sys/generate-root/update': toGeneration,
  'DELETE /sys/generate-root-token/attempt': onGeneration,
  'GET /sys/generate-root-token/attempt': onGeneration,
  'POST /sys/generate-root-token/attempt': noGeneration,
  'POST /sys/generate-root-token/update': toGeneration,
  // "abc" under "AAA".
  'POST /sys/decode-token': async () => ({ body: { encoded_token: 'ICMi', otp: 'AAA' } }),

  'DELETE /sys/rekey/init': onRekey('rekey'),
  'GET /sys/rekey/init': onRekey('rekey'),
  'POST /sys/rekey/init': noRekey,
  'PUT /sys/rekey/init': noRekey,
  'POST /sys/rekey/update': toRekey('rekey'),
  'PUT /sys/rekey/update': toRekey('rekey'),
  'DELETE /sys/rekey/verify': onDealt('rekey'),
  'GET /sys/rekey/verify': onDealt('rekey'),
  'POST /sys/rekey/verify': onDealt('rekey'),
  'PUT /sys/rekey/verify': onDealt('rekey'),
  'GET /sys/rekey/backup': onBackup,
  'DELETE /sys/rekey/backup': onBackup,
  'GET /sys/rotate/root/backup': onBackup,
  'DELETE /sys/rotate/root/backup': onBackup,
  'DELETE /sys/rotate/root/init': onRekey('rotate/root'),
  'GET /sys/rotate/root/init': onRekey('rotate/root'),
  'POST /sys/rotate/root/init': noRekey,
  'POST /sys/rotate/root/update': toRekey('rotate/root'),
  'DELETE /sys/rotate/root/verify': onDealt('rotate/root'),
  'GET /sys/rotate/root/verify': onDealt('rotate/root'),
  'POST /sys/rotate/root/verify': onDealt('rotate/root'),
  // A new root key takes the holders of the shares.
  'POST /sys/rotate/root': nothing,
  'POST /sys/rotate': nothing,
  'POST /sys/rotate/keyring': nothing,
  'POST /sys/rotate/config': async () => ({ body: { enabled: true } }),
  'POST /sys/rotate/keyring/config': async () => ({ body: { enabled: true } }),
}
