import type { UnixMillis } from '../base/clock.ts'
import { OperatingError } from '../base/errors.ts'
import type { MountTtl } from '../logical/backend.ts'
import { lesser, lifetime } from '../logical/lifetime.ts'
import type { TokenRole } from '../logical/token-facts.ts'
import type { TokenEntry } from './entry.ts'

/** What a renewal goes by, as it stands at that moment. */
export interface RenewalTerms {
  /** Seconds that are asked for; 0: as many as the last time. */
  readonly increment: number
  readonly mount: MountTtl
  /** The role that made the token, by what it says now; `null` where it has gone. */
  readonly role: TokenRole | null
  readonly now: UnixMillis
}

/**
 * The entry of a token that is renewed (surface.md section 2.1): what it was given once bounds it still, and
 * what its role has come to say since bounds it as well. Throws `bad_request`.
 */
export function renewed(
  entry: TokenEntry,
  { increment, mount, role, now }: RenewalTerms,
): { readonly entry: TokenEntry; readonly warnings: readonly string[] } {
  if (entry.type === 'batch') throw refused('batch tokens cannot be renewed')
  if (!entry.renewable || entry.expireTime === null) throw refused('lease is not renewable')
  if (entry.role !== '' && role === null) {
    throw refused(`original token role "${entry.role}" could not be found, not renewing`)
  }
  const { ttl, expireTime, warnings } = lifetime(
    {
      mount,
      increment,
      usual: entry.grantedTtl,
      period: lesser(entry.period, role?.tokenPeriod ?? 0),
      backendMax: 0,
      explicitMax: lesser(entry.explicitMaxTtl, role?.tokenExplicitMaxTtl ?? 0),
      issueTime: entry.issueTime,
    },
    now,
  )
  return { entry: { ...entry, grantedTtl: ttl, expireTime, lastRenewal: now }, warnings }
}

function refused(why: string): OperatingError {
  return new OperatingError('bad_request', why)
}
