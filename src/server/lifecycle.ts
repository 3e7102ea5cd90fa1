import type { Custodian } from '../ceremony/custodian.ts'
import type { Journal } from '../ceremony/journal/journal.ts'
import type { CeremonyPorts } from '../ceremony/ports.ts'
import type { ServerConfig } from '../config/config.ts'
import { nodePrimitives } from '../crypto/node/primitives.ts'
import { endpointText } from '../http/endpoint.ts'
import type { BareRoute } from '../logical/bare-route.ts'
import { custodyStatusRoute } from '../system/custody-status.ts'
import { generateRootRoutes } from '../system/generate-root.ts'
import { healthRoute, leaderRoute } from '../system/health.ts'
import { initRoute } from '../system/init.ts'
import type { Lifecycle } from '../system/lifecycle.ts'
import type { Measurements } from '../system/metrics.ts'
import { journaled } from '../system/refusals.ts'
import { modernRekeyRoutes } from '../system/rekey-modern.ts'
import { originalRekeyRoutes } from '../system/rekey-original.ts'
import { sealRoute } from '../system/seal.ts'
import { sealStatusRoute } from '../system/seal-status.ts'
import { stepDownRoute } from '../system/step-down.ts'
import { unsealRoute } from '../system/unseal.ts'
import { mintOtp } from '../token/token.ts'
import { readInitSecret } from './init-secret.ts'
import type { IoGuard } from './io-guard.ts'
import type { FollowedLog } from './log-taps.ts'
import type { OpenLogical } from './logical.ts'
import { systemClock, systemEntropy, systemHost } from './system-ports.ts'

/** What the lifecycle routes work on, of a server that is being wired. */
export function lifecycleOf(given: {
  readonly config: ServerConfig
  readonly custodian: Custodian
  readonly journal: Journal
  readonly storage: IoGuard
  readonly ports: CeremonyPorts
  readonly log: FollowedLog
  readonly measurements: Measurements
  /** Throws `sealed`. */
  readonly expectOpen: () => OpenLogical
}): Lifecycle {
  const { config, custodian, journal, storage, ports, log, expectOpen, measurements } = given
  return {
    custodian,
    journal,
    clock: systemClock,
    hashing: nodePrimitives,
    random: (length) => systemEntropy.bytes(length),
    storageType: config.storage.type,
    storageTrouble: () => storage.trouble,
    apiAddress: apiAddress(config),
    host: systemHost(config.storage.type === 'sqlite' ? config.storage.folder : '.'),
    followLog: (how) => log.follow(how),
    measurements,
    usage: () => expectOpen().usage.readings(),
    cluster: () => (custodian.isOpen ? expectOpen().cluster : null),
    gate: { check: (sender, path) => expectOpen().gate.check(sender, path) },
    delivery: ports.delivery,
    initSecret: readInitSecret(config.initSecretFile),
    equal: nodePrimitives.equal,
    newOtp: (length) => mintOtp(systemEntropy, length),
  }
}

/** The routes outside the mount router: the list of what works without a token. */
export function bareRoutes(lifecycle: Lifecycle): readonly BareRoute[] {
  return journaled(lifecycle.journal, [
    initRoute(lifecycle),
    sealStatusRoute(lifecycle),
    unsealRoute(lifecycle),
    sealRoute(lifecycle),
    healthRoute(lifecycle),
    leaderRoute(),
    stepDownRoute(),
    custodyStatusRoute(lifecycle),
    ...generateRootRoutes(lifecycle),
    ...modernRekeyRoutes(lifecycle),
    ...originalRekeyRoutes(lifecycle),
  ])
}

/** The first listener of the network, where others can reach it under the name that the configuration has. */
export function apiAddress({ listeners }: ServerConfig): string {
  const serving = listeners.filter(({ metrics }) => metrics.onlyAt === null)
  const first = serving.find((listener) => listener.type === 'tcp')
  const isWildcard = first === undefined || ['0.0.0.0', '::', ''].includes(first.host) || first.port === 0
  return isWildcard ? '' : `${first.tls === null ? 'http' : 'https'}://${endpointText(first)}`
}
