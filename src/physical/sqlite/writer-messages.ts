import type { ErrorCode, ErrorDetail } from '../../base/errors.ts'
import type { Condition, Write } from '../backend.ts'

/** What crosses between the main thread and the writer; all of it is copied on the way. */
export type ToWriter =
  | { readonly type: 'commit'; readonly batch: WriterBatch }
  | { readonly type: 'scrub' | 'close'; readonly id: number }

export type FromWriter =
  | { readonly type: 'opened'; readonly failure: WriterFailure | null }
  | { readonly type: 'committed'; readonly results: readonly WriterResult[] }
  | ({ readonly type: 'done' } & WriterResult)

export interface WriterBatch {
  readonly id: number
  readonly writes: readonly Write[]
  readonly conditions: readonly Condition[]
}

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
