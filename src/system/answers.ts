import { OperatingError } from '../base/errors.ts'
import type { SecretBytes } from '../base/secret-bytes.ts'
import { parseShare, shareBase64, shareHex } from '../custody/share-format.ts'
import type { BareResponse } from '../logical/bare-route.ts'
import { secretField } from '../logical/fields.ts'
import { type JsonObject, NO_MEMBERS, SecretText } from '../logical/json.ts'
import type { LogicalRequest } from '../logical/request.ts'
import type { Lifecycle } from './lifecycle.ts'

/**
 * What seal-status and health call this server: clients parse it as a version of the API (surface.md section
 * 16).
 */
export const API_VERSION = '2.6.2'
export const API_COMMIT_DATE = '2026-08-18T10:43:05Z'

/** 204, no body. */
export const DONE: BareResponse = { status: 204, body: null }

export function ok(body: BareResponse['body']): BareResponse {
  return { status: 200, body }
}

/**
 * The share in the member `key`, in any format that custody.md section 6 takes; `null` when there is none.
 * The caller owns it. Throws `share_malformed` when it is no share. Which set it is of, its key says: the set
 * words of a card are for people.
 */
export function shareField({ hashing }: Lifecycle, body: JsonObject): SecretBytes | null {
  const text = secretField(body, 'key')
  if (text === null) return null
  using owned = text
  return owned.lend((bytes) => parseShare(bytes, hashing)).share
}

/** As `shareField`, where a share is required. Throws `bad_request` with `missing`. */
export function requiredShare(lifecycle: Lifecycle, body: JsonObject, missing: string): SecretBytes {
  const share = shareField(lifecycle, body)
  if (share === null) throw new OperatingError('bad_request', missing)
  return share
}

/** The members of a logical request; one without data has none. */
export function bodyOf({ data }: Pick<LogicalRequest, 'data'>): JsonObject {
  return data ?? NO_MEMBERS
}

/** Shares as `keys` and `keys_base64`. The shares themselves are wiped; the texts are, once they went out. */
export function sharesOut(shares: readonly SecretBytes[]): { keys: SecretText[]; keys_base64: SecretText[] } {
  const out = {
    keys: shares.map((share) => new SecretText(shareHex(share))),
    keys_base64: shares.map((share) => new SecretText(shareBase64(share))),
  }
  for (const share of shares) share[Symbol.dispose]()
  return out
}

/** The same refusal of a share, with the words that the face puts before it (`invalid key: …`). */
export function prefixed(error: unknown, prefix: string): unknown {
  if (!(error instanceof OperatingError) || !error.code.startsWith('share_')) return error
  // A share that is in already is a good one.
  if (error.code === 'share_duplicate') return error
  return new OperatingError(error.code, prefix + error.message, { cause: error, detail: error.detail })
}
