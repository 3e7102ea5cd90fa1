import { type ErrorCode, hasCode } from '../base/errors.ts'

/**
 * Durable bytes, outside the trust boundary: a backend sees only ciphertext and public records, and
 * everything that it returns is treated as hostile.
 *
 * Keys are non-empty paths of at most `MAX_KEY_BYTES` bytes of UTF-8, segments joined by `/`, without a
 * leading or trailing slash and without empty segments. A value is at most `MAX_ENTRY_BYTES`.
 */
export interface StorageReader {
  /** The stored bytes, or `null`. Nobody changes the array: others may be given the same one. */
  get(key: string): Promise<Uint8Array | null>

  /**
   * Names directly below `prefix` in byte order of their UTF-8; a name ending in `/` is a folder. `prefix` is
   * empty or ends in `/`. Names up to and including `page.after` are left out.
   */
  list(prefix: string, page: Page): Promise<readonly string[]>
}

export interface StorageBackend extends StorageReader {
  /**
   * Applies every write or none, and only where every condition still holds. Nobody changes the arrays of the
   * batch any more. When it resolves, the batch survives a power cut. It rejects with
   * - `condition_failed`: a condition did not hold; nothing was written;
   * - `storage_full`: no room; nothing was written, and later commits may succeed once there is room;
   * - `storage_read_only`: the system takes no write; nothing was written;
   * - `store_removed`: somebody took the store away beneath us; nothing was written;
   * - `storage_unavailable`: the outcome is **unknown**. Call `settle`, then read back, before answering.
   */
  commit(batch: readonly Write[], conditions?: readonly Condition[]): Promise<void>

  /**
   * Resolves once no commit of this process is under way any more, so that what is read next is what there
   * is. Rejects with `storage_unavailable` when that cannot be had: then the process must seal itself and
   * end.
   */
  settle(): Promise<void>

  /**
   * Makes what was deleted or replaced unreadable in the store's files, as far as the backend can (custody.md
   * section 2: after each install). Failing to is not an error of the commit that came before.
   */
  scrub(): Promise<void>

  /**
   * Finishes what is under way and lets go of the store. Calls after it reject with `storage_unavailable`.
   */
  close(): Promise<void>
}

const CHANGED_NOTHING: readonly ErrorCode[] = [
  'condition_failed',
  'storage_full',
  'storage_read_only',
  'store_removed',
]

/** Whether a commit that rejected with `error` is sure to have changed nothing: nothing is to settle. */
export function changedNothing(error: unknown): boolean {
  return CHANGED_NOTHING.some((code) => hasCode(error, code))
}

/**
 * The stored bytes are exactly these, or the key is absent (`null`): compare-and-set for custody and keyring.
 */
export interface Condition {
  readonly key: string
  readonly stored: Uint8Array | null
}

export type Write =
  | { readonly op: 'put'; readonly key: string; readonly value: Uint8Array }
  | { readonly op: 'delete'; readonly key: string }

export interface Page {
  /** Exclusive: the last name of the page before, or the empty string. */
  readonly after: string
  /** 1 to `MAX_LIST_PAGE`. */
  readonly limit: number
}
