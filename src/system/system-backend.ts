import type { Mounted } from '../logical/backend.ts'
import { decodeTokenRoute } from './decode-token.ts'
import { generateRootTokenRoutes } from './generate-root-token.ts'
import { journalRoute } from './journal.ts'
import type { Lifecycle } from './lifecycle.ts'
import { journaledBehindRouter } from './refusals.ts'
import { rekeyBackupRoutes } from './rekey-backup.ts'
import { rotateRootRoutes } from './rotate-root.ts'

/** `sys/` behind the router: every route that asks for a token, one file a resource. */
export function systemBackend(lifecycle: Lifecycle): Mounted {
  return {
    routes: journaledBehindRouter(lifecycle.journal, [
      ...rotateRootRoutes(lifecycle),
      ...rekeyBackupRoutes(lifecycle),
      ...generateRootTokenRoutes(lifecycle),
      decodeTokenRoute(),
      journalRoute(lifecycle.journal),
    ]),
  }
}
