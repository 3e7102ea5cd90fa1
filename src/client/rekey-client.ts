import { utf8 } from '../base/encoding.ts'
import type { SecretBytes } from '../base/secret-bytes.ts'
import { flag, isMembers, type Members, text } from './answers.ts'
import { delivered } from './delivery.ts'
import { type Exchange, parseMembers, payload } from './exchange.ts'
import {
  completedRekey,
  type RekeyBackup,
  type RekeyStatus,
  type RekeyUpdate,
  rekeyStatus,
  type VerifyStatus,
  type VerifyUpdate,
  verifyStatus,
} from './rekey-answers.ts'
import { shareBody } from './secret-json.ts'

/**
 * The faces of one rekey (key-lifecycle.md sections 5 and 6): `rekey` asks for shares only, `rotate` for a
 * token as well; each has one for the recovery keys of a server that opens by itself.
 */
export type RekeyFace = 'rekey' | 'rekey-recovery' | 'rotate' | 'rotate-recovery'

const REKEY = '/v1/sys/rekey'
const ROTATE_BARRIER = '/v1/sys/rotate/root'
const ROTATE_RECOVERY = '/v1/sys/rotate/recovery'

const PATHS: Readonly<Record<RekeyFace, { readonly ceremony: string; readonly backup: string }>> = {
  rekey: { ceremony: REKEY, backup: `${REKEY}/backup` },
  'rekey-recovery': { ceremony: `${REKEY}-recovery-key`, backup: `${REKEY}/recovery-key-backup` },
  rotate: { ceremony: ROTATE_BARRIER, backup: `${ROTATE_BARRIER}/backup` },
  'rotate-recovery': { ceremony: ROTATE_RECOVERY, backup: `${ROTATE_RECOVERY}/backup` },
}

/** What a rekey is to be. */
export interface RekeyRequest {
  readonly shares: number
  readonly threshold: number
  /** Standard base64 of one binary public key a share, in their order. */
  readonly pgpKeys?: readonly string[]
  readonly backup?: boolean
  /** How many new shares have to be given back before they count. The peers know no `all`. */
  readonly verify?: 'none' | 'threshold' | 'all'
}

/**
 * One face of the rekey. Every method throws `ApiError` and `TransportError`. Shares stay with the caller; a
 * share given as `holder` stands in for a token where a listener asks for one (custody.md section 3).
 */
export class RekeyClient {
  readonly #exchange: Exchange
  readonly #ceremony: string
  readonly #backup: string

  constructor(exchange: Exchange, face: RekeyFace) {
    this.#exchange = exchange
    this.#ceremony = PATHS[face].ceremony
    this.#backup = PATHS[face].backup
  }

  async status(): Promise<RekeyStatus> {
    return rekeyStatus(await this.#read('init'))
  }

  async start(request: RekeyRequest, holder: SecretBytes | null = null): Promise<RekeyStatus> {
    return rekeyStatus(await this.#send('PUT', 'init', { body: startBody(request), holder }))
  }

  /**
   * Ends it with nothing changed; nothing running is fine. `null` when it has ended; the status when a
   * holder's wish was counted, and more holders have to wish the same.
   */
  async cancel(holder: SecretBytes | null = null): Promise<RekeyStatus | null> {
    const members = await this.#send('DELETE', 'init', { body: null, holder })
    return flag(members, 'started') ? rekeyStatus(members) : null
  }

  /**
   * Gives one share of the present set. `nonce` names the rekey that is meant. The new shares are to be
   * acknowledged once they are safe.
   */
  async update(share: SecretBytes, nonce: string): Promise<RekeyUpdate> {
    return await delivered<RekeyUpdate>(this.#exchange, async (apart, delivery) => {
      const path = `${this.#ceremony}/update`
      const answer = await apart.secrets('PUT', path, shareBody(share, { nonce }))
      if (flag(answer.members, 'complete')) return completedRekey(answer, delivery)
      return { complete: false, status: rekeyStatus(answer.members) }
    })
  }

  async verifyStatus(): Promise<VerifyStatus> {
    return verifyStatus(await this.#read('verify'))
  }

  /** Forgets the new shares that were given back. The new shares themselves stay pending. */
  async verifyCancel(holder: SecretBytes | null = null): Promise<VerifyStatus> {
    return verifyStatus(await this.#send('DELETE', 'verify', { body: null, holder }))
  }

  /** Gives one of the new shares back. `nonce` is that of the verification. */
  async verifyUpdate(share: SecretBytes, nonce: string): Promise<VerifyUpdate> {
    const path = `${this.#ceremony}/verify`
    const { members } = await this.#exchange.secrets('PUT', path, shareBody(share, { nonce }))
    if (!flag(members, 'complete')) return { complete: false, status: verifyStatus(members) }
    return { complete: true, nonce: text(members, 'nonce') }
  }

  async backup(): Promise<RekeyBackup> {
    const members = payload(await this.#exchange.members('GET', this.#backup))
    const [keys, keysBase64] = [members['keys'], members['keys_base64']]
    return {
      nonce: text(members, 'nonce'),
      keys: isMembers(keys) ? keys : {},
      keysBase64: isMembers(keysBase64) ? keysBase64 : {},
    }
  }

  /** Takes the backup away, if there is one. */
  async deleteBackup(): Promise<void> {
    await this.#exchange.raw('DELETE', this.#backup)
  }

  async #read(step: string): Promise<Members> {
    return payload(await this.#exchange.members('GET', `${this.#ceremony}/${step}`))
  }

  async #send(method: 'PUT' | 'DELETE', step: string, { body, holder }: Sending): Promise<Members> {
    const path = `${this.#ceremony}/${step}`
    if (holder !== null) {
      const answer = await this.#exchange.secrets(method, path, shareBody(holder, body ?? {}))
      return answer.members
    }
    const bytes = body === null ? null : utf8(JSON.stringify(body))
    return payload(parseMembers(await this.#exchange.raw(method, path, bytes)))
  }
}

interface Sending {
  readonly body: Members | null
  readonly holder: SecretBytes | null
}

function startBody(request: RekeyRequest): Members {
  const { pgpKeys = [], backup = false, verify = 'none' } = request
  return {
    secret_shares: request.shares,
    secret_threshold: request.threshold,
    ...(pgpKeys.length === 0 ? {} : { pgp_keys: pgpKeys }),
    ...(backup ? { backup } : {}),
    ...(verify === 'none' ? {} : { require_verification: true }),
    ...(verify === 'all' ? { verify } : {}),
  }
}
