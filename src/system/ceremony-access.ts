import { OperatingError } from '../base/errors.ts'
import type { RekeyTerms } from '../ceremony/rekey.ts'
import type { BareRequest } from '../logical/bare-route.ts'
import { shareField } from './answers.ts'
import type { Lifecycle } from './lifecycle.ts'

export type Credential = RekeyTerms['credential']

/**
 * What the caller of a ceremony endpoint shows: a token with `sudo` on the path, a share of a set that opens
 * in the body's `key`, or nothing. On an `open` listener a token that is not good enough counts as nothing.
 *
 * Throws as `Judge.judge` does for a wrong share, wherever it is given.
 */
export async function shownCredential(
  lifecycle: Lifecycle,
  request: BareRequest,
  path: string,
): Promise<Credential> {
  using share = shareField(lifecycle, request.body)
  if (share !== null) {
    lifecycle.custodian.judgeHolder(share)
    return 'share'
  }
  return (await lifecycle.gate.check(request.token, path)) === 'allowed' ? 'token' : 'none'
}

/**
 * Throws `permission_denied`, naming the way in, where the listener asks for a credential and none was shown.
 */
export function requireToOpen(request: BareRequest, shown: Credential, path: string): void {
  if (request.origin.ceremonyAccess === 'open' || shown !== 'none') return
  throw refused(`starting a ceremony on this listener takes a token with sudo on ${path}`)
}

/** What was opened with a credential is not for everybody to cancel, on any listener (CVE-2025-52894). */
export function requireToCancel(
  request: BareRequest,
  shown: Credential,
  running: { readonly path: string; readonly openedWith: Credential | null },
): void {
  if (shown !== 'none') return
  if (request.origin.ceremonyAccess === 'open' && (running.openedWith ?? 'none') === 'none') return
  throw refused(`cancelling this ceremony takes a token with sudo on ${running.path}`)
}

function refused(way: string): OperatingError {
  return new OperatingError(
    'permission_denied',
    `permission denied: ${way}, or a share of the live key set in the field "key"`,
  )
}
