import type { CustodyStatus, KeySetStatus } from '../client/answers.ts'
import type { CommandCall, CommandSpec } from './command.ts'
import { during, EXIT_OK } from './failure.ts'
import { say } from './io.ts'
import type { Row } from './output.ts'

/** `conclave custody status`: which key set opens the store. */
export const command: CommandSpec = {
  name: 'custody status',
  summary: 'Tells which shares open this server: key set, its words, and the serial of the store.',
  operands: '',
  arity: [0, 0],
  examples: [
    {
      does: 'compare with what was written down: a store put back whole shows here',
      types: 'custody status',
    },
    { does: 'for a script', types: 'custody status -format=json' },
  ],
  flags: [],
  connects: true,
  answers: true,
  run,
}

async function run(call: CommandCall): Promise<number> {
  const client = await call.connect()
  const status = await during('Error reading the custody status', () => client.custodyStatus())
  await call.output.data(custodyRows(status), custodyValue(status))
  if (call.output.format === 'table') say(call.io, `\n${explain(status)}`)
  return EXIT_OK
}

/** What to write down after a change, to compare it another day. Public: no name, no token needed. */
export function custodyRows(status: CustodyStatus): readonly Row[] {
  const { live, retiring } = status
  if (live === null) return [['State', status.state]]
  const others: readonly Row[] = retiring === null ? [] : [setRow('Retiring Key Set', retiring)]
  return [
    ['State', status.state],
    ['Key Set', String(live.number)],
    ['Words', live.words],
    ['Shares', String(live.shares)],
    ['Threshold', String(live.threshold)],
    ['Created', live.createdAt],
    ...others,
    ['Serial', String(status.serial)],
    ['Store ID', status.storeId],
    ['Identity Key', status.identityKey],
    ['Transcript Head', status.transcriptHead],
  ]
}

/** The answer of the server, as far as this version knows it. */
export function custodyValue(status: CustodyStatus): unknown {
  return {
    state: status.state,
    store_id: status.storeId,
    serial: status.serial,
    live: setValue(status.live),
    retiring: setValue(status.retiring),
    identity_key: status.identityKey === '' ? null : status.identityKey,
    transcript_head: status.transcriptHead === '' ? null : status.transcriptHead,
  }
}

function setRow(title: string, set: KeySetStatus): Row {
  return [title, `${set.number} "${set.words}", ${set.threshold} of ${set.shares}`]
}

function setValue(set: KeySetStatus | null): unknown {
  if (set === null) return null
  const { id, number, words, shares, threshold, createdAt } = set
  return { id, number, words, shares, threshold, created_at: createdAt }
}

function explain({ live, retiring }: CustodyStatus): string {
  if (live === null) return 'Nothing is stored yet.\nNext: conclave operator init'
  const { threshold, shares, number } = live
  const opens = `Any ${threshold} of the ${shares} shares of key set ${number} open this server.`
  if (retiring === null) return opens
  const also = `So do ${retiring.threshold} of the ${retiring.shares} of key set ${retiring.number}, until`
  return `${opens}\n${also} the new ones are known to have arrived: give ${live.threshold} of them to unseal.`
}
