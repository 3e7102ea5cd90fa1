export type Status = 'ok' | 'warning' | 'failure'

/** What one check came to. Nothing secret is in it, so that it can be shown to whoever helps. */
export interface Finding {
  /** What was looked at, in a word or two. */
  readonly check: string
  readonly status: Status
  readonly says: string
  /** What to do about it; `null` where there is nothing to do, or where `says` has it. */
  readonly next: string | null
}

export function ok(check: string, says: string): Finding {
  return { check, status: 'ok', says, next: null }
}

export function warning(check: string, says: string, next: string | null): Finding {
  return { check, status: 'warning', says, next }
}

export function failure(check: string, says: string, next: string | null): Finding {
  return { check, status: 'failure', says, next }
}

/** The worst of all. */
export function worst(findings: readonly Finding[]): Status {
  const has = (status: Status): boolean => findings.some((finding) => finding.status === status)
  if (has('failure')) return 'failure'
  return has('warning') ? 'warning' : 'ok'
}
