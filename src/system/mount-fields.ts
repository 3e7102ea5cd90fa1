import { OperatingError } from '../base/errors.ts'
import { parseSeconds } from '../logical/duration.ts'
import { type Fields, present, readFields } from '../logical/field-table.ts'
import type { JsonObject } from '../logical/json.ts'
import { nullable, type Schema, shape, TEXT, TEXT_MAP, TEXTS, TRUTH, WHOLE } from '../logical/schema.ts'
import type { MountConfig } from '../router/mount-table.ts'

/** What can be tuned; flat in `tune`, within `config` when something is mounted (surface.md section 4.2). */
export const CONFIG_FIELDS = {
  default_lease_ttl: { type: 'string', description: 'How long what it gives out lives: "1h", or "system".' },
  max_lease_ttl: { type: 'string', description: 'How long that may live at most: "1h", or "system".' },
  force_no_cache: {
    type: 'boolean',
    description: 'Kept for clients; what is stored is cached sealed alone.',
  },
  listing_visibility: { type: 'string', description: 'Whether callers without a token see it: "unauth".' },
  audit_non_hmac_request_keys: { type: 'comma-strings', description: 'Members audit shows of requests.' },
  audit_non_hmac_response_keys: { type: 'comma-strings', description: 'Members audit shows of answers.' },
  passthrough_request_headers: { type: 'comma-strings', description: 'Headers that its engine gets.' },
  allowed_response_headers: { type: 'comma-strings', description: 'Headers that its engine may answer.' },
  token_type: { type: 'string', description: 'Of an auth method: the kind of its tokens.' },
  plugin_version: { type: 'string', description: 'Empty: every engine is built in.' },
  user_lockout_config: { type: 'object', description: 'Of an auth method: when a user is locked out.' },
} as const satisfies Fields

export const TUNE_FIELDS = {
  ...CONFIG_FIELDS,
  description: { type: 'string', description: 'What people read.' },
  options: { type: 'pairs', description: 'Options of the engine; those that are not named stay.' },
} as const satisfies Fields

export const MOUNT_FIELDS = {
  type: { type: 'string', description: 'The engine, for example "kv-v2".' },
  description: TUNE_FIELDS.description,
  config: { type: 'object', description: 'What can be tuned later as well.' },
  options: { type: 'pairs', description: 'Options of the engine, for example {"version": "2"}.' },
  local: { type: 'boolean', description: 'Kept for clients: every mount is on this cluster.' },
  seal_wrap: { type: 'boolean', description: 'Kept for clients: everything is sealed alike.' },
  external_entropy_access: { type: 'boolean', description: 'Kept for clients.' },
  plugin_name: { type: 'string', description: 'The engine, as "type"; of before.' },
  plugin_version: CONFIG_FIELDS.plugin_version,
} as const satisfies Fields

const TOKEN_TYPES = ['default-service', 'default-batch', 'service', 'batch']

/** Throws `bad_request` for what cannot be. `isAuth`: whether tokens come of it. */
export function configOf(given: JsonObject | null, isAuth: boolean): Partial<MountConfig> {
  const fields = readFields(CONFIG_FIELDS, given)
  const visibility = fields.listing_visibility
  if (visibility !== undefined && !['', 'hidden', 'unauth'].includes(visibility)) {
    throw new OperatingError('bad_request', 'invalid "listing_visibility": it is "unauth", "hidden" or ""')
  }
  const tokenType = isAuth ? fields.token_type : undefined
  if (tokenType !== undefined && !TOKEN_TYPES.includes(tokenType)) {
    throw new OperatingError('bad_request', "invalid 'token_type' value")
  }
  return present({
    defaultLeaseTtl: ttlOf('default_lease_ttl', fields.default_lease_ttl),
    maxLeaseTtl: ttlOf('max_lease_ttl', fields.max_lease_ttl),
    forceNoCache: fields.force_no_cache,
    listingVisibility: visibility,
    auditNonHmacRequestKeys: fields.audit_non_hmac_request_keys,
    auditNonHmacResponseKeys: fields.audit_non_hmac_response_keys,
    passthroughRequestHeaders: fields.passthrough_request_headers,
    allowedResponseHeaders: fields.allowed_response_headers,
    tokenType,
  })
}

/** Throws `bad_request` where the default would outlive the maximum. */
export function checkTtls({ defaultLeaseTtl, maxLeaseTtl }: MountConfig): void {
  if (maxLeaseTtl === 0 || defaultLeaseTtl <= maxLeaseTtl) return
  const text = `backend max lease TTL of ${maxLeaseTtl} would be less than backend default lease TTL of `
  throw new OperatingError('bad_request', text + defaultLeaseTtl)
}

/** Seconds; 0 for `system`. The Go client sends an empty text for what is to stay. */
function ttlOf(name: string, text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined
  const seconds = text === 'system' ? 0 : parseSeconds(text)
  if (seconds !== null && seconds >= 0) return seconds
  throw new OperatingError('bad_request', `"${name}" is a time such as "1h", seconds, or "system"`)
}

const CONFIG_SHAPE = shape(
  { default_lease_ttl: WHOLE, max_lease_ttl: WHOLE, force_no_cache: TRUTH },
  {
    listing_visibility: TEXT,
    audit_non_hmac_request_keys: TEXTS,
    audit_non_hmac_response_keys: TEXTS,
    passthrough_request_headers: TEXTS,
    allowed_response_headers: TEXTS,
    token_type: TEXT,
  },
)

/** Of a mount as it is shown (surface.md section 4.1). */
export const ENTRY_SHAPE = shape(
  {
    accessor: TEXT,
    config: CONFIG_SHAPE,
    description: TEXT,
    external_entropy_access: TRUTH,
    local: TRUTH,
    options: nullable(TEXT_MAP),
    plugin_version: TEXT,
    running_plugin_version: TEXT,
    running_sha256: TEXT,
    seal_wrap: TRUTH,
    type: TEXT,
    uuid: TEXT,
  },
  { deprecation_status: TEXT, path: TEXT },
)

export const TUNED_SHAPE: Schema = shape(
  { default_lease_ttl: WHOLE, max_lease_ttl: WHOLE, force_no_cache: TRUTH, description: TEXT },
  { ...CONFIG_SHAPE.properties, options: TEXT_MAP },
)
