import type { BareResponse, BareRoute } from '../logical/bare-route.ts'
import { shape, TEXT, TRUTH, WHOLE } from '../logical/schema.ts'
import { API_COMMIT_DATE, API_VERSION, ok } from './answers.ts'
import type { Lifecycle } from './lifecycle.ts'

/** Of seal-status and unseal (key-lifecycle.md section 3.1). */
export const SEAL_STATUS = shape(
  {
    type: TEXT,
    initialized: TRUTH,
    sealed: TRUTH,
    t: WHOLE,
    n: WHOLE,
    progress: WHOLE,
    nonce: TEXT,
    version: TEXT,
    commit_date: TEXT,
    migration: TRUTH,
    recovery_seal: TRUTH,
    storage_type: TEXT,
  },
  { cluster_name: TEXT, cluster_id: TEXT },
)

/** `GET /v1/sys/seal-status` (key-lifecycle.md section 3.1): no token, in every state. */
export function sealStatusRoute(lifecycle: Lifecycle): BareRoute {
  return {
    path: '/v1/sys/seal-status',
    summary: 'Whether the server is sealed, and how far an unseal has come.',
    emptyBody: 'object',
    needsOpen: false,
    answers: { GET: SEAL_STATUS },
    handlers: { GET: async () => sealStatus(lifecycle) },
  }
}

/** The answer of seal-status, unseal and its reset alike; `warnings` only where there are some. */
export function sealStatus(
  { custodian, cluster, storageType }: Lifecycle,
  warnings: readonly string[] = [],
): BareResponse {
  const { phase, shares, threshold, progress, nonce } = custodian.status()
  const named = cluster()
  return ok({
    type: 'shamir',
    initialized: phase !== 'empty',
    sealed: phase !== 'open',
    t: threshold,
    n: shares,
    progress,
    nonce,
    version: API_VERSION,
    commit_date: API_COMMIT_DATE,
    migration: false,
    ...(named === null ? {} : { cluster_name: named.name, cluster_id: named.id }),
    recovery_seal: false,
    storage_type: storageType,
    ...(warnings.length === 0 ? {} : { warnings }),
  })
}
