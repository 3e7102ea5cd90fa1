import type { Barrier, PlainWrite } from '../barrier/barrier.ts'
import { BarrierView } from '../barrier/view.ts'
import type { Clock } from '../base/clock.ts'
import { fromUtf8 } from '../base/encoding.ts'
import type { Entropy } from '../base/entropy.ts'
import type { Meter } from '../base/meter.ts'
import type { AclSource } from '../policy/acl.ts'
import { PasswordPolicies } from '../policy/password-store.ts'
import { PolicyStore } from '../policy/store.ts'
import type { OpenRooms } from '../system/open-rooms.ts'
import type { TokenStore } from '../token/store.ts'

/** Where the policies of a store stand. */
const POLICY_PREFIX = 'sys/policy/'

export interface PolicyRoomPorts {
  readonly barrier: Barrier
  readonly tokens: TokenStore
  readonly clock: Clock
  readonly entropy: Entropy
  readonly meter: Meter
}

/** The policies of an open store, and the rules that come of them. */
export function openPolicies({
  barrier,
  tokens,
  clock,
  entropy,
  meter,
}: PolicyRoomPorts): Pick<OpenRooms, 'acls' | 'policies' | 'passwordPolicies' | 'tokenPolicies'> {
  const view = new BarrierView(barrier, POLICY_PREFIX)
  const policies = new PolicyStore(view, clock, meter)
  const acls: AclSource = { of: (caller) => policies.aclOf(caller.policies, null) }
  const ofEntry = async (
    found: Promise<{ readonly entry: { readonly policies: readonly string[] } } | null>,
  ): ReturnType<OpenRooms['tokenPolicies']['ofAccessor']> => {
    const token = await found
    return token === null ? null : await policies.aclOf(token.entry.policies, null)
  }
  return {
    acls,
    policies,
    passwordPolicies: new PasswordPolicies(view, entropy),
    tokenPolicies: {
      ofToken: (token) => ofEntry(tokens.lookup(token.lend(fromUtf8))),
      ofAccessor: (accessor) => ofEntry(tokens.byAccessor(accessor)),
    },
  }
}

/** What a new store has of them, with whole keys. */
export function firstPolicies(clock: Clock): readonly PlainWrite[] {
  return PolicyStore.initialWrites(clock.now()).map((write) => ({ ...write, key: POLICY_PREFIX + write.key }))
}
