import { OperatingError } from '../base/errors.ts'
import { SecretBytes } from '../base/secret-bytes.ts'
import { bytesOfBase64 } from '../custody/share-digits.ts'
import type { Call, Route } from '../logical/backend.ts'
import type { Fields } from '../logical/field-table.ts'
import { secretField } from '../logical/fields.ts'
import { SecretText } from '../logical/json.ts'
import type { LogicalResponse } from '../logical/response.ts'
import { shape, TEXT } from '../logical/schema.ts'
import { bodyOf } from './answers.ts'

const FIELDS = {
  encoded_token: { type: 'secret', description: 'The generated token, as the last answer had it.' },
  otp: { type: 'secret', description: 'The one-time password that it is hidden under.' },
} as const satisfies Fields

/** `sys/decode-token`: a token out from under its one-time password (key-lifecycle.md section 7.3). */
export function decodeTokenRoute(): Route {
  return {
    pattern: 'decode-token',
    summary: 'Takes a generated token out from under its one-time password.',
    access: 'public',
    fields: FIELDS,
    answers: { update: shape({ token: TEXT }) },
    handlers: { update: decode },
  }
}

async function decode({ request }: Call): Promise<LogicalResponse> {
  const body = bodyOf(request)
  using encoded = secretField(body, 'encoded_token')
  using otp = secretField(body, 'otp')
  if (encoded === null || otp === null) {
    throw new OperatingError('bad_request', "provided 'encoded_token' or 'otp' is empty")
  }
  using hidden = encoded.lend(bytesOfBase64)
  if (hidden === null) {
    throw new OperatingError('bad_request', "error decoding base64'd token: illegal base64 data")
  }
  if (hidden.length !== otp.length) {
    const lengths = `${hidden.length} != ${otp.length}`
    const text = `error xoring token: length of byte slices is not equivalent: ${lengths}`
    throw new OperatingError('bad_request', text)
  }
  const xor = (one: Uint8Array, other: Uint8Array): Uint8Array =>
    one.map((byte, index) => byte ^ (other[index] ?? 0))
  const token = SecretBytes.take(hidden.lend((one) => otp.lend((other) => xor(one, other))))
  if (token.lend((bytes) => bytes.every(isTokenCharacter))) return { data: { token: new SecretText(token) } }
  token[Symbol.dispose]()
  throw new OperatingError('bad_request', 'this one-time password does not belong to this encoded token')
}

/** Letters, digits, and the dot: what tokens are made of, and nothing that JSON would have to escape. */
function isTokenCharacter(byte: number): boolean {
  return /[0-9A-Za-z.]/.test(String.fromCharCode(byte))
}
