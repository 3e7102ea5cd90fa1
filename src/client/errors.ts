/** A server answered with an error. Its text has the shape that scripts around this API look for. */
export class ApiError extends Error {
  override name = 'ApiError'
  readonly status: number
  readonly errors: readonly string[]
  /** The server's own name for the failure (`docs/errors.md`), or `null` when it gave none. */
  readonly code: string | null
  readonly method: string
  readonly url: string

  constructor(answer: { status: number; errors: readonly string[]; code: string | null }, request: Sent) {
    super(render(answer.status, answer.errors, request))
    this.status = answer.status
    this.errors = answer.errors
    this.code = answer.code
    this.method = request.method
    this.url = request.url
  }
}

/** Which request a failure belongs to. Never its headers or body. */
export interface Sent {
  readonly method: string
  readonly url: string
}

/** Why no usable answer came: closed, so that a caller can choose what to advise. */
export type TransportCode =
  | 'address_invalid'
  | 'answer_invalid'
  | 'answer_too_large'
  | 'certificate_wanted'
  | 'connection_failed'
  | 'connection_lost'
  | 'timed_out'
  | 'tls_failed'

/** No answer, or none that could be read. `message` says what happened, `hint` what to try next. */
export class TransportError extends Error {
  override name = 'TransportError'
  readonly code: TransportCode
  readonly hint: string

  constructor(code: TransportCode, message: string, options: { hint: string; cause?: unknown }) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.hint = options.hint
  }
}

/** key-lifecycle.md section 10.1: the lines that people and scripts know from the peers. */
function render(status: number, errors: readonly string[], request: Sent): string {
  const head = `Error making API request.\n\nURL: ${request.method} ${request.url}\nCode: ${status}.`
  if (errors.length === 0) return `${head} Errors:\n`
  return `${head} Errors:\n\n${errors.map((text) => `* ${text}`).join('\n')}`
}

/**
 * Turns what `node:http` and `node:tls` throw into a sentence. `sent` says whether the request had gone
 * out.
 */
export function transportError(cause: unknown, address: string, sent: boolean): TransportError {
  if (cause instanceof TransportError) return cause
  const code = systemCode(cause)
  const known = CONNECTION_FAILURES[code]
  if (known !== undefined) {
    return new TransportError('connection_failed', `${known.what} at ${address}`, { hint: known.hint, cause })
  }
  const alert = alertIn(cause)
  const refused = alert === null ? undefined : CERTIFICATE_ALERTS[alert]
  if (refused !== undefined) {
    const message = `the server at ${address} ${refused.what}`
    return new TransportError('certificate_wanted', message, { hint: refused.hint, cause })
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    const hint = 'Use the name that is in the certificate as address, or give it with -tls-server-name.'
    return new TransportError('tls_failed', `the certificate at ${address} is for another name`, {
      hint,
      cause,
    })
  }
  if (code.startsWith('ERR_TLS') || code.startsWith('ERR_SSL') || TLS_FAILURES.has(code)) {
    const hint =
      'Name the authority with -ca-cert=FILE, or check that the address should begin with https://.'
    return new TransportError('tls_failed', `TLS failed at ${address} (${code})`, { hint, cause })
  }
  if (code === 'EPROTO') {
    const hint = 'Does the address need http:// instead of https://, or the other way round?'
    return new TransportError('tls_failed', `no TLS spoken at ${address}`, { hint, cause })
  }
  const lost = sent ? 'the connection was lost before an answer came from' : 'no connection could be made to'
  const hint = sent
    ? 'The server may or may not have done it: read the status before trying again.'
    : 'Check the address and that the server is running.'
  const detail = code === '' ? '' : ` (${code})`
  return new TransportError('connection_lost', `${lost} ${address}${detail}`, { hint, cause })
}

const RUNNING = 'Is the server running there? Start one with "conclave server", or set CONCLAVE_ADDR.'

const CONNECTION_FAILURES: Readonly<Record<string, { what: string; hint: string }>> = {
  ECONNREFUSED: { what: 'connection refused', hint: RUNNING },
  ENOENT: { what: 'no socket', hint: RUNNING },
  EACCES: { what: 'the socket may not be used by this user', hint: 'Check the rights of the socket file.' },
  ENOTFOUND: { what: 'no such host', hint: 'Check the name in the address, or set CONCLAVE_ADDR.' },
  EAI_AGAIN: { what: 'the name could not be looked up', hint: 'Check the name service and try again.' },
  EHOSTUNREACH: { what: 'no route to the host', hint: 'Check the network and the address.' },
  ENETUNREACH: { what: 'no route to the network', hint: 'Check the network and the address.' },
  ETIMEDOUT: { what: 'no connection in time', hint: 'Check the network and the address.' },
}

const TLS_FAILURES: ReadonlySet<string> = new Set([
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
])

const GIVE_ONE = 'give it with -client-cert=FILE and -client-key=FILE'

/** The alerts of a server that wants a client certificate (RFC 8446 section 6.2, RFC 5246 section 7.2). */
const CERTIFICATE_ALERTS: Readonly<Record<number, { what: string; hint: string }>> = {
  40: {
    what: 'refuses the handshake',
    hint: `It may want a client certificate: ${GIVE_ONE}. Or it speaks no TLS that this program does.`,
  },
  42: {
    what: 'takes no client certificate but a good one',
    hint: `If you have one, ${GIVE_ONE}; if you gave one, the server does not know its authority.`,
  },
  116: { what: 'wants a client certificate', hint: `If you have one, ${GIVE_ONE}.` },
}

/** The number of the alert by which a server ended TLS, which only the text of OpenSSL has. */
function alertIn(cause: unknown): number | null {
  const digits = cause instanceof Error ? /SSL alert number (\d{1,3})\b/.exec(cause.message)?.[1] : undefined
  return digits === undefined ? null : Number(digits)
}

/** The operating system's or OpenSSL's name of a failure; for several addresses tried, that of the first. */
export function systemCode(cause: unknown): string {
  if (cause instanceof AggregateError) return systemCode(cause.errors[0])
  if (cause instanceof Error && 'code' in cause && typeof cause.code === 'string') return cause.code
  return ''
}
