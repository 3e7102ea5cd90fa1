import type { Barrier, PlainWrite } from '../barrier/barrier.ts'
import { OPERATIONS_PATH } from '../barrier/paths.ts'
import { canonicalJson, parseCanonicalJson } from '../base/canonical-json.ts'
import { hasCode } from '../base/errors.ts'
import { RecordFields } from '../custody/record-fields.ts'

const FORMAT = 1

/**
 * How many seals were done under a term, for people to see. What counts for safety stands in the keyring and
 * is reserved beforehand: after a crash it says too much, and this says too little, by what was done since it
 * was written.
 */
export interface DoneOperations {
  readonly term: number
  readonly done: number
}

export function operationsWrite({ term, done }: DoneOperations): PlainWrite {
  return { op: 'put', key: OPERATIONS_PATH, value: canonicalJson({ done, format: FORMAT, term }) }
}

/** Tells a barrier that was just opened how much of what counts as used was done, as far as it is known. */
export async function recallOperations(barrier: Barrier): Promise<void> {
  try {
    const stored = await barrier.get(OPERATIONS_PATH)
    const record = stored === null ? null : parseOperations(stored)
    const known = record?.term === barrier.keyring.active.term ? record.done : 0
    barrier.recall(Math.min(known, barrier.used))
  } catch (error) {
    // Only a number to look at is lost: the store opens, and shows what was reserved.
    if (!hasCode(error, 'corrupt_entry') && !hasCode(error, 'corrupt_store')) throw error
  }
}

/** Throws `corrupt_store`. */
function parseOperations(stored: Uint8Array): DoneOperations {
  const fields = new RecordFields(parseCanonicalJson(stored) ?? undefined, 'the count of operations')
  fields.integer('format', { min: FORMAT, max: FORMAT })
  const record = {
    term: fields.integer('term', { min: 1, max: 0xffffffff }),
    done: fields.integer('done', { min: 0, max: Number.MAX_SAFE_INTEGER }),
  }
  fields.end()
  return record
}
