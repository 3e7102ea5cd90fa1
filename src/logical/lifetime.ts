import { type UnixMillis, unixMillis } from '../base/clock.ts'
import { OperatingError } from '../base/errors.ts'
import type { MountTtl } from './backend.ts'
import { goDuration } from './duration.ts'

/** What bounds the life of a token or a secret. In seconds; 0 stands for none. */
export interface Bounds {
  readonly mount: MountTtl
  /** What is asked for. */
  readonly increment: number
  /** What it is given where nothing is asked for. */
  readonly usual: number
  readonly period: number
  /** Of who vouches for it, such as an auth method's role. */
  readonly backendMax: number
  readonly explicitMax: number
  /** When it was made: every bound but the period counts from here. */
  readonly issueTime: UnixMillis
}

export interface Lifetime {
  /** Whole seconds, above zero: 0 would tell clients that it never ends. */
  readonly ttl: number
  /** From this moment on it is not known. */
  readonly expireTime: UnixMillis
  readonly warnings: readonly string[]
}

/**
 * How long it lives from `now` on (surface.md section 2.1): the one place where that is reckoned, when
 * it is made and whenever it is renewed. To the millisecond, and never beyond what bounds it: near its end
 * CVE-2021-32923 rounded what was left to zero, which was read as no end at all.
 *
 * Throws `bad_request` where nothing is left.
 */
export function lifetime(bounds: Bounds, now: UnixMillis): Lifetime {
  const { mount, backendMax, explicitMax, issueTime } = bounds
  const max = Math.min(...[mount.maxTtl, backendMax, explicitMax].filter((bound) => bound > 0))
  const warnings: string[] = []
  const wanted = wantedTtl(bounds, max, warnings)
  // A periodic token may be renewed for ever, unless it was said how long it may live in all.
  const lifeMax = bounds.period > 0 ? explicitMax : max
  // Where the clock has gone back behind its making, what is left is not more than the whole.
  const leftMs =
    lifeMax === 0 ? Number.POSITIVE_INFINITY : Math.min(issueTime + lifeMax * 1000 - now, lifeMax * 1000)
  if (leftMs <= 0) throw new OperatingError('bad_request', 'past the max TTL, cannot renew')
  if (wanted * 1000 > leftMs) {
    const left = durationText(Math.ceil(leftMs / 1000))
    warnings.push(
      `TTL of "${durationText(wanted)}" exceeded the effective max_ttl of "${left}"; ` +
        'TTL value is capped accordingly',
    )
  }
  const lifeMs = Math.min(wanted * 1000, leftMs)
  return {
    ttl: Math.max(1, Math.floor(lifeMs / 1000)),
    expireTime: unixMillis(now + lifeMs),
    warnings,
  }
}

function wantedTtl({ period, increment, usual, mount }: Bounds, max: number, warnings: string[]): number {
  if (period > 0) {
    if (period <= max) return period
    warnings.push(
      `period of "${durationText(period)}" exceeded the effective max_ttl of "${durationText(max)}"; ` +
        'period value is capped accordingly',
    )
    return max
  }
  if (increment > 0) return increment
  return usual > 0 ? usual : mount.defaultTtl
}

/** As the peers print a length of time: Go's way without the zeros behind it, `768h`, `1h30m`. */
export function durationText(seconds: number): string {
  const whole = goDuration(seconds)
  return whole.replace(/([hm])0s$/, '$1').replace(/h0m$/, 'h')
}

/** The smaller of two bounds, of which 0 is none. */
export function lesser(one: number, other: number): number {
  return one === 0 || other === 0 ? Math.max(one, other) : Math.min(one, other)
}
