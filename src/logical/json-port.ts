import type { JsonObject, JsonOut } from './json.ts'

/** The writer and the reader of the wire, for rooms that store what they give out. */
export interface JsonPort {
  /** Bytes of the caller's own, with a line's end behind them; secrets in `value` are wiped. */
  write(value: JsonOut): Uint8Array
  /** Throws `bad_request`. The object is a window on `bytes`. */
  read(bytes: Uint8Array): JsonObject
}
