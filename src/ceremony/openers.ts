import type { Barrier, PlainWrite } from '../barrier/barrier.ts'
import { OPENERS_PATH } from '../barrier/paths.ts'
import { canonicalJson, parseCanonicalJson } from '../base/canonical-json.ts'
import { type UnixMillis, unixMillis } from '../base/clock.ts'
import { sameBytes } from '../base/encoding.ts'
import { hasCode, OperatingError } from '../base/errors.ts'
import { MAX_OPENINGS_PER_HOLDER, MAX_SHARES, OPENINGS_COUNTED_MS } from '../base/limits.ts'
import { KEY_SET_ID_BYTES } from '../custody/key-set.ts'
import { field, RecordFields } from '../custody/record-fields.ts'
import type { Opener } from './agreement.ts'

const FORMAT = 1
const MAX_TIME = 253_402_300_799_999

interface Opening {
  readonly setId: Uint8Array
  readonly shareNumber: number
  readonly at: UnixMillis
}

/**
 * Notes that `opener` opens a ceremony now: the write belongs into the same commit. A holder opens at most 3
 * in 24 hours, whatever became of them, so that one lost share cannot keep everybody else busy (custody.md
 * section 3). Throws `ceremony_limit`.
 */
export async function noteOpening(
  barrier: Barrier,
  opener: Opener,
  now: UnixMillis,
): Promise<readonly PlainWrite[]> {
  if (opener.by !== 'holder') return []
  const recent = (await readOpenings(barrier)).filter(({ at }) => now - at < OPENINGS_COUNTED_MS && at <= now)
  const { setId, shareNumber } = opener
  const own = recent.filter((one) => one.shareNumber === shareNumber && sameBytes(one.setId, setId))
  if (own.length >= MAX_OPENINGS_PER_HOLDER) {
    throw new OperatingError(
      'ceremony_limit',
      `share ${shareNumber} has opened ${MAX_OPENINGS_PER_HOLDER} ceremonies within 24 hours, which is the ` +
        'most for one holder: let another holder open this one, or use a token with sudo',
      { detail: { share: shareNumber } },
    )
  }
  const openings = [...recent, { setId, shareNumber, at: now }]
  const value = canonicalJson({
    format: FORMAT,
    openings: openings.map((one) => ({ at: one.at, key_set: field(one.setId), share: one.shareNumber })),
  })
  return [{ op: 'put', key: OPENERS_PATH, value }]
}

/** A record that cannot be read counts nobody: it is a bound on noise, and must not close the door. */
async function readOpenings(barrier: Barrier): Promise<readonly Opening[]> {
  try {
    const stored = await barrier.get(OPENERS_PATH)
    return stored === null ? [] : parseOpenings(stored)
  } catch (error) {
    if (hasCode(error, 'corrupt_entry') || hasCode(error, 'corrupt_store')) return []
    throw error
  }
}

function parseOpenings(stored: Uint8Array): readonly Opening[] {
  const fields = new RecordFields(parseCanonicalJson(stored) ?? undefined, 'the list of openings')
  fields.integer('format', { min: FORMAT, max: FORMAT })
  const openings = fields.list('openings').map((value) => {
    const one = new RecordFields(value, 'an opening')
    return {
      setId: one.bytes('key_set', KEY_SET_ID_BYTES),
      shareNumber: one.integer('share', { min: 1, max: MAX_SHARES }),
      at: unixMillis(one.integer('at', { min: 0, max: MAX_TIME })),
    }
  })
  fields.end()
  return openings
}
