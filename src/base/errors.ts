/** Every way in which the world can fail us, as clients see it in `code`. Headings of `docs/errors.md`. */
export const ERROR_CODES = [
  'already_initialized',
  'audit_unavailable',
  'bad_request',
  'ceremony_dealt',
  'ceremony_limit',
  'ceremony_not_running',
  'ceremony_other_face',
  'ceremony_running',
  'condition_failed',
  'config_invalid',
  'corrupt_entry',
  'corrupt_store',
  'key_exhausted',
  'nonce_mismatch',
  'not_found',
  'not_initialized',
  'overloaded',
  'parameters_invalid',
  'permission_denied',
  'quota_exceeded',
  'sealed',
  'share_duplicate',
  'share_malformed',
  'share_other_set',
  'share_pending',
  'share_retired',
  'share_unknown',
  'shutting_down',
  'storage_full',
  'storage_read_only',
  'storage_unavailable',
  'store_foreign',
  'store_in_use',
  'store_newer',
  'store_removed',
  'store_rolled_back',
  'store_unsafe',
  'too_large',
  'unsupported_media_type',
  'unsupported_operation',
  'unsupported_path',
] as const

export type ErrorCode = (typeof ERROR_CODES)[number]

/** Public facts for the operator's log: never a secret, a token, or a value from a body. */
export type ErrorDetail = Readonly<Record<string, string | number | boolean>>

/**
 * An expected failure. `message` is made from the code and public facts only (numbers, field names, key-set
 * numbers, the route) and may reach a client; `detail` goes to the operator's log and never leaves it.
 */
export class OperatingError extends Error {
  override name = 'OperatingError'
  readonly code: ErrorCode
  readonly detail: ErrorDetail

  constructor(code: ErrorCode, message: string, options: { cause?: unknown; detail?: ErrorDetail } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.detail = options.detail ?? {}
  }
}

/** Whether `error` is an expected failure with this code. */
export function hasCode(error: unknown, code: ErrorCode): error is OperatingError {
  return error instanceof OperatingError && error.code === code
}
