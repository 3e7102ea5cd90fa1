import { utf8 } from '../../src/base/encoding.ts'
import { SILENT_METER } from '../../src/base/meter.ts'
import { SecretBytes } from '../../src/base/secret-bytes.ts'
import { Custodian } from '../../src/ceremony/custodian.ts'
import { openFileJournal } from '../../src/ceremony/journal/file-journal.ts'
import { DEFAULT_SETTINGS } from '../../src/ceremony/ports.ts'
import type { Session } from '../../src/ceremony/session.ts'
import { nodePrimitives } from '../../src/crypto/node/primitives.ts'
import { NoncePool } from '../../src/crypto/nonce-pool.ts'
import type { StorageBackend } from '../../src/physical/backend.ts'
import { openSqliteStore } from '../../src/physical/sqlite/sqlite-backend.ts'
import { systemClock, systemEntropy } from '../../src/server/system-ports.ts'
import type { Served } from '../sim/holders.ts'
import { SimDelivery } from '../sim/sim-delivery.ts'

/** A custodian of a real store, with the clock and the randomness of the system. */
export interface SqliteCustodian extends Served {
  /** `null` while it is sealed. */
  readonly session: () => Session | null
  readonly close: () => Promise<void>
}

/** `wrap` may stand between the custodian and its storage. */
export async function openSqliteCustodian(
  folder: string,
  wrap: (storage: StorageBackend) => StorageBackend = (storage) => storage,
): Promise<SqliteCustodian> {
  const storage = await openSqliteStore({ folder })
  const log = { info: () => undefined, warn: () => undefined }
  const journal = openFileJournal(folder, { clock: systemClock, hashing: nodePrimitives, log })
  const delivery = new SimDelivery()
  let session: Session | null = null
  const custodian = await Custodian.load(
    {
      storage: wrap(storage),
      primitives: nodePrimitives,
      entropy: systemEntropy,
      clock: systemClock,
      nonces: new NoncePool(systemEntropy),
      log,
      journal,
      delivery,
      settings: DEFAULT_SETTINGS,
      meter: SILENT_METER,
    },
    {
      nodeKeys: { signingKey: new Uint8Array(32), exchangeKey: new Uint8Array(32) },
      serving: { version: '0.1.0', api: '2.6.2', apiReleased: '2026-08-18T10:43:05Z' },
      seed: () => ({ rootToken: SecretBytes.take(new Uint8Array(8)), entries: [] }),
      rootToken: () => ({
        token: SecretBytes.take(new Uint8Array(28).fill(1)),
        writes: [{ op: 'put', key: 'data/token', value: utf8('a token is known') }],
      }),
      opened: async (opened) => {
        session = opened
      },
      sealed: () => {
        session = null
      },
      fatal: () => undefined,
    },
  )
  const close = async (): Promise<void> => {
    await journal.close()
    await storage.close()
  }
  return { custodian, delivery, session: () => session, close }
}
