/** The longest that a Go duration can hold, in seconds: 2^63 nanoseconds, 292 years. */
const MAX_SECONDS = 9_223_372_036

const UNIT_SECONDS: Readonly<Record<string, number>> = {
  ns: 1e-9,
  us: 1e-6,
  µs: 1e-6,
  ms: 1e-3,
  s: 1,
  m: 60,
  h: 3600,
}

/**
 * Seconds of a length of time as clients write it (surface.md section 1.5): a number of seconds, `1h30m` as
 * Go has it, or `2d`. Fractions of a second are dropped. `null` for anything else; negative ones stay so.
 */
export function parseSeconds(text: string): number | null {
  if (text === '') return 0
  if (/^-?\d{1,12}$/.test(text)) return within(Number(text))
  const days = /^(-?\d{1,12})d$/.exec(text)
  if (days !== null) return within(Number(days[1]) * 24 * 3600)
  const sign = text.startsWith('-') ? -1 : 1
  const unsigned = text.replace(/^[-+]/, '')
  if (!/^(?:\d{1,15}(?:\.\d{0,9})?(?:ns|us|µs|ms|s|m|h))+$/.test(unsigned)) return null
  let seconds = 0
  for (const [, amount, unit] of unsigned.matchAll(/(\d+(?:\.\d*)?)(ns|us|µs|ms|s|m|h)/g)) {
    seconds += Number(amount) * (UNIT_SECONDS[unit ?? ''] ?? Number.NaN)
  }
  return within(sign * Math.trunc(seconds))
}

/** As Go writes it: `48h0m0s`, `1m30s`, `5s`. */
export function goDuration(seconds: number): string {
  const hours = Math.floor(seconds / 3600)
  const minutes = Math.floor((seconds % 3600) / 60)
  const rest = `${seconds % 60}s`
  if (hours > 0) return `${hours}h${minutes}m${rest}`
  return minutes > 0 ? `${minutes}m${rest}` : rest
}

function within(seconds: number): number | null {
  return Math.abs(seconds) <= MAX_SECONDS ? seconds : null
}
