import { writeFileSync } from 'node:fs'
import type { StorageBackend } from '../../src/physical/backend.ts'
import { Holders, type Served } from '../sim/holders.ts'
import { type ShareSet, sharesOfParcel } from '../sim/world.ts'
import { openSqliteCustodian } from './sqlite-custodian.ts'

/**
 * A process that dies in the middle of its work: right after the k-th storage operation of its flow it exits,
 * without a handler, a flush or an answer. What it handed out and what it told before is in its report.
 * k = 0: it lives to the end. -k: it exits right before that operation.
 */
const [folder = '', reportPath = '', flow = '', exitAtText = '0', ...keys] = process.argv.slice(2)
const exitAt = Number(exitAtText)
/** Of the flow itself, not of what comes before it. */
let operations: number | null = null

function dieAt(operation: number): void {
  if (operation !== exitAt) return
  report(false)
  process.kill(process.pid, 'SIGKILL')
}

/** Exits at the k-th operation, once it is applied, or before it is. */
function dying(storage: StorageBackend): StorageBackend {
  const count = async <Result>(operation: () => Promise<Result>): Promise<Result> => {
    if (operations === null) return await operation()
    operations++
    dieAt(-operations)
    const result = await operation()
    dieAt(operations)
    return result
  }
  return {
    get: (key) => count(() => storage.get(key)),
    list: (prefix, page) => count(() => storage.list(prefix, page)),
    commit: (batch, conditions) => count(() => storage.commit(batch, conditions)),
    settle: () => count(() => storage.settle()),
    scrub: () => count(() => storage.scrub()),
    close: () => storage.close(),
  }
}

const server = await openSqliteCustodian(folder, dying)
const given = keys.length === 0 ? [] : [keys.map((key) => Buffer.from(key, 'hex'))]
const holders = new Holders<Served>(server, given)
const first: ShareSet = given[0] ?? []

function report(isFinished: boolean): void {
  const handedOut = holders.sets.map((set) => set.map((share) => Buffer.from(share).toString('hex')))
  const told = holders.told.map(({ event }) => event)
  writeFileSync(reportPath, JSON.stringify({ handedOut, told, isFinished }))
}

async function agreeAll(): Promise<void> {
  for (const number of [5, 4, 3]) await holders.agree(first, number)
}

const FLOWS: Record<string, () => Promise<void>> = {
  init: async () => {
    const terms = { shares: 5, threshold: 3, recipients: null, tokenRecipient: null }
    const { parcel } = await server.custodian.init(terms, 'test')
    holders.sets.push(sharesOfParcel(parcel))
  },
  unseal: () => holders.unseal(),
  'direct to 3 of 5': async () => {
    await holders.propose({ shares: 5, threshold: 3, verify: 'none' })
    await agreeAll()
  },
  'direct to 4 of 7': async () => {
    await holders.propose({ shares: 7, threshold: 4, verify: 'none' })
    await agreeAll()
  },
  'direct for recipients': async () => {
    const recipients = await holders.recipients(4)
    await holders.propose({ shares: 4, threshold: 2, verify: 'none', recipients, backup: true })
    await agreeAll()
    await server.custodian.dataKeys.rotate()
  },
  verified: async () => {
    await holders.propose({ shares: 4, threshold: 2 })
    await agreeAll()
    for (const number of [4, 1]) await holders.giveBack(number)
  },
  'verified and sealed': async () => {
    await holders.propose({ shares: 4, threshold: 2 })
    await agreeAll()
    await holders.giveBack(1)
    await server.custodian.seal('test')
  },
  'root token': async () => {
    await holders.proposeToken()
    for (const number of [1, 2, 3]) await holders.agreeToken(first, number)
  },
}

if (flow !== 'init' && flow !== 'unseal') await holders.unseal()
operations = 0
await FLOWS[flow]?.()
report(true)
await server.close()
