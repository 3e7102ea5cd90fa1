import { writeFileSync } from 'node:fs'
import { SecretBytes } from '../../src/base/secret-bytes.ts'
import { Custodian } from '../../src/ceremony/custodian.ts'
import { openFileJournal } from '../../src/ceremony/journal/file-journal.ts'
import { DEFAULT_SETTINGS } from '../../src/ceremony/ports.ts'
import { nodePrimitives } from '../../src/crypto/node/primitives.ts'
import { NoncePool } from '../../src/crypto/nonce-pool.ts'
import type { StorageBackend } from '../../src/physical/backend.ts'
import { openSqliteStore } from '../../src/physical/sqlite/sqlite-backend.ts'
import { systemClock, systemEntropy } from '../../src/server/system-ports.ts'
import { SimDelivery } from '../sim/sim-delivery.ts'
import { ANYBODY, plainTerms, sharesOf } from '../sim/world.ts'

/**
 * A process that dies in the middle of its work: right after the k-th storage operation it exits, without a
 * handler, a flush or an answer. What it handed out before is in its report. k = 0: it lives to the end.
 */
const [folder = '', reportPath = '', flow = '', exitAtText = '0', ...keys] = process.argv.slice(2)
const exitAt = Number(exitAtText)
const handedOut: string[][] = keys.length > 0 ? [keys] : []
let operations = 0

function report(finished: boolean): void {
  writeFileSync(reportPath, JSON.stringify({ handedOut, finished }))
}

/** Exits at the k-th operation, once it is applied. */
function dying(storage: StorageBackend): StorageBackend {
  const count = async <Result>(operation: Promise<Result>): Promise<Result> => {
    const result = await operation
    if (++operations === exitAt) {
      report(false)
      process.kill(process.pid, 'SIGKILL')
    }
    return result
  }
  return {
    get: (key) => count(storage.get(key)),
    list: (prefix, page) => count(storage.list(prefix, page)),
    commit: (batch, conditions) => count(storage.commit(batch, conditions)),
    settle: () => count(storage.settle()),
    scrub: () => count(storage.scrub()),
    close: () => storage.close(),
  }
}

const storage = await openSqliteStore({ folder })
const silent = { info: () => undefined, warn: () => undefined }
const custodian = await Custodian.load(
  {
    storage: dying(storage),
    primitives: nodePrimitives,
    entropy: systemEntropy,
    clock: systemClock,
    nonces: new NoncePool(systemEntropy),
    log: silent,
    journal: openFileJournal(folder, { clock: systemClock, hashing: nodePrimitives, log: silent }),
    delivery: new SimDelivery(),
    settings: DEFAULT_SETTINGS,
  },
  {
    nodeKeys: { signingKey: new Uint8Array(32), exchangeKey: new Uint8Array(32) },
    serving: { version: '0.1.0', api: '2.6.2', apiReleased: '2026-08-18T10:43:05Z' },
    seed: () => ({ rootToken: SecretBytes.take(new Uint8Array(8)), entries: [] }),
    rootToken: () => ({ token: SecretBytes.take(new Uint8Array(28).fill(1)), writes: [] }),
    opened: async () => undefined,
    sealed: () => undefined,
    fatal: () => undefined,
  },
)

if (flow === 'init') {
  const terms = { shares: 5, threshold: 3, recipients: null, tokenRecipient: null }
  const { parcel } = await custodian.init(terms, 'test')
  if (parcel.kind !== 'clear') throw new Error('dealt in the clear')
  handedOut.push(parcel.shares.map((share) => share.lend((bytes) => Buffer.from(bytes).toString('hex'))))
} else {
  const [shares = 0, threshold = 0] = flow.slice('rekey '.length).split('/').map(Number)
  const share = (index: number): SecretBytes => SecretBytes.copyOf(Buffer.from(keys[index] ?? '', 'hex'))
  for (const index of [0, 1, 2]) await custodian.unseal(share(index), 'test')
  await custodian.rekey.start(plainTerms({ shares, threshold }), ANYBODY)
  for (const index of [4, 3, 2]) {
    const given = { share: share(index), nonce: null, face: 'original', source: 'test' } as const
    const answer = await custodian.rekey.submit(given)
    if (!answer.complete) continue
    handedOut.push(sharesOf(answer).map((one) => Buffer.from(one).toString('hex')))
  }
}
report(true)
await storage.close()
