import { base64UrlLength, readBase64Url, writeBase64Url } from '../base/base64url.ts'
import { concat, utf8 } from '../base/encoding.ts'
import { hasCode } from '../base/errors.ts'
import { SecretBytes, secretSpace } from '../base/secret-bytes.ts'
import type { P521Point, Primitives } from '../crypto/primitives.ts'
import type { JsonPort } from '../logical/json-port.ts'

/** What a wrapping token says of itself as a JWT (surface.md section 6.2). Times in seconds since 1970. */
export interface WrappingClaims {
  readonly accessor: string
  /** Where this server is reached. */
  readonly addr: string
  readonly exp: number
  readonly iat: number
}

const DOT = 0x2e
const HEADER = encoded(utf8('{"alg":"ES512","typ":"JWT"}'))
/** For clocks that are behind. */
const LEEWAY_S = 5

/** A JWT (RFC 7519) around the token, as ASCII bytes that the caller owns; `token` stays with the caller. */
export async function wrapInJwt(
  token: SecretBytes,
  { accessor, addr, exp, iat }: WrappingClaims,
  sign: (message: Uint8Array) => Promise<Uint8Array>,
): Promise<SecretBytes> {
  const before = JSON.stringify({ accessor, addr, exp, iat }).slice(0, -1)
  const claims = token.lend((jti) =>
    concat(utf8(`${before},"jti":"`), jti, utf8(`","nbf":${iat - LEEWAY_S},"type":"wrapping"}`)),
  )
  const payload = encoded(claims)
  const message = concat(HEADER, Uint8Array.of(DOT), payload)
  try {
    const signature = encoded(await sign(message))
    const jwt = secretSpace(message.length + 1 + signature.length)
    jwt.set(message)
    jwt[message.length] = DOT
    jwt.set(signature, message.length + 1)
    return SecretBytes.take(jwt)
  } finally {
    for (const bytes of [claims, payload, message]) bytes.fill(0)
  }
}

/** Whether it has the form of a JWT of ours: no token that is not one begins so. */
export function isJwt(token: Uint8Array): boolean {
  return token.length > HEADER.length && HEADER.every((byte, at) => token[at] === byte)
}

/**
 * The token within a JWT that this store signed, which the caller owns; `null` for any other. When it ends is
 * the token's to say, which the store knows. `jwt` stays with the caller.
 */
export function tokenInJwt(
  jwt: Uint8Array,
  by: {
    readonly primitives: Pick<Primitives, 'es512Verify'>
    readonly key: P521Point
    readonly json: JsonPort
  },
): SecretBytes | null {
  const [first, last] = [jwt.indexOf(DOT), jwt.lastIndexOf(DOT)]
  const signature = readBase64Url(jwt.subarray(last + 1))
  // Only our own header, so that nobody chooses how we verify.
  if (!isJwt(jwt) || first !== HEADER.length || last <= first || signature === null) return null
  if (!by.primitives.es512Verify(by.key, jwt.subarray(0, last), signature)) return null
  const claims = readBase64Url(jwt.subarray(first + 1, last))
  if (claims === null) return null
  try {
    const { members } = by.json.read(claims)
    const [type, jti] = [members.get('type'), members.get('jti')]
    const isWrapping = type?.kind === 'string' && type.text() === 'wrapping'
    return isWrapping && jti?.kind === 'string' ? jti.secret() : null
  } catch (error) {
    if (hasCode(error, 'bad_request')) return null
    throw error
  } finally {
    claims.fill(0)
  }
}

function encoded(bytes: Uint8Array): Uint8Array {
  const letters = secretSpace(base64UrlLength(bytes.length))
  writeBase64Url(bytes, letters)
  return letters
}
