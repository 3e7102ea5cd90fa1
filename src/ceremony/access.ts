import { OperatingError } from '../base/errors.ts'
import type { SecretBytes } from '../base/secret-bytes.ts'
import { type Agreement, isAlone, type Opener } from './agreement.ts'
import type { Shown } from './opening.ts'

/** What a caller shows at the door of a ceremony. The share stays with the caller. */
export type Credential =
  | { readonly by: 'nobody' | 'token' }
  | { readonly by: 'holder'; readonly share: SecretBytes }

/** Somebody who wants to open or to cancel, and where from (custody.md section 3, access). */
export interface Asked {
  readonly credential: Credential
  /** What the listener, and where the request came from, allow to those who show nothing. */
  readonly access: 'open' | 'guarded'
  /** Address of the peer, for the journal. */
  readonly source: string
  /** On which a token needs `sudo`: named in the refusal. */
  readonly path: string
}

/** Throws `permission_denied`, naming the way in, where it takes a credential and none was shown. */
export function checkMayOpen({ credential, access, path }: Asked): void {
  if (access === 'open' || credential.by !== 'nobody') return
  throw refused(`starting a ceremony on this listener takes a token with sudo on ${path}`)
}

/**
 * `end`: this caller alone ends it. `object`: a holder, who counts among those that it takes. What was opened
 * with a credential is not for everybody to cancel, on any listener (CVE-2025-52894).
 *
 * Throws `permission_denied` for anybody else.
 */
export function checkMayCancel(asked: Asked, shown: Shown, opener: Opener): 'end' | 'object' {
  if (shown.by === 'token') return 'end'
  if (asked.access === 'open' && opener.by === 'nobody') return 'end'
  if (shown.by === 'holder') return 'object'
  throw refused(`cancelling this ceremony takes a token with sudo on ${asked.path}`)
}

/**
 * Starting a verification over takes what everybody has given back: one holder who could would keep the
 * others from ever ending. So it is for who opened the rekey alone, and for tokens. Throws
 * `permission_denied`.
 */
export function checkMayRestart(asked: Asked, shown: Shown, agreement: Agreement | null): void {
  if (shown.by === 'token') return
  if (asked.access === 'open' && (agreement?.opener.by ?? 'nobody') === 'nobody') return
  if (shown.by === 'holder' && agreement !== null) {
    const { set, number: shareNumber } = shown.judged
    if (isAlone(agreement, { setId: set.id, shareNumber })) return
  }
  throw new OperatingError(
    'permission_denied',
    `permission denied: starting the verification over takes a token with sudo on ${asked.path}; holders ` +
      'who want the rekey to end cancel it',
  )
}

function refused(way: string): OperatingError {
  return new OperatingError(
    'permission_denied',
    `permission denied: ${way}, or a share of the live key set in the field "key"`,
  )
}
