import { rfc3339, type UnixMillis } from '../../base/clock.ts'
import { utf8 } from '../../base/encoding.ts'
import { OperatingError } from '../../base/errors.ts'
import { SecretBytes } from '../../base/secret-bytes.ts'
import type { Call } from '../../logical/backend.ts'
import { readFields } from '../../logical/field-table.ts'
import { SecretText } from '../../logical/json.ts'
import { gathered, namesBehind, PAGE } from '../../logical/listed.ts'
import type { LogicalResponse } from '../../logical/response.ts'
import { nullable, shape, TEXT, TEXT_MAP, TEXTS, TRUTH, WHOLE } from '../../logical/schema.ts'
import type { TokenFacts } from '../../logical/token-facts.ts'
import type { Granted, Page } from './ports.ts'

/** `data` of every look-up (surface.md section 2.4). */
export const FACTS = shape(
  {
    accessor: TEXT,
    creation_time: WHOLE,
    creation_ttl: WHOLE,
    display_name: TEXT,
    entity_id: TEXT,
    expire_time: nullable(TEXT),
    explicit_max_ttl: WHOLE,
    id: TEXT,
    issue_time: TEXT,
    meta: nullable(TEXT_MAP),
    num_uses: WHOLE,
    orphan: TRUTH,
    path: TEXT,
    policies: TEXTS,
    renewable: TRUTH,
    ttl: WHOLE,
    type: { type: 'string', enum: ['service', 'batch'] },
  },
  { bound_cidrs: TEXTS, last_renewal: TEXT, last_renewal_time: WHOLE, period: WHOLE, role: TEXT },
)

/** `id` is the token where the caller showed it, else empty. */
export function factsAnswer(facts: TokenFacts, id: SecretText | '', now: UnixMillis): LogicalResponse {
  const { expireTime, lastRenewal, boundCidrs, period, role } = facts
  return {
    data: {
      accessor: facts.accessor,
      ...(boundCidrs.length === 0 ? {} : { bound_cidrs: boundCidrs }),
      creation_time: Math.floor(facts.issueTime / 1000),
      creation_ttl: facts.ttl,
      display_name: facts.displayName,
      entity_id: facts.entityId,
      expire_time: expireTime === null ? null : rfc3339(expireTime),
      explicit_max_ttl: facts.explicitMaxTtl,
      id,
      issue_time: rfc3339(facts.issueTime),
      ...(lastRenewal === null
        ? {}
        : { last_renewal: rfc3339(lastRenewal), last_renewal_time: Math.floor(lastRenewal / 1000) }),
      meta: facts.meta,
      num_uses: facts.numUses,
      orphan: facts.parent === null,
      path: facts.path,
      ...(period === 0 ? {} : { period }),
      policies: facts.policies,
      renewable: facts.renewable,
      ...(role === '' ? {} : { role }),
      // A token that is good has some time left: 0 is said of those that never end.
      ttl: expireTime === null ? 0 : Math.ceil((expireTime - now) / 1000),
      type: facts.type,
    },
  }
}

/** `isNew`: whether it was made for this answer, or renewed. */
export function authAnswer(
  { entry, warnings }: Granted,
  clientToken: SecretText | '',
  isNew: boolean,
): LogicalResponse {
  return {
    ...(warnings.length === 0 ? {} : { warnings }),
    auth: {
      clientToken,
      accessor: entry.accessor,
      policies: entry.policies,
      tokenPolicies: entry.policies,
      identityPolicies: [],
      metadata: entry.meta,
      leaseDuration: entry.expireTime === null ? 0 : entry.grantedTtl,
      renewable: entry.renewable,
      entityId: entry.entityId,
      tokenType: entry.type,
      orphan: entry.parent === null,
      numUses: entry.numUses,
      isNew,
    },
  }
}

/** The token of the request, for its answer, which wipes it. */
export function ownTokenText({ request }: Call): SecretText {
  if (request.token === null) throw new OperatingError('permission_denied', 'permission denied')
  return new SecretText(SecretBytes.take(utf8(request.token)))
}

/** The names of a list that a request asks for; `null` where there are none. Throws `bad_request`. */
export async function listAnswer(
  call: Call,
  names: (page: Page) => Promise<readonly string[]>,
): Promise<LogicalResponse | null> {
  const { after = '', limit = 0 } = readFields(PAGE, call.request.data)
  const keys = await gathered(namesBehind(after, names), limit)
  return keys.length === 0 ? null : { data: { keys } }
}

/** What a handler raised, in the words that clients know (surface.md section 1.2). */
export function raised(why: string): OperatingError {
  return new OperatingError('bad_request', `1 error occurred:\n\t* ${why}\n\n`)
}

/** What a handler answers. */
export function refused(why: string): OperatingError {
  return new OperatingError('bad_request', why)
}
