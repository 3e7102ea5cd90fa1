import { OperatingError } from '../base/errors.ts'
import type { BareRequest, BareResponse, BareRoute } from '../logical/bare-route.ts'
import { shape, TEXT, TRUTH, WHOLE } from '../logical/schema.ts'
import { API_VERSION, ok } from './answers.ts'
import type { Lifecycle } from './lifecycle.ts'

const STATES = {
  empty: { code: 501, override: 'uninitcode' },
  sealed: { code: 503, override: 'sealedcode' },
  open: { code: 200, override: 'activecode' },
} as const

const OVERRIDES = ['uninitcode', 'sealedcode', 'standbycode', 'activecode']
const BOOLEANS = ['1', 't', 'T', 'true', 'TRUE', 'True', '0', 'f', 'F', 'false', 'FALSE', 'False']

const HEALTH = shape(
  {
    initialized: TRUTH,
    sealed: TRUTH,
    standby: TRUTH,
    performance_standby: TRUTH,
    replication_performance_mode: TEXT,
    replication_dr_mode: TEXT,
    server_time_utc: WHOLE,
    version: TEXT,
  },
  { cluster_name: TEXT, cluster_id: TEXT, storage_trouble: TEXT },
)

/** `GET /v1/sys/health` (key-lifecycle.md section 3.5): the status says the state, each to be overridden. */
export function healthRoute(lifecycle: Lifecycle): BareRoute {
  const health = async (request: BareRequest): Promise<BareResponse> => answer(lifecycle, request)
  return {
    path: '/v1/sys/health',
    summary: 'State of the server, in the status code.',
    emptyBody: 'object',
    needsOpen: false,
    answers: { GET: HEALTH },
    anyStatus: true,
    handlers: { GET: health, HEAD: health },
  }
}

/** `GET /v1/sys/leader` (section 3.6) without high availability: the same in every state. */
export function leaderRoute(): BareRoute {
  return {
    path: '/v1/sys/leader',
    summary: 'Which node is active.',
    emptyBody: 'object',
    needsOpen: false,
    answers: { GET: shape({ ha_enabled: TRUTH }) },
    handlers: { GET: async () => ok({ ha_enabled: false }) },
  }
}

function answer(lifecycle: Lifecycle, { query }: BareRequest): BareResponse {
  const { phase } = lifecycle.custodian.status()
  const codes = new Map(OVERRIDES.map((name) => [name, statusCode(query.get(name))]))
  checkBoolean(query.get('standbyok'))
  const cluster = lifecycle.cluster()
  const trouble = lifecycle.storageTrouble()
  const isOpen = phase === 'open'
  const mode = isOpen ? 'disabled' : 'unknown'
  return {
    status: codes.get(STATES[phase].override) ?? STATES[phase].code,
    body: {
      initialized: phase !== 'empty',
      sealed: !isOpen,
      standby: !isOpen,
      performance_standby: false,
      replication_performance_mode: mode,
      replication_dr_mode: mode,
      server_time_utc: Math.floor(lifecycle.clock.now() / 1000),
      version: API_VERSION,
      // Ours, and not in the status: what can be read still is, and a server taken away serves nobody.
      ...(trouble === null ? {} : { storage_trouble: trouble }),
      ...(cluster === null ? {} : { cluster_name: cluster.name, cluster_id: cluster.id }),
    },
  }
}

/** A code below 200 is no final answer of HTTP, and kills the connection in the peer. */
function statusCode(text: string | null): number | undefined {
  if (text === null) return undefined
  const code = /^\d{3}$/.test(text) ? Number(text) : 0
  if (code < 200 || code > 599) throw new OperatingError('bad_request', '')
  return code
}

function checkBoolean(text: string | null): void {
  if (text !== null && text !== '' && !BOOLEANS.includes(text)) throw new OperatingError('bad_request', '')
}
