import type { Sent } from '../client/errors.ts'

/** Where a share is a credential too (custody.md section 3). */
const CEREMONIES = /^sys\/(?:rekey|rotate\/root|generate-root|generate-root-token|unseal)(?:\/|$)/

/** What goes into a shell as it is. */
const PLAIN = /^[\w./-]+$/

const LOG_IN = 'Log in with "conclave login", or give a token with CONCLAVE_TOKEN.'

/**
 * What whoever got a 403 can do. The server says by its spelling whether it knew the token at all (surface.md
 * section 0, 2); where it did, the command is named that tells which policy was in the way of this request.
 */
export function refusedHint({ method, url }: Sent, sentence: string): string {
  const path = /\/v1\/([^?]*)/.exec(url)?.[1] ?? ''
  const share = CEREMONIES.test(path) ? ' For a ceremony a share will do: see -holder.' : ''
  if (sentence === 'permission denied') return `${UNKNOWN} ${LOG_IN}${share}`
  if (sentence.startsWith('permission denied')) return `${LOG_IN}${share}`
  const query = url.includes('?') ? new URLSearchParams(url.slice(url.indexOf('?'))) : null
  const verb = query?.get('list') === 'true' ? 'LIST' : query?.get('scan') === 'true' ? 'SCAN' : method
  const asked = PLAIN.test(path) ? `${verb} ${path}` : 'METHOD PATH'
  const which = `Which policy is in the way tells "conclave policy explain ${asked}".`
  return `The token in use may not. ${which}${share}`
}

const UNKNOWN =
  'There was no token, or none that is good: it may be mistyped, expired, used up, revoked, or bound to ' +
  'another network.'
