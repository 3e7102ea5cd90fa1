import type { Mounted } from '../../logical/backend.ts'
import { createRoutes } from './create.ts'
import { lookupRoutes } from './lookup.ts'
import type { TokenAuthPorts } from './ports.ts'
import { renewRoutes } from './renew.ts'
import { revokeRoutes } from './revoke.ts'
import { roleRoutes } from './roles.ts'

/** `auth/token/`: tokens about themselves and others (surface.md section 2). */
export function tokenAuth(ports: TokenAuthPorts): Mounted {
  return {
    routes: [
      ...lookupRoutes(ports),
      ...createRoutes(ports),
      ...renewRoutes(ports),
      ...revokeRoutes(ports),
      ...roleRoutes(ports),
    ],
  }
}
