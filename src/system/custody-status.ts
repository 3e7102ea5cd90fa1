import { rfc3339 } from '../base/clock.ts'
import { toHex } from '../base/encoding.ts'
import type { KeySet } from '../custody/key-set.ts'
import { setWords } from '../custody/share-card.ts'
import type { BareResponse, BareRoute } from '../logical/bare-route.ts'
import type { JsonOut } from '../logical/json.ts'
import { nullable, shape, TEXT, WHOLE } from '../logical/schema.ts'
import { ok } from './answers.ts'
import type { Lifecycle } from './lifecycle.ts'

const SET = shape({
  id: TEXT,
  number: WHOLE,
  words: TEXT,
  shares: WHOLE,
  threshold: WHOLE,
  created_at: TEXT,
})
const STATUS = shape({
  state: { type: 'string', enum: ['empty', 'never opened', 'sealed', 'open'] },
  store_id: nullable(TEXT),
  serial: WHOLE,
  live: nullable(SET),
  retiring: nullable(SET),
  identity_key: nullable(TEXT),
  transcript_head: nullable(TEXT),
})

/**
 * `GET /v1/sys/custody/status`: public facts only, so that people can compare set and serial with what they
 * wrote down, and notice a store that was put back whole (custody.md section 2).
 */
export function custodyStatusRoute(lifecycle: Lifecycle): BareRoute {
  return {
    path: '/v1/sys/custody/status',
    summary: 'Which key set opens this store, and its serial.',
    emptyBody: 'object',
    needsOpen: false,
    answers: { GET: STATUS },
    handlers: { GET: () => custodyStatus(lifecycle) },
  }
}

async function custodyStatus({ custodian }: Lifecycle): Promise<BareResponse> {
  // Behind the evidence that this very connection may have brought: a reader of new shares sees the old set
  // gone.
  await custodian.settled()
  const { record } = custodian
  if (record === null) return ok({ ...EMPTY })
  return ok({
    state: record.serial === 1 ? 'never opened' : custodian.status().phase,
    store_id: toHex(record.storeId),
    serial: record.serial,
    live: setFacts(record.live),
    retiring: record.retiring === null ? null : setFacts(record.retiring),
    identity_key: toHex(record.identityKey),
    // Behind the barrier, so a sealed server cannot tell it.
    transcript_head: custodian.isOpen ? toHex(custodian.archive.head().hash) : null,
  })
}

const EMPTY = {
  state: 'empty',
  store_id: null,
  serial: 0,
  live: null,
  retiring: null,
  identity_key: null,
  transcript_head: null,
}

function setFacts(set: KeySet): JsonOut {
  return {
    id: toHex(set.id),
    number: set.number,
    words: setWords(set.id),
    shares: set.shares.length,
    threshold: set.threshold,
    created_at: rfc3339(set.createdAt),
  }
}
