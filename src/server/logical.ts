import { AuditBroker } from '../audit/broker.ts'
import type { TokenAuthPorts } from '../auth/token/ports.ts'
import { tokenAuth } from '../auth/token/token-auth.ts'
import type { Barrier, PlainWrite } from '../barrier/barrier.ts'
import { CLUSTER_PATH, MOUNTS_PATH } from '../barrier/paths.ts'
import { BarrierView } from '../barrier/view.ts'
import { canonicalJson, parseCanonicalJson } from '../base/canonical-json.ts'
import type { Clock, Millis } from '../base/clock.ts'
import { toHex, uuidFrom } from '../base/encoding.ts'
import type { Entropy } from '../base/entropy.ts'
import { type ErrorDetail, OperatingError } from '../base/errors.ts'
import type { Meter } from '../base/meter.ts'
import type { SecretBytes } from '../base/secret-bytes.ts'
import type { NewRootToken } from '../ceremony/generate-root-runner.ts'
import type { Seed } from '../ceremony/init.ts'
import type { Primitives } from '../crypto/primitives.ts'
import type { BackendContext, Mounted, MountTtl, SecretsEngine } from '../logical/backend.ts'
import type { Standing } from '../logical/request.ts'
import { canonicalPolicyNames, isAssignable } from '../policy/policy-name.ts'
import type { PolicyStore } from '../policy/store.ts'
import { Quotas } from '../quota/quotas.ts'
import {
  decodeMounts,
  encodeMounts,
  initialMounts,
  type MountEntry,
  type MountTable,
} from '../router/mount-table.ts'
import { type MountPorts, Mounts } from '../router/mounts.ts'
import { Router } from '../router/router.ts'
import type { TokenGate } from '../system/lifecycle.ts'
import type { OpenRooms } from '../system/open-rooms.ts'
import { TokenDesk } from '../token/desk.ts'
import type { PolicyNames } from '../token/policy-choice.ts'
import { TokenRoles } from '../token/role.ts'
import { firstRootToken, type TokenStore } from '../token/store.ts'
import { mintToken } from '../token/token.ts'
import { Wrapping } from '../wrapping/wrapping.ts'
import { Callers } from './callers.ts'
import { holding } from './hold.ts'
import { LeaseRoom } from './lease-room.ts'
import { MountStorage } from './mount-storage.ts'
import { firstPolicies, openPolicies } from './policy-room.ts'
import { catalogWith, ENGINES } from './registry.ts'
import { tokenAuthPorts } from './token-auth-ports.ts'
import { belowTokens, openTokens, tokenView } from './token-room.ts'
import { Usage } from './usage.ts'
import { WIRE_JSON } from './wire-json.ts'
import { type WrappingTokenPorts, wrappingTokens } from './wrapping-tokens.ts'

const QUOTA_PREFIX = 'sys/quotas/'
const WRAPPING_PREFIX = 'sys/wrapping/'

export interface LogicalPorts {
  readonly log: {
    info(event: string, facts?: ErrorDetail): void
    warn(event: string, facts?: ErrorDetail): void
  }
  readonly primitives: Primitives
  readonly entropy: Entropy
  readonly clock: Clock
}

/** What only a server has that serves. */
export interface ServingPorts extends LogicalPorts {
  /** Where this server is reached, as far as the configuration says. */
  readonly apiAddress: string
  /** What mounts that name no bounds of their own give out. */
  readonly systemTtl: MountTtl
  /** How old a count of tokens and leases may be; `null`: they are not counted. */
  readonly usagePeriod: Millis | null
  /** Ends the process, where what goes on beside requests broke a promise of ours. */
  readonly fatal: (error: unknown) => void
  /** Told how long requests take. */
  readonly meter: Meter
  /** Besides those of the registry. */
  readonly engines: Readonly<Record<string, SecretsEngine>>
}

export interface Cluster {
  readonly name: string
  readonly id: string
}

/** All that works only while the store is open: made at unseal, let go of at seal. */
export interface OpenLogical {
  readonly router: Router
  readonly audit: AuditBroker
  readonly quotas: Quotas
  readonly gate: TokenGate
  /** What a token is at a path; no use of it is spent. */
  readonly standingOf: (token: string, path: string) => Promise<Standing>
  readonly cluster: Cluster
  readonly usage: Usage
  /** A root token for a ceremony's commit. */
  readonly rootToken: () => NewRootToken
  /** What goes on beside requests, once `recorded` says that the unseal is in the store. It never rejects. */
  readonly begin: (recorded: Promise<void>) => Promise<void>
  /** That ends: the store is being sealed. */
  readonly end: () => void
}

/** What init stores besides the keys. What is `null` is made here; a root token stays with the caller. */
export function seedStore(
  ports: LogicalPorts,
  chosen: {
    readonly clusterName: string | null
    readonly rootToken: SecretBytes | null
    readonly isForDevelopment: boolean
  },
): Seed {
  const { token, writes } = firstRootToken(ports, chosen.rootToken?.clone() ?? mintToken(ports.entropy))
  const id = uuidFrom(ports.entropy.bytes(16))
  const name = chosen.clusterName ?? `vault-cluster-${toHex(ports.entropy.bytes(4))}`
  const entries: PlainWrite[] = [
    {
      op: 'put',
      key: MOUNTS_PATH,
      value: encodeMounts(initialMounts(ports.entropy, chosen.isForDevelopment)),
    },
    { op: 'put', key: CLUSTER_PATH, value: canonicalJson({ format: 1, id, name }) },
    ...belowTokens(writes),
    ...firstPolicies(ports.clock),
  ]
  return { rootToken: token, entries }
}

/** Builds router, tokens and policies on an open barrier. It only reads: it runs within the unseal. */
export async function openLogical(
  ports: ServingPorts,
  barrier: Barrier,
  system: (rooms: OpenRooms) => Mounted,
): Promise<OpenLogical> {
  const table = await storedMounts(barrier)
  const storage = new MountStorage(barrier)
  const tokens = await openTokens({
    ...{ ...ports, barrier, storage, mounts: () => mounts.entries },
    besides: (tokenKey) => room.alongside(tokenKey),
    wake: (time) => room.loop.wake(time),
  })
  const room = new LeaseRoom({ ...ports, barrier, tokens, mounts: () => mounts })
  const wrapping = openWrapping({ ...ports, barrier, tokens, storage, mounts: () => mounts.entries })
  const policies = openPolicies({ ...ports, barrier, tokens })
  const { acls } = policies
  const callers = new Callers({ ...ports, tokens, acls })
  const roles = new TokenRoles(tokenView(barrier))
  const names = policyNames(policies.policies)
  const tokenRoutes = (mount: () => MountTtl): TokenAuthPorts => {
    const desk = new TokenDesk({ tokens, roles, names, mount, clock: ports.clock })
    return tokenAuthPorts({ ...ports, tokens, roles, desk, callers, acls })
  }
  const catalog = catalogWith(ports.engines)
  const rooms = { ...policies, leases: () => room.leases, wrapping: () => wrapping, catalog, json: WIRE_JSON }
  const quotas = await Quotas.open(new BarrierView(barrier, QUOTA_PREFIX), ports.clock)
  const mounts = new Mounts(table, {
    entropy: ports.entropy,
    store: (table) => barrier.commit([{ op: 'put', key: MOUNTS_PATH, value: table }]),
    build: (entry, ttl) => {
      if (entry.type === 'token') return tokenAuth(tokenRoutes(ttl))
      if (entry.type === 'system') return system({ ...rooms, mounts: () => mounts, quotas })
      return mountEngine(ports, entry, { ...ports, storage: storage.viewOf(entry), ttl })
    },
    endLeases: (entry, engine) => room.endMount(entry, engine),
    ...telling(ports),
    wipe: (entry) => storage.wipe(entry),
    systemTtl: ports.systemTtl,
    newId: () => uuidFrom(ports.entropy.bytes(16)),
  })
  const audit = new AuditBroker([])
  const cluster = decodeCluster(await barrier.get(CLUSTER_PATH))
  const router = new Router({
    mounts: () => mounts.live,
    authenticate: async (request) => callers.authenticate(await wrapping.sender(request)),
    acls,
    hold: holding({ ...ports, room, wrapping, callers, tokens }),
    finish: (caller) => callers.finish(caller),
    audit,
    clock: ports.clock,
    meter: ports.meter,
  })
  return {
    router,
    audit,
    quotas,
    gate: callers.gate,
    standingOf: async (token, path) => {
      const known = await tokens.lookup(token)
      if (known === null) return 'stranger'
      const acl = await policies.policies.aclOf(known.entry.policies, null)
      return router.mayWrite(path, acl) ? 'writer' : 'known'
    },
    cluster,
    usage: new Usage({ ...ports, tokens, leases: room.leases, mounts, cluster }),
    rootToken: () => newRootToken(tokens),
    ...besideRequests(ports, room, mounts),
  }
}

function newRootToken(tokens: TokenStore): NewRootToken {
  const { token, writes } = tokens.newRootToken()
  return { token, writes: belowTokens(writes) }
}

function besideRequests(
  ports: ServingPorts,
  room: LeaseRoom,
  mounts: Mounts,
): Pick<OpenLogical, 'begin' | 'end'> {
  return {
    begin: async (recorded) => {
      await recorded
      room.loop.run().catch(ports.fatal)
      await mounts.resume().catch(telling(ports).waits)
    },
    end: () => {
      room.loop.stop()
      mounts.close()
    },
  }
}

function policyNames(policies: PolicyStore): PolicyNames {
  const missing = async (names: readonly string[]): Promise<readonly string[]> => {
    const found = await Promise.all(names.map((name) => policies.exists(name)))
    return names.filter((_, index) => found[index] === false)
  }
  return { canonical: canonicalPolicyNames, isAssignable, missing }
}

async function storedMounts(barrier: Barrier): Promise<MountTable> {
  const stored = await barrier.get(MOUNTS_PATH)
  if (stored !== null) return decodeMounts(stored)
  throw new OperatingError('corrupt_store', 'the mount table is missing behind the barrier')
}

/** What is tried again, told in the log. */
function telling({ log }: LogicalPorts): Pick<MountPorts, 'waits' | 'stalls'> {
  const warn =
    (event: string) =>
    (error: unknown): void =>
      log.warn(event, { code: error instanceof OperatingError ? error.code : 'internal' })
  return {
    waits: warn('removing what a mount kept waits for the next unseal'),
    stalls: warn('the upgrade of a mount waits for its next request'),
  }
}

function openWrapping(ports: ServingPorts & WrappingTokenPorts): Wrapping {
  const storage = new BarrierView(ports.barrier, WRAPPING_PREFIX)
  const { maxTtl } = ports.systemTtl
  return new Wrapping({ ...ports, tokens: wrappingTokens(ports), storage, json: WIRE_JSON, maxTtl })
}

/** Throws `store_newer` for a type that this version does not have. */
function mountEngine(
  ports: Pick<ServingPorts, 'engines'>,
  entry: MountEntry,
  context: BackendContext,
): Mounted {
  const engines: Readonly<Record<string, SecretsEngine>> = { ...ports.engines, ...ENGINES }
  const engine = Object.hasOwn(engines, entry.type) ? engines[entry.type] : undefined
  if (engine !== undefined) {
    const { storage, clock, entropy, ttl } = context
    return engine.mount({ storage, clock, entropy, ttl }, entry.options)
  }
  throw new OperatingError(
    'store_newer',
    `the store mounts "${entry.type}", which this version does not have`,
  )
}

function decodeCluster(stored: Uint8Array | null): Cluster {
  const value = stored === null ? null : parseCanonicalJson(stored)
  const { id, name } = (value ?? {}) as { readonly id?: unknown; readonly name?: unknown }
  if (typeof id !== 'string' || typeof name !== 'string') {
    throw new OperatingError('corrupt_entry', 'the name of the cluster cannot be read')
  }
  return { id, name }
}
