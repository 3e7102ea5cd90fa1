import { type CustodyStatus, custodyStatus } from './answers.ts'
import type { Exchange } from './exchange.ts'

/**
 * New shares on their way from a server to where they will be kept. While this has not been acknowledged the
 * server keeps the old set open, and gives the same answer again to the same share, nonce and address, for 5
 * minutes. So acknowledge when the shares are printed or stored, and not a moment before.
 *
 * They came over a connection of their own, on which only a further request says that they arrived
 * (`X-Conclave-Acknowledge`): a process that is killed says nothing. Disposing without having acknowledged
 * breaks that connection.
 */
export class Delivery implements Disposable {
  readonly #exchange: Exchange
  #acknowledged = false

  /** Takes ownership of the connection of `exchange`. */
  constructor(exchange: Exchange) {
    this.#exchange = exchange
  }

  /**
   * Tells the server that the new shares are safe: it may drop the old ones. Who opens the store from then
   * on; `retiring` is still there where the server wants another proof. Throws `ApiError` and
   * `TransportError`, after which nobody knows whether it was told.
   */
  async acknowledge(): Promise<CustodyStatus> {
    this.#acknowledged = true
    return custodyStatus(await this.#exchange.members('GET', '/v1/sys/custody/status'))
  }

  [Symbol.dispose](): void {
    if (this.#acknowledged) this.#exchange.close()
    else this.#exchange.reset()
  }
}

/**
 * Gives a share whose answer may be new shares, by `give`, on a connection of its own. An answer that was
 * lost is had again with the same share and nonce, from the same address, for 5 minutes.
 */
export async function delivered<Update extends { readonly complete: boolean }>(
  exchange: Exchange,
  give: (apart: Exchange, delivery: Delivery) => Promise<Update>,
): Promise<Update> {
  const apart = exchange.apart({ 'X-Conclave-Acknowledge': 'request' })
  const delivery = new Delivery(apart)
  try {
    const update = await give(apart, delivery)
    if (!update.complete) delivery[Symbol.dispose]()
    return update
  } catch (error) {
    delivery[Symbol.dispose]()
    throw error
  }
}
