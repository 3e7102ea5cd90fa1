import { canonicalJson, parseCanonicalJson } from '../base/canonical-json.ts'
import { concat, utf8 } from '../base/encoding.ts'
import { OperatingError } from '../base/errors.ts'
import type { SecretBytes } from '../base/secret-bytes.ts'
import type { JsonPort } from '../logical/json-port.ts'
import { decodeStoredJson, encodeStoredJson } from '../logical/stored-json.ts'
import { jsonText } from './json-text.ts'

/** What a wrapping token keeps, by its names in the token's own storage (surface.md section 6.2). */
export interface Kept {
  /** `{"response": "…"}`: the wrapped body as text, which is what old clients read there. */
  readonly response: Uint8Array
  /** Facts about the wrapping. */
  readonly wrapinfo: Uint8Array
}

export const KEPT_NAMES = ['response', 'wrapinfo'] as const

/** What is told of a wrapped answer without unwrapping it. */
export interface WrapFacts {
  readonly creationPath: string
  /** RFC 3339. */
  readonly creationTime: string
  /** Seconds. */
  readonly creationTtl: number
}

/** `body` is what would have been sent, or empty; it stays with the caller. */
export function encodeKept(body: Uint8Array, facts: WrapFacts): Kept {
  const text = jsonText(body)
  const raw = concat(utf8('{"response":'), text, utf8('}'))
  const response = encodeStoredJson({ raw })
  text.fill(0)
  raw.fill(0)
  return { response, wrapinfo: encodeFacts(facts) }
}

/** The same answer behind another token. */
export function encodeFacts({ creationPath, creationTime, creationTtl }: WrapFacts): Uint8Array {
  const facts = { creation_path: creationPath, creation_time: creationTime, creation_ttl: creationTtl }
  return encodeStoredJson({ raw: canonicalJson(facts) })
}

/** The wrapped body, which the caller owns; `null` where it was empty. Throws `corrupt_entry`. */
export function decodeResponse(stored: Uint8Array, json: JsonPort): SecretBytes | null {
  const node = json.read(decodeStoredJson(stored).bytes).members.get('response')
  if (node?.kind !== 'string') throw unreadable()
  return node.secret()
}

/** Throws `corrupt_entry`. */
export function decodeFacts(stored: Uint8Array): WrapFacts {
  const facts = parseCanonicalJson(decodeStoredJson(stored).bytes)
  const { creation_path, creation_time, creation_ttl } = (facts ?? {}) as { readonly [name: string]: unknown }
  if (typeof creation_path !== 'string' || typeof creation_time !== 'string') throw unreadable()
  if (typeof creation_ttl !== 'number') throw unreadable()
  return { creationPath: creation_path, creationTime: creation_time, creationTtl: creation_ttl }
}

function unreadable(): OperatingError {
  return new OperatingError('corrupt_entry', 'what a wrapping token keeps cannot be read')
}
