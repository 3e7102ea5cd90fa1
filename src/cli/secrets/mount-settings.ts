import type { Members } from '../../client/answers.ts'
import type { CommandCall } from '../command.ts'
import { UsageError } from '../failure.ts'
import { keyValues, truth, truthFlag } from '../flag-values.ts'
import type { FlagSpec } from '../flags.ts'

const LISTING = ['hidden', 'unauth'] as const

/** What can be set for a mount, when it is made and later (surface.md section 4.2). */
export const MOUNT_FLAGS: readonly FlagSpec[] = [
  { name: 'description', kind: 'text', help: 'what people are to know of it' },
  { name: 'version', kind: 'number', value: '1|2', help: 'of KV: 2 keeps older versions' },
  { name: 'options', kind: 'list', value: 'KEY=VALUE', help: 'option of the engine' },
  {
    name: 'default-lease-ttl',
    kind: 'text',
    value: 'TIME',
    help: 'how long leases live: 1h; system for the usual',
  },
  { name: 'max-lease-ttl', kind: 'text', value: 'TIME', help: 'how long they live at most' },
  { name: 'listing-visibility', kind: 'text', choices: LISTING, help: 'unauth: strangers may know of it' },
  truth('force-no-cache', 'keep nothing of it in memory'),
  { name: 'audit-non-hmac-request-keys', kind: 'list', value: 'KEY', help: 'in the clear in audit records' },
  { name: 'audit-non-hmac-response-keys', kind: 'list', value: 'KEY', help: 'the same of answers' },
  {
    name: 'passthrough-request-headers',
    kind: 'list',
    value: 'NAME',
    help: 'header that the engine may see',
  },
  { name: 'allowed-response-headers', kind: 'list', value: 'NAME', help: 'header that it may set' },
]

/** The settings that were given. Throws `UsageError`. */
export function readMountConfig(call: CommandCall): Members {
  const { flags } = call
  const listing = flags.text('listing-visibility')
  if (listing !== null && listing !== '' && !LISTING.some((known) => known === listing)) {
    throw new UsageError(`invalid value for flag -listing-visibility: give ${LISTING.join(' or ')}`)
  }
  return given({
    default_lease_ttl: flags.text('default-lease-ttl'),
    max_lease_ttl: flags.text('max-lease-ttl'),
    listing_visibility: listing,
    force_no_cache: truthFlag(call, 'force-no-cache'),
    audit_non_hmac_request_keys: someOf(flags.list('audit-non-hmac-request-keys')),
    audit_non_hmac_response_keys: someOf(flags.list('audit-non-hmac-response-keys')),
    passthrough_request_headers: someOf(flags.list('passthrough-request-headers')),
    allowed_response_headers: someOf(flags.list('allowed-response-headers')),
  })
}

/** Options of the engine, of which the version of KV has a flag of its own; `null` for none. */
export function readOptions({ flags }: CommandCall): Members | null {
  const version = flags.number('version')
  const options = {
    ...keyValues('options', flags.list('options')),
    ...(version === null ? {} : { version: String(version) }),
  }
  return Object.keys(options).length === 0 ? null : options
}

/** The members that are there. */
export function given(members: Members): Members {
  return Object.fromEntries(
    Object.entries(members).filter(([, value]) => value !== null && value !== undefined),
  )
}

function someOf(list: readonly string[]): readonly string[] | null {
  return list.length === 0 ? null : list
}
