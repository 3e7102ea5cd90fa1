import type { KeySetFacts } from '../offline/custody-facts.ts'
import type { SnapshotFacts } from '../offline/snapshot-file.ts'
import type { Row } from './output.ts'

/** The table of a snapshot. */
export function snapshotRows(facts: SnapshotFacts): readonly Row[] {
  const retiring: readonly Row[] =
    facts.retiring === null ? [] : [['Retiring Key Set', keySetLine(facts.retiring)]]
  return [
    ['Saved', facts.createdAt],
    ['Store ID', facts.storeId],
    ['Serial', String(facts.serial)],
    ['Entries', String(facts.entries)],
    ['Key Set', keySetLine(facts.live)],
    ...retiring,
    ['Digest', `sha256:${facts.digest}`],
  ]
}

/** The object of a snapshot, spelled as our API spells its members. */
export function snapshotValue(facts: SnapshotFacts): unknown {
  return {
    created_at: facts.createdAt,
    store_id: facts.storeId,
    serial: facts.serial,
    entries: facts.entries,
    live: keySetValue(facts.live),
    retiring: facts.retiring === null ? null : keySetValue(facts.retiring),
    digest: facts.digest,
  }
}

/** Whose shares open what was saved, as a sentence. */
export function whoOpens({ live, retiring }: SnapshotFacts): string {
  const also =
    retiring === null ? '' : `, and so ${retiring.threshold === 1 ? 'does' : 'do'} ${sharesOf(retiring)}`
  return `It opens with ${sharesOf(live)}${also}; shares of later key sets do not fit.`
}

function sharesOf({ number, threshold, shares }: KeySetFacts): string {
  return shares === 1
    ? `the share of key set ${number}`
    : `any ${threshold} of the ${shares} shares of key set ${number}`
}

function keySetLine({ number, threshold, shares }: KeySetFacts): string {
  return `${number} (${threshold} of ${shares} shares)`
}

function keySetValue({ id, number, threshold, shares }: KeySetFacts): unknown {
  return { id, number, threshold, shares }
}
