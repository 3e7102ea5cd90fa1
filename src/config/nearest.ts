/** The known name that is at most two edits away. */
export function nearest(name: string, known: readonly string[]): string | null {
  const ranked = known.map((candidate) => ({ candidate, distance: editDistance(name, candidate) }))
  const best = ranked.sort((one, two) => one.distance - two.distance)[0]
  return best !== undefined && best.distance <= 2 ? best.candidate : null
}

/** Levenshtein distance by two rows. */
function editDistance(left: string, right: string): number {
  // Further apart than any that is asked for; a name may be as long as its file.
  if (Math.abs(left.length - right.length) > 2) return Number.POSITIVE_INFINITY
  let previous = Array.from({ length: right.length + 1 }, (_, index) => index)
  for (let row = 1; row <= left.length; row++) {
    const current = [row]
    for (let column = 1; column <= right.length; column++) {
      const replaced = (previous[column - 1] ?? 0) + (left[row - 1] === right[column - 1] ? 0 : 1)
      current.push(Math.min(replaced, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1))
    }
    previous = current
  }
  return previous[right.length] ?? left.length
}
