import { utf8 } from '../base/encoding.ts'
import { type SecretBytes, wipeAll } from '../base/secret-bytes.ts'
import { parseAddress } from './address.ts'
import {
  type CustodyStatus,
  custodyStatus,
  flag,
  type HealthStatus,
  healthStatus,
  type InitAnswer,
  type LeaderStatus,
  leaderStatus,
  type Members,
  type RekeyStatus,
  type RekeyUpdate,
  rekeyStatus,
  type SealStatus,
  sealStatus,
  text,
} from './answers.ts'
import { CeremoniesClient } from './ceremonies-client.ts'
import { TransportError } from './errors.ts'
import { apiError, Exchange, parseMembers, type SecretAnswer } from './exchange.ts'
import { shareBody } from './secret-json.ts'
import { type Incoming, type TlsOptions, Transport } from './transport.ts'

export interface ClientOptions {
  /** `http://…`, `https://…` or `unix:///…`. */
  readonly address: string
  readonly token?: string | null
  readonly namespace?: string | null
  readonly tls?: TlsOptions
  readonly timeoutMs?: number
}

/** How many shares a key is cut into, and how many of them open it. */
export interface ShareCounts {
  readonly shares: number
  readonly threshold: number
}

/** Which of the two rekey APIs is meant (key-lifecycle.md sections 5 and 11). */
export type RekeyFace = 'modern' | 'original'

/** What a logical path holds: the parsed envelope, and its bytes as they came. */
export interface LogicalAnswer {
  readonly members: Members
  readonly body: Uint8Array
}

/**
 * A client of the HTTP API. Every method throws `ApiError` when the server refuses and `TransportError`
 * when no usable answer came. Shares go in as raw bytes (32 or 33) that stay with the caller, and come out
 * as text in `SecretBytes` that belongs to the caller: no string is made of one.
 */
export class ConclaveClient {
  readonly address: string
  readonly #transport: Transport
  readonly #exchange: Exchange

  constructor(options: ClientOptions) {
    const address = parseAddress(options.address)
    this.address = address.text
    this.#transport = new Transport({
      address,
      ...(options.tls === undefined ? {} : { tls: options.tls }),
      ...(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
    })
    this.#exchange = new Exchange({
      transport: this.#transport,
      token: options.token ?? null,
      namespace: options.namespace ?? null,
    })
  }

  /** Ends the kept connections. The client can be used again. */
  close(): void {
    this.#transport.close()
  }

  async sealStatus(): Promise<SealStatus> {
    return sealStatus(await this.#exchange.members('GET', '/v1/sys/seal-status'))
  }

  async leader(): Promise<LeaderStatus> {
    return leaderStatus(await this.#exchange.members('GET', '/v1/sys/leader'))
  }

  /** Never throws `ApiError` for a state: 200, 429, 501 and 503 are answers (section 3.5). */
  async health(): Promise<HealthStatus> {
    const incoming = await this.#exchange.any('GET', '/v1/sys/health')
    if (!HEALTH_STATUSES.has(incoming.status)) throw apiError('GET', incoming)
    return healthStatus(incoming.status, parseMembers(incoming))
  }

  async custodyStatus(): Promise<CustodyStatus> {
    return custodyStatus(await this.#exchange.members('GET', '/v1/sys/custody/status'))
  }

  /** Whether the store has been initialised. */
  async initStatus(): Promise<boolean> {
    return flag(await this.#exchange.members('GET', '/v1/sys/init'), 'initialized')
  }

  async init(counts: ShareCounts): Promise<InitAnswer> {
    const answer = await this.#exchange.secrets('PUT', '/v1/sys/init', countsBody(counts))
    const [rootToken, ...more] = list(answer, 'root_token')
    if (rootToken === undefined || more.length > 0) {
      for (const secrets of answer.secrets.values()) wipeAll(secrets)
      const hint = 'If the store is new, it can be discarded and initialised again.'
      throw new TransportError('answer_invalid', 'the answer to init has no root token', { hint })
    }
    return { keys: list(answer, 'keys'), keysBase64: list(answer, 'keys_base64'), rootToken }
  }

  async unseal(share: SecretBytes): Promise<SealStatus> {
    const answer = await this.#exchange.secrets('PUT', '/v1/sys/unseal', shareBody(share, {}))
    return sealStatus(answer.members)
  }

  /** Drops the shares that were given to this server for unsealing. */
  async unsealReset(): Promise<SealStatus> {
    return sealStatus(await this.#exchange.members('PUT', '/v1/sys/unseal', { reset: true }))
  }

  async seal(): Promise<void> {
    await this.#exchange.raw('PUT', '/v1/sys/seal')
  }

  async rekeyStatus(face: RekeyFace = 'modern'): Promise<RekeyStatus> {
    return rekeyStatus(await this.#exchange.members('GET', `${REKEY[face]}/init`))
  }

  /** Starts a rekey. The original face answers nothing, so its status is read afterwards. */
  async rekeyInit(counts: ShareCounts, face: RekeyFace = 'modern'): Promise<RekeyStatus> {
    const incoming = await this.#exchange.raw('PUT', `${REKEY[face]}/init`, countsBody(counts))
    return incoming.status === 204 ? this.rekeyStatus(face) : rekeyStatus(parseMembers(incoming))
  }

  async rekeyCancel(face: RekeyFace = 'modern'): Promise<void> {
    await this.#exchange.raw('DELETE', `${REKEY[face]}/init`)
  }

  /** Gives one share. `nonce` names the rekey on the modern face; the original one has none: give `null`. */
  async rekeyUpdate(share: SecretBytes, nonce: string | null): Promise<RekeyUpdate> {
    const path = `${REKEY[nonce === null ? 'original' : 'modern']}/update`
    const answer = await this.#exchange.secrets(
      'PUT',
      path,
      shareBody(share, nonce === null ? {} : { nonce }),
    )
    const { members } = answer
    if (!flag(members, 'complete')) {
      const status = 'progress' in members ? rekeyStatus(members) : await this.rekeyStatus('original')
      return { complete: false, status }
    }
    return {
      complete: true,
      nonce: text(members, 'nonce'),
      keys: list(answer, 'keys'),
      keysBase64: list(answer, 'keys_base64'),
      verificationRequired: flag(members, 'verification_required'),
      verificationNonce: text(members, 'verification_nonce'),
    }
  }

  /** Ceremonies of the past, and their transcripts. */
  ceremonies(): CeremoniesClient {
    return new CeremoniesClient(this.#exchange)
  }

  /** What a path holds, or `null` when there is nothing. `query` becomes query parameters. */
  async read(path: string, query: Readonly<Record<string, string>> = {}): Promise<LogicalAnswer | null> {
    const search = new URLSearchParams(query).toString()
    const incoming = await this.#exchange.any(
      'GET',
      `${logicalPath(path)}${search === '' ? '' : `?${search}`}`,
    )
    return this.#found('GET', incoming)
  }

  /** The names below a path, in the envelope's `data.keys`, or `null` when there are none. */
  async list(path: string): Promise<LogicalAnswer | null> {
    const folder = path.endsWith('/') ? path : `${path}/`
    return this.#found('GET', await this.#exchange.any('GET', `${logicalPath(folder)}?list=true`))
  }

  /** Writes JSON, as bytes or as members. The envelope that came back, or `null` for an empty answer. */
  async write(path: string, body: Members | Uint8Array): Promise<LogicalAnswer | null> {
    const bytes = body instanceof Uint8Array ? body : utf8(JSON.stringify(body))
    return logical(await this.#exchange.raw('PUT', logicalPath(path), bytes))
  }

  async delete(path: string): Promise<LogicalAnswer | null> {
    return logical(await this.#exchange.raw('DELETE', logicalPath(path)))
  }

  async lookupSelf(): Promise<Members> {
    return this.#exchange.members('GET', '/v1/auth/token/lookup-self')
  }

  async revokeSelf(): Promise<void> {
    await this.#exchange.raw('PUT', '/v1/auth/token/revoke-self')
  }

  /** A 404 without a text means "nothing there"; with one it is an error (surface.md section 15.3). */
  #found(method: string, incoming: Incoming): LogicalAnswer | null {
    if (incoming.status >= 200 && incoming.status < 300) return logical(incoming)
    const error = apiError(method, incoming)
    if (incoming.status !== 404 || error.errors.length > 0) throw error
    return null
  }
}

const REKEY: Readonly<Record<RekeyFace, string>> = { modern: '/v1/sys/rekey', original: '/sys/rekey' }

const HEALTH_STATUSES: ReadonlySet<number> = new Set([200, 429, 472, 473, 501, 503])

function countsBody(counts: ShareCounts): Uint8Array {
  return utf8(JSON.stringify({ secret_shares: counts.shares, secret_threshold: counts.threshold }))
}

function list(answer: SecretAnswer, name: string): readonly SecretBytes[] {
  return answer.secrets.get(name) ?? []
}

function logical(incoming: Incoming): LogicalAnswer | null {
  if (incoming.body.length === 0) return null
  return { members: parseMembers(incoming), body: incoming.body }
}

/**
 * `/v1/` and the path, each segment escaped. Slashes in front and a leading `v1/` are dropped, as people
 * type both.
 */
function logicalPath(path: string): string {
  const trimmed = path.replace(/^\/+/, '').replace(/^v1\//, '')
  return `/v1/${trimmed.split('/').map(encodeURIComponent).join('/')}`
}
