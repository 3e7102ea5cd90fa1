import { millis } from '../base/clock.ts'
import { OperatingError } from '../base/errors.ts'
import { READ_CACHE_BYTES, READ_CACHE_VALUE_BYTES, SEAL_COMMIT_MS } from '../base/limits.ts'
import type { Meter } from '../base/meter.ts'
import type { SecretBytes } from '../base/secret-bytes.ts'
import { Custodian } from '../ceremony/custodian.ts'
import { openFileJournal } from '../ceremony/journal/file-journal.ts'
import type { Journal } from '../ceremony/journal/journal.ts'
import { type JournalPorts, SlotJournal } from '../ceremony/journal/slot-journal.ts'
import type { CeremonyPorts } from '../ceremony/ports.ts'
import type { ServerConfig } from '../config/config.ts'
import { nodePrimitives } from '../crypto/node/primitives.ts'
import { NoncePool } from '../crypto/nonce-pool.ts'
import { OpenpgpDelivery } from '../delivery/openpgp/openpgp-delivery.ts'
import { BodyBudget } from '../http/body-budget.ts'
import type { ExchangeFacts } from '../http/exchange.ts'
import type { SecretsEngine } from '../logical/backend.ts'
import { Recorder } from '../metrics/recorder.ts'
import type { StorageBackend } from '../physical/backend.ts'
import { ReadCache } from '../physical/read-cache.ts'
import type { Admission } from '../quota/quotas.ts'
import { API_COMMIT_DATE, API_VERSION } from '../system/answers.ts'
import { HandOvers } from '../system/hand-over.ts'
import { openMetricsRoute } from '../system/metrics.ts'
import { systemBackend } from '../system/system-backend.ts'
import { ExchangeLog } from './exchange-log.ts'
import { type GuardedStorage, IoGuard } from './io-guard.ts'
import { apiAddress, bareRoutes, lifecycleOf } from './lifecycle.ts'
import type { SharedService } from './listener-service.ts'
import type { Log } from './log.ts'
import type { FollowedLog } from './log-taps.ts'
import { type OpenLogical, openLogical, type ServingPorts, seedStore } from './logical.ts'
import { measurementsOf } from './measurements.ts'
import { loadNodeKey, memoryNodeKey } from './node-key.ts'
import { requestIds } from './request-ids.ts'
import { collectGarbage, systemClock, systemEntropy } from './system-ports.ts'
import { VERSION } from './version.ts'

/** A server without its sockets. */
export interface Server {
  readonly custodian: Custodian
  readonly storage: StorageBackend
  readonly journal: Journal
  /** What every listener serves; each adds who it is. */
  readonly service: SharedService
  readonly logExchange: (facts: ExchangeFacts & { readonly ms: number }) => void
}

/** What a server is given besides its configuration. */
export interface ServerHooks {
  /** Ends the process; keys are wiped before it is called. */
  fatal(error: unknown): void
  /** The first root token of a store for development, instead of one of chance. It stays with the caller. */
  readonly rootToken: SecretBytes | null
  /** A new store then has KV 2 at `secret/`. */
  readonly isForDevelopment: boolean
  /** Besides those of the registry: for a test, since every engine of a server is in the source. */
  readonly engines?: Readonly<Record<string, SecretsEngine>>
  /** The server's own from now on: it closes it, also where it cannot be built. */
  readonly storage: GuardedStorage
}

/**
 * Wires the rooms together: the only place that knows all of them. Throws what reading the store throws.
 */
export async function buildServer(
  config: ServerConfig,
  log: FollowedLog,
  hooks: ServerHooks,
): Promise<Server> {
  const storage = new IoGuard(hooks.storage, systemClock, hooks.fatal)
  // Behind the store, whose lock keeps other processes away from this folder.
  const journal = openJournal(config, { clock: systemClock, hashing: nodePrimitives, log })
  try {
    return await buildOn(storage, { config, log, hooks, journal })
  } catch (error) {
    await journal.close()
    await storage.close()
    throw error
  }
}

async function buildOn(
  storage: IoGuard,
  given: {
    readonly config: ServerConfig
    readonly log: FollowedLog
    readonly hooks: ServerHooks
    readonly journal: Journal
  },
): Promise<Server> {
  const { config, log, hooks, journal } = given
  const { fatal, rootToken, isForDevelopment } = hooks
  const meter = new Recorder(systemClock)
  const cached = withReadCache(storage)
  const ports = ceremonyPorts(cached, { ...given, meter })
  const serving = { ...ports, ...servingOf(config), fatal, engines: hooks.engines ?? {} }
  let open: OpenLogical | null = null
  const handOvers = new HandOvers(journal, log)
  const custodian = await Custodian.load(ports, {
    nodeKeys: nodeKeyFor(config).publicKeys,
    serving: { version: VERSION, api: API_VERSION, apiReleased: API_COMMIT_DATE },
    seed: () => seedStore(ports, { clusterName: config.clusterName, rootToken, isForDevelopment }),
    rootToken: () => expectOpen().rootToken(),
    opened: async (session) => {
      const opened = await openLogical(serving, session.barrier, (rooms) =>
        systemBackend(lifecycle, rooms, () => bare),
      )
      open = opened
      void opened.begin(custodian.settled())
      handOvers.after(custodian.settled(), opened.audit, () => open === opened)
    },
    sealed: () => {
      open?.end()
      cached.forget()
      // Who followed has no token any more.
      log.endFollowing()
      open = null
      forgetLater()
    },
    fatal,
  })
  // Ceremonies keep their progress, as in a crash; the process ends a moment later.
  void storage.failure.then(() => custodian.stop())
  const expectOpen = (): OpenLogical => {
    if (open === null || !custodian.isOpen) throw new OperatingError('sealed', 'Vault is sealed')
    return open
  }
  const lifecycle = lifecycleOf({
    ...{ config, custodian, journal, storage, ports, log, expectOpen },
    measurements: measurementsOf(meter, config.telemetry),
  })
  const bare = bareRoutes(lifecycle)
  const exchangeLog = new ExchangeLog(log, systemClock, fatal)
  return {
    custodian,
    storage,
    journal,
    service: {
      openMetrics: openMetricsRoute(lifecycle),
      bareRoutes: new Map(bare.map((route) => [route.path, route])),
      gate: () => void expectOpen(),
      admit: (path, source) => admit(custodian.isOpen ? open : null, meter, { path, source }),
      standingOf: (token, path) => expectOpen().standingOf(token, path),
      dispatch: (request) => expectOpen().router.dispatch(request),
      bodies: new BodyBudget(),
      answers: new BodyBudget(),
      newId: requestIds(systemEntropy),
    },
    logExchange: (facts) => exchangeLog.write(facts),
  }
}

function admit(
  open: Pick<OpenLogical, 'quotas'> | null,
  meter: Meter,
  { path, source }: { readonly path: string; readonly source: string },
): Admission | null {
  const admission = open?.quotas.admit(path, source) ?? null
  if (admission?.allowed === false) meter.count('vault.quota.rate_limit.violation', admission.rule)
  return admission
}

/** Once the keys have been wiped, which waits for a commit for as long as this at most. */
function forgetLater(): void {
  void systemClock.sleep(millis(SEAL_COMMIT_MS + 1000)).then(collectGarbage)
}

function servingOf(config: ServerConfig): Pick<ServingPorts, 'apiAddress' | 'systemTtl' | 'usagePeriod'> {
  const { leases, telemetry } = config
  return { apiAddress: apiAddress(config), systemTtl: leases, usagePeriod: telemetry.usagePeriod }
}

/**
 * Mount tables and ceremonies are read once, and custody and keyring have to be what stands in the store.
 */
function withReadCache(storage: StorageBackend): ReadCache {
  const bounds = { bytes: READ_CACHE_BYTES, valueBytes: READ_CACHE_VALUE_BYTES }
  return new ReadCache(storage, bounds, (key) => !key.startsWith('core/'))
}

function ceremonyPorts(
  storage: StorageBackend,
  given: {
    readonly config: ServerConfig
    readonly log: Log
    readonly journal: Journal
    readonly meter: Meter
  },
): CeremonyPorts {
  const { config, log, journal, meter } = given
  return {
    storage,
    primitives: nodePrimitives,
    entropy: systemEntropy,
    clock: systemClock,
    nonces: new NoncePool(systemEntropy),
    log,
    journal,
    meter,
    delivery: new OpenpgpDelivery({ clock: systemClock, entropy: systemEntropy }),
    settings: {
      ceremonyExpiryMs: config.ceremonyExpiry,
      dealtExpiryMs: config.dealtExpiry,
      unjoinedExpiryMs: config.unjoinedExpiry,
    },
  }
}

function openJournal(config: ServerConfig, ports: JournalPorts): Journal {
  if (config.storage.type === 'inmem') return new SlotJournal(ports, null)
  return openFileJournal(config.storage.folder, ports)
}

function nodeKeyFor(config: ServerConfig): ReturnType<typeof loadNodeKey> {
  if (config.storage.type === 'inmem') return memoryNodeKey(nodePrimitives, systemEntropy)
  return loadNodeKey(nodePrimitives, systemEntropy, config.storage.folder)
}
