import { utf8 } from '../base/encoding.ts'
import type { SecretBytes } from '../base/secret-bytes.ts'
import { flag } from './answers.ts'
import { delivered } from './delivery.ts'
import type { Exchange } from './exchange.ts'
import { completedRekey, type RekeyStatus, type RekeyUpdate, rekeyStatus } from './rekey-answers.ts'
import { shareBody } from './secret-json.ts'

const INIT = '/sys/rekey/init'
const UPDATE = '/sys/rekey/update'

/** The rekey of 2015, without a version in its paths: no token, no nonce (key-lifecycle.md section 11). */
export class OriginalRekeyClient {
  readonly #exchange: Exchange

  constructor(exchange: Exchange) {
    this.#exchange = exchange
  }

  async status(): Promise<RekeyStatus> {
    return rekeyStatus(await this.#exchange.members('GET', INIT))
  }

  /** Starts a rekey. Nothing is answered, so the status is read afterwards. */
  async start(counts: { readonly shares: number; readonly threshold: number }): Promise<RekeyStatus> {
    const body = { secret_shares: counts.shares, secret_threshold: counts.threshold }
    await this.#exchange.raw('PUT', INIT, utf8(JSON.stringify(body)))
    return await this.status()
  }

  /**
   * Gives one share of the present set. Progress is read afterwards, as the answer has none. The new shares
   * are to be acknowledged once they are safe.
   */
  async update(share: SecretBytes): Promise<RekeyUpdate> {
    return await delivered<RekeyUpdate>(this.#exchange, async (apart, delivery) => {
      const answer = await apart.secrets('PUT', UPDATE, shareBody(share, {}))
      if (flag(answer.members, 'complete')) return completedRekey(answer, delivery)
      return { complete: false, status: await this.status() }
    })
  }
}
