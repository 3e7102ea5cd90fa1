import { rfc3339 } from '../base/clock.ts'
import { OperatingError } from '../base/errors.ts'
import { JOURNAL_BYTES, JOURNAL_LINE_BYTES, JOURNAL_PAGE_DEFAULT } from '../base/limits.ts'
import type { Journal, JournalEntry } from '../ceremony/journal/journal.ts'
import type { Route } from '../logical/backend.ts'
import { type Fields, type Given, readFields } from '../logical/field-table.ts'
import type { JsonObject } from '../logical/json.ts'
import { listOf, nullable, shape, TEXT, WHOLE } from '../logical/schema.ts'

const ENTRY = shape({
  sequence: WHOLE,
  time: TEXT,
  until: TEXT,
  kind: TEXT,
  event: TEXT,
  ceremony: nullable(TEXT),
  share: nullable(WHOLE),
  source: nullable(TEXT),
  credential: nullable(TEXT),
  reason: nullable(TEXT),
  count: WHOLE,
})

const MAX_ENTRIES = JOURNAL_BYTES / JOURNAL_LINE_BYTES

const PAGE = {
  after: { type: 'string', description: 'Entries behind this sequence; without it the newest ones.' },
  limit: { type: 'string', description: 'How many entries at most.' },
} as const satisfies Fields

/**
 * `GET /v1/sys/custody/journal`: the newest entries, or with `after` the first ones behind that sequence; by
 * ascending sequence, at most `limit`. `sudo`, because it names the addresses of holders.
 */
export function journalRoute(journal: Journal): Route {
  return {
    pattern: 'custody/journal',
    summary: 'What happened in ceremonies, also while the store was sealed.',
    access: 'sudo',
    fields: PAGE,
    answers: { read: shape({ entries: listOf(ENTRY) }) },
    handlers: {
      read: async ({ request }) => ({ data: { entries: pageOf(journal, request.data).map(shownEntry) } }),
    },
  }
}

/** An entry with the times that people read. */
export type ShownEntry = Omit<JournalEntry, 'time' | 'until'> & {
  readonly time: string
  readonly until: string
}

/** As programs and audit devices get it: every member, `null` where there is nothing to say. */
export function shownEntry(entry: JournalEntry): ShownEntry {
  const { kind, event, ceremony, share, source, credential, reason, sequence, count } = entry
  return {
    sequence,
    time: rfc3339(entry.time),
    until: rfc3339(entry.until),
    kind,
    event,
    ceremony,
    share,
    source,
    credential,
    reason,
    count,
  }
}

/** Throws `bad_request`. */
function pageOf(journal: Journal, asked: JsonObject | null): readonly JournalEntry[] {
  const given = readFields(PAGE, asked)
  const limit = wholeNumber(given, 'limit', { min: 1, max: MAX_ENTRIES }) ?? JOURNAL_PAGE_DEFAULT
  const after = wholeNumber(given, 'after', { min: 0, max: Number.MAX_SAFE_INTEGER })
  const entries = journal.entries()
  if (after === null) return entries.slice(-limit)
  return entries.filter((entry) => entry.sequence > after).slice(0, limit)
}

function wholeNumber(
  given: Given<typeof PAGE>,
  name: keyof typeof PAGE,
  range: { readonly min: number; readonly max: number },
): number | null {
  const text = given[name]
  if (text === undefined || text === '') return null
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN
  if (value >= range.min && value <= range.max) return value
  throw new OperatingError(
    'bad_request',
    `the parameter "${name}" must be a whole number from ${range.min} to ${range.max}`,
  )
}
