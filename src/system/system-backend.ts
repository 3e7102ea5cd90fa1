import type { Mounted } from '../logical/backend.ts'
import type { Lifecycle } from './lifecycle.ts'

/** `sys/` behind the router: every route that asks for a token, one file a resource. */
export function systemBackend(_lifecycle: Lifecycle): Mounted {
  return { routes: [] }
}
