import type { SecretBytes } from '../base/secret-bytes.ts'

/**
 * JSON as it came over the wire: every node keeps the bytes of its token, so that the values of stored data
 * are given back exactly as they were sent (`1.0` stays `1.0`, 2^53 + 1 keeps its last digit), and so that a
 * secret can be taken out as bytes without ever having been a JavaScript string.
 */
export type JsonNode = JsonObject | JsonArray | JsonString | JsonNumber | JsonBoolean | JsonNull

interface Token {
  /**
   * The bytes of the whole value as sent, a window on the body: valid until the request has been answered.
   */
  readonly raw: Uint8Array
}

export interface JsonObject extends Token {
  readonly kind: 'object'
  /** In the order they were sent. Names are unique: a duplicate is refused by the reader. */
  readonly members: ReadonlyMap<string, JsonNode>
}

/** `{}`. */
export const NO_MEMBERS: JsonObject = {
  kind: 'object',
  raw: new Uint8Array([0x7b, 0x7d]),
  members: new Map(),
}

export interface JsonArray extends Token {
  readonly kind: 'array'
  readonly items: readonly JsonNode[]
}

export interface JsonString extends Token {
  readonly kind: 'string'
  /** The decoded text. Never call this on a member that may carry a share, a password or a token. */
  text(): string
  /** The decoded UTF-8 bytes, made without a string, owned by the caller. Empty text gives `null`. */
  secret(): SecretBytes | null
}

export interface JsonNumber extends Token {
  readonly kind: 'number'
  /** The literal as sent, for example `5`, `-1.50` or `1e3`. */
  readonly literal: string
}

export interface JsonBoolean extends Token {
  readonly kind: 'boolean'
  readonly value: boolean
}

export interface JsonNull extends Token {
  readonly kind: 'null'
}

/** What a handler answers: plain data, or pieces that are already bytes of JSON. */
export type JsonOut =
  | string
  | number
  | boolean
  | null
  | RawJson
  | SecretText
  | readonly JsonOut[]
  | { readonly [member: string]: JsonOut }

/** Bytes that are one whole JSON value already; they go out as they are, and are wiped once they have. */
export class RawJson {
  readonly bytes: Uint8Array

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }
}

/**
 * Text that is a secret (a share in hex, a token), as ASCII bytes. The writer copies the bytes between quotes
 * and wipes them and its own buffer after the answer has gone out. Bytes must need no escape in JSON.
 */
export class SecretText {
  readonly secret: SecretBytes

  constructor(secret: SecretBytes) {
    this.secret = secret
  }
}
