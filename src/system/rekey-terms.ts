import { OperatingError } from '../base/errors.ts'
import { type Asked, checkMayOpen } from '../ceremony/access.ts'
import type { Recipient } from '../ceremony/delivery.ts'
import { checkParameters } from '../ceremony/parameters.ts'
import type { RekeyFace, RekeyTerms } from '../ceremony/rekey.ts'
import { member, strictBoolean, strictInteger } from '../logical/fields.ts'
import type { JsonObject } from '../logical/json.ts'
import type { Lifecycle } from './lifecycle.ts'
import { recipientsOf, stringList } from './recipients.ts'

/** What a body of the modern face asks for, before any key was parsed. */
interface Wanted {
  readonly shares: number
  readonly threshold: number
  readonly backup: boolean
  readonly verify: RekeyTerms['verify']
  readonly keys: readonly string[] | null
}

/**
 * The terms in a body of `/v1/sys/rekey/init` (key-lifecycle.md section 5.4, in its order). Keys are parsed
 * and tried last, and only for who may open a ceremony: that is work.
 *
 * Throws `bad_request`, `parameters_invalid`, `permission_denied`.
 */
export async function modernTerms(lifecycle: Lifecycle, body: JsonObject, asked: Asked): Promise<RekeyTerms> {
  const wanted = {
    shares: strictInteger(body, 'secret_shares') ?? 0,
    threshold: strictInteger(body, 'secret_threshold') ?? 0,
    backup: strictBoolean(body, 'backup') ?? false,
    verify: verifyOf(body, strictBoolean(body, 'require_verification') ?? false),
    keys: stringList(body, 'pgp_keys'),
  }
  if (wanted.backup && wanted.keys === null) {
    const text = 'cannot request a backup of the new keys without providing PGP keys for encryption'
    throw new OperatingError('parameters_invalid', text)
  }
  return await termsOf(lifecycle, { wanted, face: 'modern' }, asked)
}

/** Shared by the faces that take recipients. */
export async function termsOf(
  lifecycle: Lifecycle,
  given: { readonly wanted: Wanted; readonly face: RekeyFace },
  asked: Asked,
): Promise<RekeyTerms> {
  const { keys, ...terms } = given.wanted
  if (keys !== null && keys.length !== terms.shares) {
    throw new OperatingError('parameters_invalid', 'incorrect number of PGP keys for rekey')
  }
  const prefix = `invalid ${given.face === 'rotate' ? 'rotate' : 'rekey'} seal configuration: `
  checkParameters(terms, prefix)
  checkMayOpen(asked)
  const recipients: readonly Recipient[] | null = keys && (await recipientsOf(lifecycle, keys, prefix))
  return { ...terms, face: given.face, recipients }
}

/** `verify: "all"` is ours: every new share is given back, not only a threshold of them. */
export function verifyOf(body: JsonObject, isRequired: boolean): RekeyTerms['verify'] {
  const node = member(body, 'verify')
  if (node === undefined || node.kind === 'null') return isRequired ? 'threshold' : 'none'
  const text = node.kind === 'string' ? node.text() : ''
  if (text === 'all' || text === 'threshold') return text
  if (text === 'none' && !isRequired) return text
  throw new OperatingError('parameters_invalid', '"verify" must be "all", "threshold" or "none"')
}
