import type { BackendContext, Handler, Mounted, Route } from '../../../logical/backend.ts'
import { upgrading } from '../upgrading.ts'
import { Writes } from '../writes.ts'
import { configRoute } from './config-route.ts'
import { dataRoute } from './data.ts'
import { detailedMetadataRoute } from './detailed-metadata.ts'
import { Keys } from './keys.ts'
import { metadataRoute } from './metadata.ts'
import { MountConfig } from './mount-config.ts'
import { WRONG_PATH } from './paths.ts'
import { subkeysRoute } from './subkeys.ts'
import { Upgrade } from './upgrade.ts'
import { versionRoutes } from './versions.ts'

/** KV version 2: every write of a secret makes a version that can be read again (surface.md section 5.2). */
export function mountV2({ storage, clock }: BackendContext): Mounted {
  const writes = new Writes(upgrading)
  const keys = new Keys(storage, writes)
  const room = { storage, clock, keys, config: new MountConfig(storage, writes) }
  const upgrade = new Upgrade({ storage, clock, keys })
  const routes = [
    configRoute(room),
    dataRoute(room),
    metadataRoute(room),
    detailedMetadataRoute(room),
    subkeysRoute(room),
    ...versionRoutes(room),
    // Last: it takes what no other does.
    WRONG_PATH,
  ]
  return {
    routes: routes.map((route) => afterUpgrade(upgrade, route)),
    start: (signal) => upgrade.start(signal),
    end: async () => {
      await Promise.all([writes.end(), upgrade.end()])
    },
  }
}

/** The same route, which answers only once nothing of KV 1 is left in the mount. */
function afterUpgrade(upgrade: Upgrade, route: Route): Route {
  const guarded = (handler: Handler): Handler => {
    return async (call) => {
      if (!upgrade.isDone) await upgrade.check()
      return await handler(call)
    }
  }
  const handlers = Object.entries(route.handlers).map(([name, handler]) => [name, guarded(handler)])
  return { ...route, handlers: Object.fromEntries(handlers) }
}
