const SECONDS_A_HOUR = 3600
const SECONDS_A_MINUTE = 60

/** `768h`, `1h30m` or `90s`, as the peers write lengths of time. */
export function goDuration(seconds: number): string {
  if (seconds < SECONDS_A_MINUTE) return `${seconds}s`
  const hours = Math.floor(seconds / SECONDS_A_HOUR)
  const minutes = Math.floor((seconds % SECONDS_A_HOUR) / SECONDS_A_MINUTE)
  const rest = seconds % SECONDS_A_MINUTE
  return `${hours > 0 ? `${hours}h` : ''}${minutes > 0 ? `${minutes}m` : ''}${rest > 0 ? `${rest}s` : ''}`
}

/** Whether a number under this name is a length of time, by the names of the contract. */
export function looksLikeSeconds(name: string): boolean {
  return /(?:^|_)(?:ttl|period|duration)$/.test(name)
}
