import { type Millis, millis } from '../base/clock.ts'

const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** `24h`, `1h30m`, `90s`, or seconds without a unit. `null` for anything else. */
export function parseDuration(text: string): Millis | null {
  if (/^\d{1,12}$/.test(text)) return millis(Number(text) * 1000)
  if (!/^(?:\d{1,12}(?:ms|s|m|h|d)){1,5}$/.test(text)) return null
  const parts = [...text.matchAll(/(\d+)(ms|s|m|h|d)/g)]
  return millis(
    parts.reduce((total, [, count, unit]) => total + Number(count) * (UNITS_MS[unit ?? ''] ?? 0), 0),
  )
}

/** A duration in the largest unit that it is a whole number of, for a sentence. */
export function durationText(duration: number): string {
  const units = Object.entries(UNITS_MS).filter(([unit]) => unit !== 'd')
  const [unit, size] = units.findLast(([, ms]) => duration % ms === 0) ?? ['ms', 1]
  return `${duration / size}${unit}`
}
