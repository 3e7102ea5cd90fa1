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
import { OriginalRekeyClient } from './original-rekey-client.ts'
import { RekeyClient, type RekeyFace } from './rekey-client.ts'
import { RootClient } from './root-client.ts'
import { secretBody, shareBody } from './secret-json.ts'
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
  readonly #hasToken: boolean

  constructor(options: ClientOptions) {
    const address = parseAddress(options.address)
    this.address = address.text
    this.#transport = new Transport({
      address,
      ...(options.tls === undefined ? {} : { tls: options.tls }),
      ...(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
    })
    this.#hasToken = (options.token ?? null) !== null
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
