import { OperatingError } from '../../../base/errors.ts'
import type { Fields } from '../../../logical/field-table.ts'

/** What a key has at most, whatever it is set to: all of its versions stand in one entry. */
export const MAX_VERSIONS = 10_000

/** What a mount says for all of its keys, and a key for itself. */
export const SETTING_FIELDS = {
  cas_required: { type: 'boolean', description: 'Whether a write must say which version it follows.' },
  max_versions: { type: 'integer', description: 'How many versions are kept; 0: as the other says, or 10.' },
  metadata_cas_required: {
    type: 'boolean',
    description: 'Whether a change of the settings of a key must say which it follows.',
  },
} as const satisfies Fields

/** Throws `bad_request`. */
export function checkMaxVersions(given: number | undefined): void {
  if (given === undefined || (given >= 0 && given <= MAX_VERSIONS)) return
  throw new OperatingError('bad_request', `"max_versions" is a whole number from 0 to ${MAX_VERSIONS}`)
}
