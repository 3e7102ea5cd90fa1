import type { TokenAuthPorts } from '../auth/token/ports.ts'
import { assert } from '../base/assert.ts'
import type { Clock } from '../base/clock.ts'
import { type ErrorDetail, OperatingError } from '../base/errors.ts'
import type { Call } from '../logical/backend.ts'
import type { AclSource } from '../policy/acl.ts'
import { canonicalPolicyNames } from '../policy/policy-name.ts'
import type { TokenDesk } from '../token/desk.ts'
import type { TokenRoles } from '../token/role.ts'
import type { KnownToken, TokenStore } from '../token/store.ts'
import type { Callers } from './callers.ts'

export interface TokenRooms {
  readonly tokens: TokenStore
  readonly roles: TokenRoles
  readonly desk: TokenDesk
  readonly callers: Callers
  readonly acls: AclSource
  readonly clock: Clock
  readonly log: {
    info(event: string, facts?: ErrorDetail): void
    warn(event: string, facts?: ErrorDetail): void
  }
}

/** The token room as the routes of `auth/token/` see it. */
export function tokenAuthPorts(rooms: TokenRooms): TokenAuthPorts {
  const { tokens, roles, desk, acls, clock } = rooms
  const self = (call: Call): KnownToken => {
    assert(call.caller !== null, 'no route of tokens is public')
    return rooms.callers.tokenOf(call.caller)
  }
  const hasSudo = async ({ caller, request }: Call): Promise<boolean> => {
    if (caller === null) return false
    const { operation, path, data, wrap } = request
    const acl = await acls.of(caller)
    return acl.decide({ operation, path, sudo: true, data, wrapTtl: wrap?.ttl ?? null }).allowed
  }
  return {
    now: () => clock.now(),
    self,
    hasSudo,
    lookup: (token) => tokens.lookup(token),
    byAccessor: (accessor) => tokens.byAccessor(accessor),
    find: (token) => tokens.find(token),
    accessors: (page) => tokens.accessors(page),
    create: async (call, ask, by) =>
      await desk.create(ask, {
        path: call.request.path,
        parent: self(call),
        isSudo: await hasSudo(call),
        ...by,
      }),
    renew: (known, increment) => desk.renew(known, increment),
    revoke: (key) => tokens.revoke(key),
    revokeOrphan: (key) => tokens.revokeOrphan(key),
    tidy: tidyOnce(rooms),
    roles,
    canonicalPolicies: canonicalPolicyNames,
  }
}

/** One at a time, behind the answer to who asked for it. */
function tidyOnce({ tokens, log }: TokenRooms): () => boolean {
  let isRunning = false
  const run = async (): Promise<void> => {
    try {
      const { tokens: ended, indexes } = await tokens.tidy()
      log.info('tokens were tidied', { ended, indexes })
    } catch (error) {
      if (!(error instanceof OperatingError)) throw error
      log.warn('tidying tokens was given up', { code: error.code })
    } finally {
      isRunning = false
    }
  }
  return () => {
    if (isRunning) return false
    isRunning = true
    void run()
    return true
  }
}
