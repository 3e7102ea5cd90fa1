import type { BackendContext, Mounted, SecretsEngine } from '../../logical/backend.ts'
import { mountV1 } from './v1/kv-v1.ts'

/** Secrets that are written and read: each path has one value. */
export const kv: SecretsEngine = {
  type: 'kv',
  mount: (context: BackendContext): Mounted => mountV1(context),
}
