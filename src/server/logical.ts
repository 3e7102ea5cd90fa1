import { AuditBroker } from '../audit/broker.ts'
import { type OwnToken, tokenAuth } from '../auth/token/token-auth.ts'
import type { Barrier, PlainWrite } from '../barrier/barrier.ts'
import { CLUSTER_PATH, MOUNTS_PATH } from '../barrier/paths.ts'
import { BarrierView } from '../barrier/view.ts'
import { canonicalJson, parseCanonicalJson } from '../base/canonical-json.ts'
import type { Clock } from '../base/clock.ts'
import { toHex, utf8, uuidFrom } from '../base/encoding.ts'
import type { Entropy } from '../base/entropy.ts'
import { OperatingError } from '../base/errors.ts'
import type { SecretBytes } from '../base/secret-bytes.ts'
import type { NewRootToken } from '../ceremony/generate-root-runner.ts'
import type { Seed } from '../ceremony/init.ts'
import type { Primitives } from '../crypto/primitives.ts'
import { keptKeys } from '../engines/cubbyhole/cubbyhole.ts'
import type { BackendContext, Mounted, SecretsEngine } from '../logical/backend.ts'
import type { Caller } from '../logical/request.ts'
import { BUILT_IN_ACLS } from '../policy/acl.ts'
import { Quotas } from '../quota/quotas.ts'
import { decodeMounts, encodeMounts, initialMounts, type MountEntry } from '../router/mount-table.ts'
import { Mounts } from '../router/mounts.ts'
import { Router } from '../router/router.ts'
import type { TokenGate } from '../system/lifecycle.ts'
import type { OpenRooms } from '../system/open-rooms.ts'
import { firstRootToken, type StoredToken, TokenStore } from '../token/store.ts'
import { mintToken } from '../token/token.ts'
import { MountStorage } from './mount-storage.ts'
import { CATALOG, ENGINES } from './registry.ts'

const TOKEN_PREFIX = 'sys/token/'
const QUOTA_PREFIX = 'sys/quotas/'
/** 32 days: what the peers give without a word in the configuration. */
const SYSTEM_TTL = { defaultTtl: 2_764_800, maxTtl: 2_764_800 }
const CUBBYHOLE_ID_INFO = 'conclave cubbyhole v1'

export interface LogicalPorts {
  readonly log: { warn(event: string, facts: { readonly code: string }): void }
  readonly primitives: Primitives
  readonly entropy: Entropy
  readonly clock: Clock
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
  /** Whether this is a valid token, whatever it may do. */
  readonly knows: (token: string) => Promise<boolean>
  readonly cluster: Cluster
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
  chosen: { readonly clusterName: string | null; readonly rootToken: SecretBytes | null },
): Seed {
  const { token, writes } = firstRootToken(ports, chosen.rootToken?.clone() ?? mintToken(ports.entropy))
  const id = uuidFrom(ports.entropy.bytes(16))
  const name = chosen.clusterName ?? `vault-cluster-${toHex(ports.entropy.bytes(4))}`
  const entries: PlainWrite[] = [
    { op: 'put', key: MOUNTS_PATH, value: encodeMounts(initialMounts(ports.entropy)) },
    { op: 'put', key: CLUSTER_PATH, value: canonicalJson({ format: 1, id, name }) },
    ...writes.map((write) => ({ ...write, key: TOKEN_PREFIX + write.key })),
  ]
  return { rootToken: token, entries }
}

/** Builds router, tokens and policies on an open barrier. It only reads: it runs within the unseal. */
export async function openLogical(
  ports: LogicalPorts,
  barrier: Barrier,
  system: (rooms: OpenRooms) => Mounted,
): Promise<OpenLogical> {
  const tokens = await TokenStore.open(new BarrierView(barrier, TOKEN_PREFIX), ports.primitives)
  const stored = await barrier.get(MOUNTS_PATH)
  if (stored === null)
    throw new OperatingError('corrupt_store', 'the mount table is missing behind the barrier')
  const authenticate = (token: string | null): Promise<Caller | null> => callerOf(ports, tokens, token)
  const storage = new MountStorage(barrier)
  const quotas = await Quotas.open(new BarrierView(barrier, QUOTA_PREFIX), ports.clock)
  const waits = (error: unknown): void => {
    const code = error instanceof OperatingError ? error.code : 'internal'
    ports.log.warn('removing what a mount kept waits for the next unseal', { code })
  }
  const mounts = new Mounts(decodeMounts(stored), {
    entropy: ports.entropy,
    store: (table) => barrier.commit([{ op: 'put', key: MOUNTS_PATH, value: table }]),
    build: (entry, ttl) => {
      if (entry.type === 'token')
        return tokenAuth(ownToken({ barrier, tokens, mounts: () => mounts, storage }))
      if (entry.type === 'system')
        return system({ mounts: () => mounts, acls: BUILT_IN_ACLS, quotas, catalog: CATALOG })
      return mountEngine(entry, { ...ports, storage: storage.viewOf(entry), ttl })
    },
    endLeases: async () => undefined,
    waits,
    wipe: (entry) => storage.wipe(entry),
    systemTtl: SYSTEM_TTL,
    newId: () => uuidFrom(ports.entropy.bytes(16)),
  })
  const audit = new AuditBroker([])
  return {
    router: new Router({
      mounts: () => mounts.live,
      authenticate: ({ token }) => authenticate(token),
      acls: BUILT_IN_ACLS,
      hold: async ({ response }) => response,
      finish: async () => undefined,
      audit,
      clock: ports.clock,
    }),
    audit,
    quotas,
    gate: { check: (token, path) => checkSudo(authenticate, token, path) },
    knows: async (token) => (await tokens.lookup(token)) !== null,
    cluster: decodeCluster(await barrier.get(CLUSTER_PATH)),
    rootToken: () => {
      const { token, writes } = tokens.newRootToken(ports)
      return { token, writes: writes.map((write) => ({ ...write, key: TOKEN_PREFIX + write.key })) }
    },
    begin: async (recorded) => {
      await recorded
      await mounts.resume().catch(waits)
    },
    end: () => mounts.close(),
  }
}

/** Throws `store_newer` for a type that this version does not have. */
function mountEngine(entry: MountEntry, context: BackendContext): Mounted {
  const engines: Readonly<Record<string, SecretsEngine>> = ENGINES
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

/**
 * The caller behind a token. Its private storage has a name of its own, from which nobody finds the token's
 * place.
 */
async function callerOf(
  ports: LogicalPorts,
  tokens: TokenStore,
  token: string | null,
): Promise<Caller | null> {
  const stored = token === null ? null : await tokens.lookup(token)
  if (stored === null) return null
  const { accessor, displayName, policies } = stored.entry
  return {
    accessor,
    displayName,
    policies,
    tokenType: 'service',
    tokenKey: stored.key,
    // Made when it is asked for: few requests have to do with it.
    get cubbyholeId(): string {
      return toHex(ports.primitives.sha256(utf8(CUBBYHOLE_ID_INFO + stored.key)))
    },
  }
}

interface TokenRooms {
  readonly barrier: Barrier
  readonly tokens: TokenStore
  readonly mounts: () => Mounts
  readonly storage: MountStorage
}

function ownToken({ barrier, tokens, mounts, storage }: TokenRooms): OwnToken {
  const find = async (token: string | null): Promise<StoredToken | null> =>
    token === null ? null : await tokens.lookup(token)
  return {
    facts: async ({ request }) => (await find(request.token))?.entry ?? null,
    revoke: async ({ request, caller }) => {
      const stored = await find(request.token)
      if (stored === null || caller === null) return
      const writes: PlainWrite[] = tokens
        .revocation(stored)
        .map((write) => ({ ...write, key: TOKEN_PREFIX + write.key }))
      for (const entry of mounts().entries.filter((one) => one.type === 'cubbyhole')) {
        const keys = await keptKeys(storage.viewOf(entry), caller.cubbyholeId)
        writes.push(...keys.map((key): PlainWrite => ({ op: 'delete', key: `logical/${entry.uuid}/${key}` })))
      }
      // One commit: a token is never gone while what it kept is still there, nor the other way round.
      await barrier.commit(writes)
    },
  }
}

async function checkSudo(
  authenticate: (token: string | null) => Promise<Caller | null>,
  token: string | null,
  path: string,
): ReturnType<TokenGate['check']> {
  const caller = await authenticate(token)
  if (caller === null) return 'no_token'
  const acl = await BUILT_IN_ACLS.of(caller)
  const act = { operation: 'update', path, sudo: true, data: null, wrapTtl: null } as const
  return acl.decide(act).allowed ? 'allowed' : 'denied'
}

function decodeCluster(stored: Uint8Array | null): Cluster {
  const value = stored === null ? null : parseCanonicalJson(stored)
  const { id, name } = (value ?? {}) as { readonly id?: unknown; readonly name?: unknown }
  if (typeof id !== 'string' || typeof name !== 'string') {
    throw new OperatingError('corrupt_entry', 'the name of the cluster cannot be read')
  }
  return { id, name }
}
