import type { ErrorCode, ErrorDetail } from '../../base/errors.ts'
import type { Condition, Write } from '../backend.ts'

/** What the writer thread is started with. */
export interface WriterData {
  readonly path: string
  /** `null`: as large as the disk allows. */
  readonly maxPages: number | null
}

/** What the main thread asks; all of it is copied on the way. Each question gets one result with its id. */
export type ToWriter =
  | { readonly type: 'commit'; readonly batches: readonly WriterBatch[] }
  | { readonly type: 'scrub' | 'close'; readonly id: number }
  | { readonly type: 'check'; readonly id: number; readonly tries: boolean }

export interface WriterBatch {
  readonly id: number
  readonly writes: readonly Write[]
  readonly conditions: readonly Condition[]
}

/** What the writer answers: the results of a group together. */
export type FromWriter = readonly WriterResult[]

export interface WriterResult {
  readonly id: number
  readonly failure: WriterFailure | null
}

/** An `OperatingError` as plain data. */
export interface WriterFailure {
  readonly code: ErrorCode
  readonly message: string
  readonly detail: ErrorDetail
}

/** The result that says whether the store could be opened, unasked. */
export const OPENED_ID = 0
