import type { Members } from '../../client/answers.ts'
import type { CommandCall } from '../command.ts'
import { UsageError } from '../failure.ts'
import { keyValues, truth, truthFlag } from '../flag-values.ts'
import type { FlagSpec } from '../flags.ts'

/** What can be set for a secret (surface.md section 5.2). */
export const SETTING_FLAGS: readonly FlagSpec[] = [
  { name: 'max-versions', kind: 'number', help: 'how many versions are kept (0: as the mount says)' },
  truth('cas-required', 'take no write without -cas'),
  {
    name: 'delete-version-after',
    kind: 'text',
    value: 'TIME',
    help: 'delete each version so long after it was written: 24h; 0s for never',
  },
  {
    name: 'custom-metadata',
    kind: 'list',
    value: 'KEY=VALUE',
    help: 'what people are to know of it; no secret',
  },
  { name: 'metadata-cas', kind: 'number', help: 'only if the metadata has had so many changes' },
]

/** The settings that were given. Throws `UsageError` where there is none. */
export function readSettings(call: CommandCall, removed: readonly string[] = []): Members {
  const custom: Record<string, string | null> = {
    ...keyValues('custom-metadata', call.flags.list('custom-metadata')),
  }
  for (const name of removed) custom[name] = null
  const settings = {
    max_versions: call.flags.number('max-versions'),
    cas_required: truthFlag(call, 'cas-required'),
    delete_version_after: call.flags.text('delete-version-after'),
    custom_metadata: Object.keys(custom).length === 0 ? null : custom,
    metadata_cas: call.flags.number('metadata-cas'),
  }
  return Object.fromEntries(
    Object.entries(settings).filter(([, value]) => value !== null && value !== undefined),
  )
}

/** The same, where nothing given would change nothing. */
export function someSettings(call: CommandCall, removed: readonly string[] = []): Members {
  const settings = readSettings(call, removed)
  if (Object.keys(settings).length > 0) return settings
  throw new UsageError('there is nothing to change: see the flags with -h')
}
