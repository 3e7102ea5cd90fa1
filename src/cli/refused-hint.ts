import type { Sent } from '../client/errors.ts'

/** Where a share is a credential too (custody.md section 3). */
const CEREMONIES = /^sys\/(?:rekey|rotate\/root|generate-root|generate-root-token|unseal)(?:\/|$)/

/** What goes into a shell as it is. */
const PLAIN = /^[\w./-]+$/

/** What whoever got a 403 can do, with the command that tells which policy was in the way of this request. */
export function refusedHint({ method, url }: Sent): string {
  const query = url.includes('?') ? new URLSearchParams(url.slice(url.indexOf('?'))) : null
  const verb = query?.get('list') === 'true' ? 'LIST' : query?.get('scan') === 'true' ? 'SCAN' : method
  const path = /\/v1\/([^?]*)/.exec(url)?.[1] ?? ''
  const asked = PLAIN.test(path) ? `${verb} ${path}` : 'METHOD PATH'
  const share = CEREMONIES.test(path) ? ' For a ceremony a share will do: see -holder.' : ''
  return (
    'Log in with "conclave login", or give a token with CONCLAVE_TOKEN. Which policy is in the way tells ' +
    `"conclave policy explain ${asked}".${share}`
  )
}
