import { rfc3339 } from '../base/clock.ts'
import type { InstalledVersion } from '../ceremony/versions.ts'
import type { Route } from '../logical/backend.ts'
import type { JsonOut } from '../logical/json.ts'
import type { LogicalResponse } from '../logical/response.ts'
import { mapOf, nullable, shape, TEXT, TEXT_MAP, TEXTS } from '../logical/schema.ts'
import type { Lifecycle } from './lifecycle.ts'

const VERSION = shape({
  commit_date: TEXT,
  previous_version: nullable(TEXT),
  timestamp_installed: TEXT,
  conclave_versions: TEXT_MAP,
})

/** `LIST sys/version-history` (key-lifecycle.md section 3.10). A plain GET is no operation of it. */
export function versionHistoryRoutes({ custodian }: Lifecycle): readonly Route[] {
  const list = async (): Promise<LogicalResponse> => history(await custodian.archive.versions())
  const summary = 'Which versions have served this store, and since when.'
  return [
    { pattern: 'version-history', summary, access: 'token', handlers: {} },
    {
      pattern: 'version-history/',
      summary,
      access: 'token',
      answers: { list: shape({ keys: TEXTS, key_info: mapOf(VERSION) }) },
      handlers: { list },
    },
  ]
}

/** By the version of the API, which is what clients compare; our own versions stand beside it. */
function history(installed: readonly InstalledVersion[]): LogicalResponse {
  const keys = [...new Set(installed.map(({ api }) => api))]
  const entries = keys.map((api, index): [string, JsonOut] => {
    const own = installed.filter((one) => one.api === api)
    const [first] = own
    return [
      api,
      {
        commit_date: first?.apiReleased ?? '',
        previous_version: keys[index - 1] ?? null,
        timestamp_installed: first === undefined ? '' : rfc3339(first.since),
        conclave_versions: Object.fromEntries(own.map(({ version, since }) => [version, rfc3339(since)])),
      },
    ]
  })
  return { data: { keys, key_info: Object.fromEntries(entries) } }
}
