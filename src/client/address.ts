import { TransportError } from './errors.ts'

/** Where a server listens. */
export interface Address {
  /** As a person would write it, without a slash at the end. */
  readonly text: string
  readonly secure: boolean
  /** Host name or IP address; `localhost` for a socket. */
  readonly host: string
  readonly port: number
  /** Path of a Unix socket, or `null`. */
  readonly socketPath: string | null
  /** In front of every path, for servers behind a proxy; empty or with a slash in front. */
  readonly prefix: string
}

const HINT = 'Write it as http://HOST:PORT, https://HOST:PORT or unix:///PATH.'

/**
 * Reads `http://…`, `https://…` or `unix://…`. Throws `TransportError` `address_invalid` for anything else.
 */
export function parseAddress(text: string): Address {
  if (text.startsWith('unix://')) return socketAddress(text)
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new TransportError('address_invalid', 'the server address cannot be read', { hint: HINT })
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    const message = 'the server address has a user name, password, query or fragment'
    throw new TransportError('address_invalid', message, { hint: HINT })
  }
  const secure = url.protocol === 'https:'
  const prefix = url.pathname.replace(/\/+$/, '')
  return {
    text: `${url.origin}${prefix}`,
    secure,
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? (secure ? 443 : 80) : Number(url.port),
    socketPath: null,
    prefix,
  }
}

/**
 * Where a redirect leads. `null` when it must not be followed: from https to http, or somewhere unreadable,
 * or out of a socket. The peer's client refuses the same.
 */
export function redirectTarget(from: Address, path: string, location: string): Redirect | null {
  if (from.socketPath !== null || !URL.canParse(location, from.text + path)) return null
  const url = new URL(location, `${from.text}${path}`)
  if (url.protocol !== 'https:' && (from.secure || url.protocol !== 'http:')) return null
  return { address: parseAddress(url.origin), path: `${url.pathname}${url.search}` }
}

/** Another server and the whole path there. */
export interface Redirect {
  readonly address: Address
  readonly path: string
}

function socketAddress(text: string): Address {
  const socketPath = text.slice('unix://'.length)
  if (!socketPath.startsWith('/')) {
    throw new TransportError('address_invalid', 'a socket address needs a whole path', { hint: HINT })
  }
  return { text, secure: false, host: 'localhost', port: 0, socketPath, prefix: '' }
}
