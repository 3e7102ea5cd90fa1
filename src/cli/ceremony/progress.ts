import type { CustodyStatus, KeySetStatus } from '../../client/answers.ts'
import type { HolderNumber, RekeyStatus } from '../../client/rekey-answers.ts'

/** Who has agreed, as far as the server says. */
export function agreedShares(status: RekeyStatus): readonly HolderNumber[] {
  return status.agreedBy ?? []
}

/** How many shares are in, and whom to wait for: by number, as everybody may know them. */
export function progressLines(status: RekeyStatus, custody: CustodyStatus): readonly string[] {
  const { progress, required } = status
  const head = `${progress} of ${required} are in; ${required - progress} more needed.`
  const set = nearestSet(status, custody)
  if (status.agreedBy === null || set === null) return [head]
  const given = agreedShares(status)
    .filter((holder) => holder.keySet === set.id)
    .map((holder) => holder.share)
  const missing = Array.from({ length: set.shares }, (_, at) => at + 1).filter((one) => !given.includes(one))
  return [
    head,
    ...(given.length === 0 ? [] : [`In: ${numbers(given)} of key set ${set.number}.`]),
    `Missing: any ${required - progress} of ${numbers(missing)}.`,
  ]
}

/** The set whose quorum is counted: while one is retiring, either may agree, but they are never mixed. */
function nearestSet(status: RekeyStatus, { live, retiring }: CustodyStatus): KeySetStatus | null {
  const count = (set: KeySetStatus | null): number =>
    agreedShares(status).filter((holder) => holder.keySet === set?.id).length
  return count(retiring) > count(live) ? retiring : live
}

function numbers(list: readonly number[]): string {
  const sorted = [...list].sort((one, two) => one - two)
  return `${sorted.length === 1 ? 'share' : 'shares'} ${sorted.join(', ')}`
}
