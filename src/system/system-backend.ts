import type { Mounted } from '../logical/backend.ts'
import type { BareRoute } from '../logical/bare-route.ts'
import { capabilityRoutes } from './capabilities.ts'
import { ceremonyRoutes } from './ceremonies.ts'
import { decodeTokenRoute } from './decode-token.ts'
import { explainRoute } from './explain-policies.ts'
import { generateRootTokenRoutes } from './generate-root-token.ts'
import { haStatusRoute } from './ha-status.ts'
import { hostInfoRoute } from './host-info.ts'
import { journalRoute } from './journal.ts'
import { keyStatusRoute } from './key-status.ts'
import { leaseRoutes } from './leases.ts'
import type { Lifecycle } from './lifecycle.ts'
import { metricsRoute } from './metrics.ts'
import { monitorRoute } from './monitor.ts'
import { mountRoutes } from './mounts.ts'
import type { OpenRooms } from './open-rooms.ts'
import { openApiRoute } from './openapi.ts'
import { passwordPolicyRoutes } from './password-policies.ts'
import { pluginRoutes } from './plugins.ts'
import { policyRoutes } from './policies.ts'
import { quotaRoutes } from './quotas.ts'
import { journaledBehindRouter } from './refusals.ts'
import { rekeyBackupRoutes } from './rekey-backup.ts'
import { remountRoutes } from './remount.ts'
import { rotateRoutes } from './rotate.ts'
import { rotateRootRoutes } from './rotate-root.ts'
import { toolRoutes } from './tools.ts'
import { uiMountRoutes, uiNamespacesRoute } from './ui-mounts.ts'
import { versionHistoryRoutes } from './version-history.ts'
import { wrappingRoutes } from './wrapping.ts'

/** `sys/` behind the router: every route that asks for a token, one file a resource. */
export function systemBackend(
  lifecycle: Lifecycle,
  rooms: OpenRooms,
  bare: () => readonly BareRoute[],
): Mounted {
  return {
    routes: journaledBehindRouter(lifecycle.journal, [
      ...rotateRootRoutes(lifecycle),
      ...rekeyBackupRoutes(lifecycle),
      ...generateRootTokenRoutes(lifecycle),
      decodeTokenRoute(),
      keyStatusRoute(lifecycle),
      ...rotateRoutes(lifecycle),
      haStatusRoute(lifecycle),
      ...versionHistoryRoutes(lifecycle),
      hostInfoRoute(lifecycle),
      ...ceremonyRoutes(lifecycle),
      journalRoute(lifecycle.journal),
      ...uiMountRoutes(rooms),
      uiNamespacesRoute(),
      ...remountRoutes(rooms),
      ...pluginRoutes(rooms),
      ...mountRoutes(rooms),
      ...toolRoutes(lifecycle),
      ...policyRoutes({ policies: rooms.policies, clock: lifecycle.clock }),
      ...passwordPolicyRoutes(rooms.passwordPolicies),
      explainRoute(rooms),
      ...capabilityRoutes(rooms),
      openApiRoute(rooms, bare),
      monitorRoute(lifecycle.followLog),
      metricsRoute(lifecycle),
      ...quotaRoutes(rooms),
      ...leaseRoutes(lifecycle, rooms),
      ...wrappingRoutes(rooms),
    ]),
  }
}
