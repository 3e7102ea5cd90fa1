import type { MountTtl } from '../logical/backend.ts'
import type { JsonOut } from '../logical/json.ts'
import type { MountConfig, MountEntry } from '../router/mount-table.ts'
import { API_VERSION } from './answers.ts'

type Members = { readonly [member: string]: JsonOut }

/** Where every engine comes from: clients show it, and compare the part before the plus sign. */
export const BUILT_IN_VERSION = `v${API_VERSION}+builtin.conclave`

const OWN_TYPES = ['cubbyhole', 'system', 'token', 'identity']

/** A mount as clients read it (surface.md section 4.1). */
export function shownMount(entry: MountEntry): Members {
  const { options } = entry
  return {
    accessor: entry.accessor,
    config: {
      default_lease_ttl: entry.config.defaultLeaseTtl,
      force_no_cache: entry.config.forceNoCache,
      max_lease_ttl: entry.config.maxLeaseTtl,
      ...tunedOnly(entry.config),
    },
    ...(OWN_TYPES.includes(entry.type) ? {} : { deprecation_status: 'supported' }),
    description: entry.description,
    external_entropy_access: false,
    local: entry.local,
    options: Object.keys(options).length === 0 ? null : options,
    plugin_version: '',
    running_plugin_version: BUILT_IN_VERSION,
    running_sha256: '',
    seal_wrap: entry.sealWrap,
    type: entry.type,
    uuid: entry.uuid,
  }
}

/** What `tune` reads: times as they are in effect. */
export function shownTuning(entry: MountEntry, ttl: MountTtl): Members {
  const { options } = entry
  return {
    default_lease_ttl: ttl.defaultTtl,
    description: entry.description,
    force_no_cache: entry.config.forceNoCache,
    max_lease_ttl: ttl.maxTtl,
    ...(Object.keys(options).length === 0 ? {} : { options }),
    ...tunedOnly(entry.config),
  }
}

/** Members that stand there only when they are set. */
function tunedOnly(config: MountConfig): Members {
  const members: Members = {
    audit_non_hmac_request_keys: config.auditNonHmacRequestKeys,
    audit_non_hmac_response_keys: config.auditNonHmacResponseKeys,
    listing_visibility: config.listingVisibility,
    passthrough_request_headers: config.passthroughRequestHeaders,
    allowed_response_headers: config.allowedResponseHeaders,
    token_type: config.tokenType,
  }
  return Object.fromEntries(
    Object.entries(members).filter(([, value]) => value !== '' && !isEmptyList(value)),
  )
}

function isEmptyList(value: JsonOut): boolean {
  return Array.isArray(value) && value.length === 0
}
