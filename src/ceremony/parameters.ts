import { OperatingError } from '../base/errors.ts'
import { MAX_SHARES } from '../base/limits.ts'

/** How many shares to deal, and how many of them open. */
export interface DealParameters {
  readonly shares: number
  readonly threshold: number
}

/**
 * Refuses what cannot be dealt, in the order and with the words of key-lifecycle.md section 2.2. `prefix` is
 * the face's own, for example `invalid rekey seal configuration: `. Throws `parameters_invalid`.
 */
export function checkParameters(parameters: DealParameters, prefix: string): void {
  const fault = faultOf(parameters)
  if (fault !== null) throw new OperatingError('parameters_invalid', prefix + fault)
}

function faultOf({ shares, threshold }: DealParameters): string | null {
  if (shares < 1) return 'shares must be at least one'
  if (threshold < 1) return 'threshold must be at least one'
  if (shares > 1 && threshold < 2) return 'threshold must be greater than one for multiple shares'
  if (shares > MAX_SHARES) return 'shares must be less than 256'
  if (threshold > MAX_SHARES) return 'threshold must be less than 256'
  if (threshold > shares) return 'threshold cannot be larger than shares'
  return null
}
