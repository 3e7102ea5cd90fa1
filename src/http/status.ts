import { type ErrorCode, hasCode, OperatingError } from '../base/errors.ts'

/** The only place where an error becomes a status. A new code does not compile without a row. */
const STATUS = {
  already_initialized: 400,
  audit_unavailable: 500,
  bad_request: 400,
  ceremony_dealt: 400,
  ceremony_limit: 429,
  ceremony_not_running: 400,
  ceremony_other_face: 400,
  ceremony_running: 400,
  condition_failed: 500,
  config_invalid: 500,
  corrupt_entry: 500,
  corrupt_store: 500,
  key_exhausted: 500,
  nonce_mismatch: 400,
  not_found: 404,
  not_initialized: 400,
  overloaded: 503,
  parameters_invalid: 400,
  permission_denied: 403,
  quota_exceeded: 429,
  sealed: 503,
  share_duplicate: 400,
  share_malformed: 400,
  share_other_set: 400,
  share_pending: 400,
  share_retired: 400,
  share_unknown: 400,
  shutting_down: 503,
  storage_full: 500,
  storage_read_only: 500,
  storage_unavailable: 500,
  store_foreign: 500,
  store_in_use: 500,
  store_newer: 500,
  store_removed: 500,
  store_rolled_back: 500,
  store_unsafe: 500,
  too_large: 413,
  unsupported_media_type: 415,
  unsupported_operation: 405,
  unsupported_path: 404,
} as const satisfies Record<ErrorCode, number>

/** Failures of the server whose sentence an operator needs to see where they stand. */
const TOLD: ReadonlySet<ErrorCode> = new Set([
  'corrupt_store',
  'storage_full',
  'storage_read_only',
  'storage_unavailable',
  'store_removed',
  'store_rolled_back',
])

/** Headers of a refusal besides the usual ones. */
export function refusalHeaders(error: unknown): Readonly<Record<string, string>> {
  // One second: a body is read within 30, and most within a few thousandths of one.
  return hasCode(error, 'overloaded') ? { 'Retry-After': '1' } : {}
}

/** An error as a client sees it: status, the sentences, and the code beside them. */
export interface RenderedError {
  readonly status: number
  readonly body: { readonly errors: readonly string[]; readonly code: ErrorCode | 'internal' }
}

/** Anything unknown is a bare 500: internals never leak through a message. */
export function renderError(error: unknown): RenderedError {
  if (!(error instanceof OperatingError)) {
    return { status: 500, body: { errors: ['internal error'], code: 'internal' } }
  }
  const status = STATUS[error.code]
  const hidden = status === 500 && !TOLD.has(error.code)
  const text = hidden ? 'internal error' : error.message
  return { status, body: { errors: text === '' ? [] : [text], code: error.code } }
}
