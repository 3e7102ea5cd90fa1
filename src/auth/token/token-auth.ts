import { rfc3339, unixMillis } from '../../base/clock.ts'
import { OperatingError } from '../../base/errors.ts'
import type { Call, Mounted, Route } from '../../logical/backend.ts'
import type { LogicalResponse } from '../../logical/response.ts'

/** What this auth method needs of the token room, without importing it. */
export interface OwnToken {
  /** Facts about the caller's own token, or `null` when it has gone. */
  facts(call: Call): Promise<TokenFacts | null>
  /** Makes the caller's own token unknown, and wipes what it kept. */
  revoke(call: Call): Promise<void>
}

export interface TokenFacts {
  readonly accessor: string
  readonly creationTime: number
  readonly displayName: string
  readonly path: string
  readonly policies: readonly string[]
}

/** `auth/token/`: a token about itself (surface.md section 2.2). */
export function tokenAuth(own: OwnToken): Mounted {
  const lookup = (call: Call): Promise<LogicalResponse> => lookupSelf(own, call)
  const revoke = async (call: Call): Promise<null> => {
    await own.revoke(call)
    return null
  }
  const routes: Route[] = [
    {
      pattern: 'lookup-self',
      summary: 'What is known about the token of this request.',
      access: 'token',
      handlers: { read: lookup, update: lookup },
    },
    {
      pattern: 'revoke-self',
      summary: 'Revokes the token of this request.',
      access: 'token',
      handlers: { update: revoke },
    },
  ]
  return { routes }
}

/** The fields of surface.md section 2.4. */
async function lookupSelf(own: OwnToken, call: Call): Promise<LogicalResponse> {
  const facts = await own.facts(call)
  if (facts === null) throw new OperatingError('permission_denied', 'permission denied')
  return {
    data: {
      accessor: facts.accessor,
      creation_time: facts.creationTime,
      creation_ttl: 0,
      display_name: facts.displayName,
      entity_id: '',
      expire_time: null,
      explicit_max_ttl: 0,
      id: call.request.token,
      issue_time: rfc3339(unixMillis(facts.creationTime * 1000)),
      meta: null,
      num_uses: 0,
      orphan: true,
      path: facts.path,
      policies: [...facts.policies],
      renewable: false,
      ttl: 0,
      type: 'service',
    },
  }
}
