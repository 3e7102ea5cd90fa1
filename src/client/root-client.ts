import { utf8 } from '../base/encoding.ts'
import type { SecretBytes } from '../base/secret-bytes.ts'
import { count, flag, type Members, text } from './answers.ts'
import { ApiError } from './errors.ts'
import { type Exchange, payload, type SecretAnswer } from './exchange.ts'
import { shareBody } from './secret-json.ts'

/** `GET …/attempt` and the answers of both verbs (key-lifecycle.md section 7). */
export interface RootStatus {
  readonly nonce: string
  readonly started: boolean
  readonly progress: number
  readonly required: number
  readonly complete: boolean
  /** The token, under the one-time password or encrypted; empty until complete. No secret by itself. */
  readonly encodedToken: string
  readonly encodedRootToken: string
  readonly pgpFingerprint: string
  readonly otpLength: number
  /** The statement that holders sign, in base64; empty when the server has none. */
  readonly statement: string
  /** Holders who want it to end, and how many it takes. */
  readonly cancelProgress: number
  readonly cancelRequired: number
}

/** A status with the one-time password, which only the answer to a start has. It belongs to the caller. */
export interface RootStart {
  readonly status: RootStatus
  readonly otp: SecretBytes | null
}

/** To whom the new token goes. With neither the server makes a one-time password. */
export interface RootRequest {
  readonly otp?: string
  /** Standard base64 of one binary public key. */
  readonly pgpKey?: string
}

/** Asks for shares only, as the peers always did; the other asks for a token too, as the newest peers do. */
const FACES = ['/v1/sys/generate-root', '/v1/sys/generate-root-token'] as const

/** What a server says that does not serve a face, or not to this caller. */
const REFUSED_FACE: ReadonlySet<number> = new Set([403, 404, 405])

/**
 * Generation of a root token. Tries the face that needs no token, and goes over to the other where a token
 * is at hand and the first is refused; both move one ceremony. Throws `ApiError` and `TransportError`.
 */
export class RootClient {
  readonly #exchange: Exchange
  #faces: readonly string[]

  constructor(exchange: Exchange, hasToken: boolean) {
    this.#exchange = exchange
    this.#faces = hasToken ? FACES : [FACES[0]]
  }

  async status(): Promise<RootStatus> {
    return rootStatus(
      await this.#anyFace(async (face) => payload(await this.#exchange.members('GET', `${face}/attempt`))),
    )
  }

  /** Starts. A share given as `holder` stands in for a token where a listener asks for one. */
  async start(request: RootRequest, holder: SecretBytes | null = null): Promise<RootStart> {
    const body = {
      ...(request.otp === undefined ? {} : { otp: request.otp }),
      ...(request.pgpKey === undefined ? {} : { pgp_key: request.pgpKey }),
    }
    const { members, secrets } = await this.#send('PUT', body, holder)
    return { status: rootStatus(members), otp: secrets.get('otp')?.[0] ?? null }
  }

  /** Ends it with nothing made; the status when a holder's wish was counted and does not suffice yet. */
  async cancel(holder: SecretBytes | null = null): Promise<RootStatus | null> {
    const { members } = await this.#send('DELETE', null, holder)
    return flag(members, 'started') ? rootStatus(members) : null
  }

  /** Gives one share. `nonce` names the attempt that is meant. */
  async update(share: SecretBytes, nonce: string): Promise<RootStatus> {
    const { members } = await this.#anyFace((face) =>
      this.#exchange.secrets('PUT', `${face}/update`, shareBody(share, { nonce })),
    )
    return rootStatus(members)
  }

  /** Lets the server put an encoded token and its one-time password together. The caller owns the token. */
  async decode(encodedToken: string, otp: string): Promise<SecretBytes | null> {
    const body = utf8(JSON.stringify({ encoded_token: encodedToken, otp }))
    const { secrets } = await this.#exchange.secrets('PUT', '/v1/sys/decode-token', body)
    return secrets.get('token')?.[0] ?? null
  }

  async #send(
    method: 'PUT' | 'DELETE',
    body: Members | null,
    holder: SecretBytes | null,
  ): Promise<SecretAnswer> {
    return await this.#anyFace((face) => {
      const bytes = holder === null ? plainBody(body) : shareBody(holder, body ?? {})
      return this.#exchange.secrets(method, `${face}/attempt`, bytes)
    })
  }

  /**
   * The first face that answers is kept. Of two refusals the first is told when it says what was missing
   * (403); a server without that face only says that it has none.
   */
  async #anyFace<Result>(act: (face: string) => Promise<Result>): Promise<Result> {
    const [face = FACES[0], next] = this.#faces
    try {
      return await act(face)
    } catch (refusal) {
      if (next === undefined || !isRefusedFace(refusal)) throw refusal
      try {
        const result = await act(next)
        this.#faces = [next]
        return result
      } catch (second) {
        throw isRefusedFace(second) && refusal.status === 403 ? refusal : second
      }
    }
  }
}

function plainBody(body: Members | null): Uint8Array | null {
  return body === null ? null : utf8(JSON.stringify(body))
}

function isRefusedFace(error: unknown): error is ApiError {
  return error instanceof ApiError && REFUSED_FACE.has(error.status)
}

function rootStatus(members: Members): RootStatus {
  return {
    nonce: text(members, 'nonce'),
    started: flag(members, 'started'),
    progress: count(members, 'progress'),
    required: count(members, 'required'),
    complete: flag(members, 'complete'),
    encodedToken: text(members, 'encoded_token'),
    encodedRootToken: text(members, 'encoded_root_token'),
    pgpFingerprint: text(members, 'pgp_fingerprint'),
    otpLength: count(members, 'otp_length'),
    statement: text(members, 'statement'),
    cancelProgress: count(members, 'cancel_progress'),
    cancelRequired: count(members, 'cancel_required'),
  }
}
