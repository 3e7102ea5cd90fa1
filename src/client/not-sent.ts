import type { Outgoing } from './transport.ts'

/** A request that was only to be shown. Ends the method that would have sent it. */
export class NotSent extends Error {
  override name = 'NotSent'
  readonly outgoing: Outgoing
  readonly url: string
  /** Of a Unix socket that it would have gone through, or `null`. */
  readonly socketPath: string | null

  constructor(outgoing: Outgoing, place: { readonly url: string; readonly socketPath: string | null }) {
    super('the request was not sent')
    this.outgoing = outgoing
    this.url = place.url
    this.socketPath = place.socketPath
  }
}
