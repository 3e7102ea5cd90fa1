/** A path with wildcards, taken apart, and what decides which of several fitting ones is chosen. */
export interface Pattern {
  /** As the policy has it, without its leading slash. */
  readonly text: string
  /** Between slashes; without the final `*`. */
  readonly segments: readonly string[]
  readonly isGlob: boolean
  /** Segments that are `+`. */
  readonly plusCount: number
  /** Where the first wildcard stands, in characters from the start. */
  readonly firstWildcard: number
}

/** Stands for exactly one segment. Inside of a segment it is a character like any other. */
export const ANY_SEGMENT = '+'

/** `null` for a path without wildcards, which fits itself alone. A `*` not at the end is no wildcard. */
export function parsePattern(text: string): Pattern | null {
  const isGlob = text.endsWith('*')
  const segments = (isGlob ? text.slice(0, -1) : text).split('/')
  const plusCount = segments.filter((segment) => segment === ANY_SEGMENT).length
  if (!isGlob && plusCount === 0) return null
  return { text, segments, isGlob, plusCount, firstWildcard: firstWildcard(segments) }
}

/**
 * Above zero when `left` is to be preferred, where both fit the same path (surface.md section 3.3, (a) to
 * (e)).
 */
export function comparePatterns(left: Pattern, right: Pattern): number {
  return (
    left.firstWildcard - right.firstWildcard ||
    Number(right.isGlob) - Number(left.isGlob) ||
    right.plusCount - left.plusCount ||
    left.text.length - right.text.length ||
    (left.text > right.text ? 1 : -1)
  )
}

function firstWildcard(segments: readonly string[]): number {
  let offset = 0
  for (const segment of segments) {
    if (segment === ANY_SEGMENT) return offset
    offset += segment.length + 1
  }
  // The final `*` stands where the slash behind the last segment would.
  return offset - 1
}
