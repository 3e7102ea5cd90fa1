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
  type KeyStatus,
  keyStatus,
  type LeaderStatus,
  leaderStatus,
  type Members,
  type Node,
  nodes,
  type SealStatus,
  sealStatus,
} from './answers.ts'
import { CeremoniesClient } from './ceremonies-client.ts'
import { TransportError } from './errors.ts'
import { apiError, Exchange, parseMembers, payload, type SecretAnswer } from './exchange.ts'
import { LogicalClient } from './logical-client.ts'
import { OriginalRekeyClient } from './original-rekey-client.ts'
import { RekeyClient, type RekeyFace } from './rekey-client.ts'
import { RootClient } from './root-client.ts'
import { secretBody, shareBody } from './secret-json.ts'
import { type TlsOptions, Transport, type TransportOptions } from './transport.ts'

export interface ClientOptions extends Pick<TransportOptions, 'retries' | 'staysHere' | 'timeoutMs'> {
  /** `http://…`, `https://…` or `unix:///…`. */
  readonly address: string
  readonly token?: string | null
  readonly namespace?: string | null
  readonly tls?: TlsOptions
  /** For all requests together, where they are to end with it. */
  readonly deadline?: AbortSignal
  /** On every request, besides the usual ones. */
  readonly headers?: Readonly<Record<string, string>>
  /** How long the answers of `logical` are kept for another to unwrap them, for example `60s`. */
  readonly wrapTtl?: string | null
  /** Requests of `logical` throw `NotSent` with what would have been sent. */
  readonly onlyShows?: boolean
}

/** How many shares a key is cut into, and how many of them open it. */
export interface ShareCounts {
  readonly shares: number
  readonly threshold: number
}

/**
 * `PUT /v1/sys/init` (key-lifecycle.md section 2.2). Keys are standard base64 of binary public keys; an empty
 * list is none.
 */
export interface InitRequest extends ShareCounts {
  readonly pgpKeys?: readonly string[]
  readonly rootTokenPgpKey?: string
  /** Only for servers that open by themselves; sent as given, so that any other can refuse them. */
  readonly recovery?: {
    readonly shares: number | null
    readonly threshold: number | null
    readonly pgpKeys: readonly string[]
  }
  /** What a server with an `init_secret_file` asks for. It stays with the caller. */
  readonly initSecret?: SecretBytes | null
}

/**
 * A client of the HTTP API. Every method throws `ApiError` when the server refuses and `TransportError`
 * when no usable answer came. Shares go in as raw bytes (32 or 33) that stay with the caller, and come out
 * as text in `SecretBytes` that belongs to the caller: no string is made of one.
 */
export class ConclaveClient {
  readonly address: string
  /** Everyday requests. */
  readonly logical: LogicalClient
  /** The same for what has to be known first: never wrapped, and always sent. */
  readonly looking: LogicalClient
  readonly #transport: Transport
  readonly #exchange: Exchange
  readonly #hasToken: boolean

  constructor(options: ClientOptions) {
    const address = parseAddress(options.address)
    this.address = address.text
    this.#transport = new Transport({
      address,
      ...(options.tls === undefined ? {} : { tls: options.tls }),
      ...(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
      ...(options.deadline === undefined ? {} : { deadline: options.deadline }),
      ...(options.retries === undefined ? {} : { retries: options.retries }),
      ...(options.staysHere === undefined ? {} : { staysHere: options.staysHere }),
    })
    this.#hasToken = (options.token ?? null) !== null
    const { token = null, namespace = null, headers = {}, wrapTtl = null, onlyShows = false } = options
    const plain = { transport: this.#transport, token, namespace, headers }
    this.#exchange = new Exchange(plain)
    const wrapping = wrapTtl === null ? {} : { 'X-Vault-Wrap-TTL': wrapTtl }
    this.logical = new LogicalClient(
      new Exchange({ ...plain, headers: { ...headers, ...wrapping }, onlyShows }),
    )
    this.looking = new LogicalClient(this.#exchange)
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

  async init(request: InitRequest): Promise<InitAnswer> {
    const answer = await this.#exchange.secrets('PUT', '/v1/sys/init', initBody(request))
    const [rootToken, ...more] = list(answer, 'root_token')
    if (rootToken === undefined || more.length > 0) {
      for (const secrets of answer.secrets.values()) wipeAll(secrets)
      const hint =
        'If the store is new, "conclave store discard" takes it away, and it can be initialised again.'
      throw new TransportError('answer_invalid', 'the answer to init has no root token', { hint })
    }
    return { keys: list(answer, 'keys'), keysBase64: list(answer, 'keys_base64'), rootToken }
  }

  async unseal(share: SecretBytes): Promise<SealStatus> {
    const answer = await this.#exchange.secrets('PUT', UNSEAL, shareBody(share, {}))
    return sealStatus(answer.members)
  }

  /**
   * Drops the shares that were given to this server for unsealing. Where a listener guards ceremonies only
   * those that came from here, unless a share is shown.
   */
  async unsealReset(holder: SecretBytes | null = null): Promise<SealStatus> {
    const body = { reset: true }
    if (holder === null) return sealStatus(await this.#exchange.members('PUT', UNSEAL, body))
    return sealStatus((await this.#exchange.secrets('PUT', UNSEAL, shareBody(holder, body))).members)
  }

  async seal(): Promise<void> {
    await this.#exchange.raw('PUT', '/v1/sys/seal')
  }

  /** Changing the shares, on one of its faces. */
  rekey(face: RekeyFace = 'rekey'): RekeyClient {
    return new RekeyClient(this.#exchange, face)
  }

  /** Changing the shares as in 2015. */
  originalRekey(): OriginalRekeyClient {
    return new OriginalRekeyClient(this.#exchange)
  }

  /** Making a root token. */
  root(): RootClient {
    return new RootClient(this.#exchange, this.#hasToken)
  }

  /** The data key that is in use (section 3.8). */
  async keyStatus(): Promise<KeyStatus> {
    return keyStatus(payload(await this.#exchange.members('GET', '/v1/sys/key-status')))
  }

  /** Makes a new data key; what is stored stays readable (section 3.9). */
  async rotate(): Promise<void> {
    await this.#exchange.raw('POST', '/v1/sys/rotate/keyring')
  }

  /** Gives up being the active server; one that is alone stays it. */
  async stepDown(): Promise<void> {
    await this.#exchange.raw('PUT', '/v1/sys/step-down')
  }

  /** The servers of a cluster (section 3.7). */
  async nodes(): Promise<readonly Node[]> {
    return nodes(payload(await this.#exchange.members('GET', '/v1/sys/ha-status')))
  }

  /** Ceremonies of the past, and their transcripts. */
  ceremonies(): CeremoniesClient {
    return new CeremoniesClient(this.#exchange)
  }

  async lookupSelf(): Promise<Members> {
    return this.#exchange.members('GET', '/v1/auth/token/lookup-self')
  }

  async revokeSelf(): Promise<void> {
    await this.#exchange.raw('PUT', '/v1/auth/token/revoke-self')
  }
}

const UNSEAL = '/v1/sys/unseal'

const HEALTH_STATUSES: ReadonlySet<number> = new Set([200, 429, 472, 473, 501, 503])

function initBody(request: InitRequest): Uint8Array {
  const { pgpKeys = [], rootTokenPgpKey, recovery, initSecret = null } = request
  // `JSON.stringify` leaves out what was not given.
  const body = {
    secret_shares: request.shares,
    secret_threshold: request.threshold,
    pgp_keys: orNothing(pgpKeys),
    root_token_pgp_key: rootTokenPgpKey,
    recovery_shares: recovery?.shares ?? undefined,
    recovery_threshold: recovery?.threshold ?? undefined,
    recovery_pgp_keys: orNothing(recovery?.pgpKeys ?? []),
  }
  return initSecret === null ? utf8(JSON.stringify(body)) : secretBody('init_secret', initSecret, body)
}

function orNothing(keys: readonly string[]): readonly string[] | undefined {
  return keys.length === 0 ? undefined : keys
}

function list(answer: SecretAnswer, name: string): readonly SecretBytes[] {
  return answer.secrets.get(name) ?? []
}
