import type { SecretsEngine } from '../../logical/backend.ts'
import { mountV1 } from './v1/kv-v1.ts'
import { mountV2 } from './v2/kv-v2.ts'

/** Secrets that are written and read; with `version` 2 in the mount's options each write makes a version. */
export const kv: SecretsEngine = {
  type: 'kv',
  mount: (context, options) => (options['version'] === '2' ? mountV2(context) : mountV1(context)),
}
