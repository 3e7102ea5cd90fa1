import { type Clock, rfc3339 } from '../base/clock.ts'
import { utf8 } from '../base/encoding.ts'
import type { Entropy } from '../base/entropy.ts'
import { OperatingError } from '../base/errors.ts'
import { SecretBytes } from '../base/secret-bytes.ts'
import type { P521Point, Primitives } from '../crypto/primitives.ts'
import type { StorageView } from '../logical/backend.ts'
import { SecretText } from '../logical/json.ts'
import type { JsonPort } from '../logical/json-port.ts'
import type { Caller, WrapRequest } from '../logical/request.ts'
import type { WrapInfo } from '../logical/response.ts'
import { isJwt, tokenInJwt, wrapInJwt } from './jwt.ts'
import { decodeFacts, decodeResponse, encodeFacts, encodeKept, type Kept, type WrapFacts } from './kept.ts'
import { SigningKey } from './signing-key.ts'

const UNWRAP_PATH = 'sys/wrapping/unwrap'

/** What a wrapping token is made of; it lives for `ttl` seconds, serves once, and may do nothing else. */
export interface WrapTerms {
  readonly ttl: number
  /** Of the request whose answer it keeps. */
  readonly path: string
}

/** The caller owns the token. */
export interface MadeWrap {
  readonly token: SecretBytes
  readonly accessor: string
}

/**
 * The token room, as far as wrapping goes. A token that is not good, or that is an ordinary one, is `null`
 * everywhere. Tokens that are handed in stay with the caller.
 */
export interface WrappingTokens {
  /** Stores a new token and what it keeps in one commit. */
  make(terms: WrapTerms, kept: Kept): Promise<MadeWrap>
  /** The `wrapinfo` of a token; no use of it is spent. */
  facts(token: SecretBytes): Promise<Uint8Array | null>
  /** Ends a token, and gives the `response` that it kept: to one caller, however many ask at once. */
  take(token: SecretBytes): Promise<Uint8Array | null>
  /** Ends a token in the commit that stores the next one, and gives what that one keeps. */
  replace(
    token: SecretBytes,
    next: (kept: Kept) => Replacement,
  ): Promise<{ readonly made: MadeWrap; readonly kept: Kept } | null>
  /** The `response` that the caller's own token keeps, whose use its request has spent. */
  own(caller: Caller): Promise<Uint8Array | null>
  isOwn(token: SecretBytes, caller: Caller): Promise<boolean>
}

export interface Replacement {
  readonly terms: WrapTerms
  readonly kept: Kept
}

export interface WrappingPorts {
  readonly tokens: WrappingTokens
  /** The room's own prefix. */
  readonly storage: StorageView
  readonly json: JsonPort
  readonly primitives: Primitives
  readonly entropy: Entropy
  readonly clock: Clock
  /** In seconds: no answer is kept for longer, as nothing else lives longer that ends. */
  readonly maxTtl: number
  /** Where this server is reached, as far as the configuration says. */
  readonly apiAddress: string
}

/** Answers that are kept behind a token until somebody fetches them, once (surface.md section 6.2). */
export class Wrapping {
  readonly #ports: WrappingPorts
  readonly #key: SigningKey

  constructor(ports: WrappingPorts) {
    this.#ports = ports
    this.#key = new SigningKey(ports.storage, ports.primitives, ports.entropy)
  }

  /**
   * Keeps `body`, what would have been sent or nothing; it stays with the caller. For no longer than the
   * bound of the system: the answer says for how long.
   */
  async wrap(
    asked: WrapRequest,
    answer: { readonly path: string; readonly body: Uint8Array; readonly wrappedAccessor: string | null },
  ): Promise<WrapInfo> {
    const facts = this.#factsNow(answer.path, asked.ttl)
    const kept = encodeKept(answer.body, facts)
    try {
      const made = await this.#ports.tokens.make({ ttl: facts.creationTtl, path: answer.path }, kept)
      return await this.#info(made, facts, { ...asked, wrappedAccessor: answer.wrappedAccessor })
    } finally {
      kept.response.fill(0)
    }
  }

  /**
   * What was wrapped, byte for byte; `null` where that was empty. `token` is the one in the body; without it
   * the caller's own is meant. The token has ended before this resolves, or its use was spent when its
   * request came. Throws `bad_request` for one that is not good, or no wrapping token.
   */
  async unwrap(token: SecretBytes | null, caller: Caller): Promise<SecretBytes | null> {
    const { tokens, json } = this.#ports
    using plain = token === null ? null : await this.#plain(token)
    const isOwn = token === null || (plain !== null && (await tokens.isOwn(plain, caller)))
    const stored = isOwn ? await tokens.own(caller) : plain === null ? null : await tokens.take(plain)
    if (stored === null) throw invalid()
    try {
      return decodeResponse(stored, json)
    } finally {
      stored.fill(0)
    }
  }

  /** Spends nothing. Throws `bad_request`. */
  async lookup(token: SecretBytes | null): Promise<WrapFacts> {
    using plain = token === null ? null : await this.#plain(token)
    const stored = plain === null ? null : await this.#ports.tokens.facts(plain)
    if (stored === null) throw invalid()
    return decodeFacts(stored)
  }

  /** The same answer behind a new token, for as long as before, within the bound. Throws `bad_request`. */
  async rewrap(token: SecretBytes, format: WrapRequest['format']): Promise<WrapInfo> {
    using plain = await this.#plain(token)
    const next = plain === null ? null : await this.#ports.tokens.replace(plain, (kept) => this.#again(kept))
    if (next === null) throw invalid()
    const facts = decodeFacts(next.kept.wrapinfo)
    return await this.#info(next.made, facts, { format, wrappedAccessor: null })
  }

  /** Of the key that signs JWTs. */
  async publicKey(): Promise<P521Point> {
    return await this.#key.public()
  }

  /** The request, its token out of the JWT where it comes with one and wants it unwrapped. */
  async sender<Request extends { readonly path: string; readonly token: string | null }>(
    request: Request,
  ): Promise<Request> {
    if (request.path !== UNWRAP_PATH || request.token === null || request.token === '') return request
    using text = SecretBytes.take(utf8(request.token))
    if (!text.lend(isJwt)) return request
    using plain = await this.#plain(text)
    return { ...request, token: plain?.lend((bytes) => new TextDecoder().decode(bytes)) ?? null }
  }

  #again({ response, wrapinfo }: Kept): Replacement {
    const { creationPath, creationTtl } = decodeFacts(wrapinfo)
    const facts = this.#factsNow(creationPath, creationTtl)
    const terms = { ttl: facts.creationTtl, path: creationPath }
    return { terms, kept: { response, wrapinfo: encodeFacts(facts) } }
  }

  #factsNow(creationPath: string, ttl: number): WrapFacts {
    const { clock, maxTtl } = this.#ports
    return { creationPath, creationTime: rfc3339(clock.now()), creationTtl: Math.min(ttl, maxTtl) }
  }

  /** Owned by the caller; `null` for a JWT that is not ours. */
  async #plain(token: SecretBytes): Promise<SecretBytes | null> {
    if (!token.lend(isJwt)) return token.clone()
    const { primitives, json } = this.#ports
    const key = await this.#key.public()
    return token.lend((jwt) => tokenInJwt(jwt, { primitives, key, json }))
  }

  async #info(
    { token, accessor }: MadeWrap,
    { creationPath, creationTime, creationTtl }: WrapFacts,
    shown: { readonly format: WrapRequest['format']; readonly wrappedAccessor: string | null },
  ): Promise<WrapInfo> {
    return {
      token: new SecretText(shown.format === 'jwt' ? await this.#asJwt(token, accessor, creationTtl) : token),
      accessor,
      ttl: creationTtl,
      creationTime,
      creationPath,
      wrappedAccessor: shown.wrappedAccessor,
    }
  }

  async #asJwt(token: SecretBytes, accessor: string, ttl: number): Promise<SecretBytes> {
    using plain = token
    const iat = Math.floor(this.#ports.clock.now() / 1000)
    const claims = { accessor, addr: this.#ports.apiAddress, iat, exp: iat + ttl }
    return await wrapInJwt(plain, claims, (message) => this.#key.sign(message))
  }
}

function invalid(): OperatingError {
  return new OperatingError('bad_request', 'wrapping token is not valid or does not exist')
}
