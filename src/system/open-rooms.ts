import type { Leases } from '../lease/leases.ts'
import type { MountAdmission } from '../logical/backend.ts'
import type { JsonPort } from '../logical/json-port.ts'
import type { AclSource } from '../policy/acl.ts'
import type { PasswordPolicies } from '../policy/password-store.ts'
import type { PolicyStore } from '../policy/store.ts'
import type { Quotas } from '../quota/quotas.ts'
import type { Mounts } from '../router/mounts.ts'
import type { Wrapping } from '../wrapping/wrapping.ts'
import type { TokenPolicies } from './capabilities.ts'

/** The rooms that exist only while the store is open, as the routes of `sys/` need them. */
export interface OpenRooms {
  /** A function, as `sys/` is one of them. */
  readonly mounts: () => Mounts
  readonly leases: () => Leases
  readonly wrapping: () => Wrapping
  readonly acls: AclSource
  readonly policies: PolicyStore
  readonly passwordPolicies: PasswordPolicies
  readonly tokenPolicies: TokenPolicies
  readonly quotas: Quotas
  /** As answers are written. */
  readonly json: JsonPort
  /** What can be mounted, by the name that clients ask for. */
  readonly catalog: Catalog
}

/** The plugins of the peers, all of which are built in here (surface.md section 4.5). */
export interface Catalog {
  /** Of secrets engines and of auth methods, in byte order. */
  readonly secret: readonly string[]
  readonly auth: readonly string[]
  readonly database: readonly string[]
  /** How a type is mounted: under another name or with options; `null` for what is not in the catalog. */
  admit(kind: 'secret' | 'auth', type: string): MountAdmission | null
}
