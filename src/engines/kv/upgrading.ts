import { OperatingError } from '../../base/errors.ts'

const TEXT =
  'Upgrading from non-versioned to versioned data. This backend will be unavailable for a brief period and ' +
  'will resume service shortly.'

/** What requests get meanwhile; clients try again on these words (surface.md section 5.2). */
export function upgrading(): OperatingError {
  return new OperatingError('bad_request', TEXT)
}
