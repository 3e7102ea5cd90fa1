import { parseCanonicalJson } from '../base/canonical-json.ts'
import { type UnixMillis, unixMillis } from '../base/clock.ts'
import { MAX_SHARES } from '../base/limits.ts'
import { corrupt, RecordFields } from './record-fields.ts'
import { type DealTerms, STATEMENT_FORMAT, type Statement } from './statement.ts'

const WHAT = 'the statement'
const MAX_TIME = 253_402_300_799_999

/** What a verifier needs of a statement. All of its bytes are covered by what the holders signed. */
export interface StatementFacts {
  readonly kind: Statement['kind']
  readonly ceremonyId: string
  /** Hex. */
  readonly storeId: string
  /** Ids in hex, in order. */
  readonly keySets: readonly { readonly id: string; readonly number: number }[]
  readonly opened: UnixMillis
  /** What was to be dealt; `null` where nothing was. */
  readonly deal: Pick<DealTerms, 'shares' | 'threshold' | 'flow' | 'verify'> | null
}

/** Whose agreement a completed ceremony of a kind needs. A new kind does not compile without a row. */
export const AGREEMENT = {
  init: 'nobody',
  retire: 'nobody',
  unseal: 'quorum',
  rekey: 'quorum',
  'generate-root': 'quorum',
} as const satisfies Record<Statement['kind'], 'nobody' | 'quorum'>

/** Throws `corrupt_store`, whose message says what is wrong with it. */
export function readStatement(bytes: Uint8Array): StatementFacts {
  const value = parseCanonicalJson(bytes)
  if (value === null) throw corrupt(WHAT, 'is not JSON in its canonical form (RFC 8785)')
  const fields = new RecordFields(value, WHAT)
  fields.integer('format', { min: STATEMENT_FORMAT, max: STATEMENT_FORMAT })
  const kind = oneOf(fields.text('kind'), Object.keys(AGREEMENT) as Statement['kind'][])
  return {
    kind,
    ceremonyId: fields.text('ceremony_id'),
    storeId: fields.text('store_id'),
    keySets: fields.list('key_sets').map((set) => {
      const named = new RecordFields(set, 'a key set of the statement')
      const number = named.integer('number', { min: 1, max: Number.MAX_SAFE_INTEGER })
      return { id: named.text('id'), number }
    }),
    opened: unixMillis(fields.integer('opened', { min: 0, max: MAX_TIME })),
    deal: fields.value('shares') === undefined ? null : readDeal(fields),
  }
}

function readDeal(fields: RecordFields): NonNullable<StatementFacts['deal']> {
  return {
    shares: fields.integer('shares', { min: 1, max: MAX_SHARES }),
    threshold: fields.integer('threshold', { min: 1, max: MAX_SHARES }),
    flow: oneOf(fields.text('flow'), ['direct', 'verified']),
    verify: oneOf(fields.text('verify'), ['none', 'threshold', 'all']),
  }
}

function oneOf<Name extends string>(text: string, names: readonly Name[]): Name {
  const name = names.find((one) => one === text)
  if (name === undefined) throw corrupt(WHAT, 'has a word that this version does not know')
  return name
}
