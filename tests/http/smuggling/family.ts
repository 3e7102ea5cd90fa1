/** What stands in every path for the mount of a case, in as many letters: lengths stay what they were. */
export const MOUNT = 'm000'

/** Requests that differ in one place, by what becomes of them. */
export interface Family {
  readonly what: string
  /** The packets of one connection. */
  make(variant: string): readonly string[]
  /**
   * By outcome: the statuses in order, whether the connection stays `open` and in step, is `closed`, or is
   * `waiting` for more, and what was dispatched, with the body.
   */
  readonly cases: Readonly<Record<string, readonly string[]>>
}
