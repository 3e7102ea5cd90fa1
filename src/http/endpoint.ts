import { type AddressInfo, connect, createServer, type Server } from 'node:net'
import { OperatingError } from '../base/errors.ts'

/** Where a listener is. */
export type Endpoint = TcpEndpoint | UnixEndpoint

export interface TcpEndpoint {
  readonly host: string
  readonly port: number
}

/** A socket in the file system. */
export interface UnixEndpoint {
  readonly path: string
}

/**
 * Has `server` listen. The place that it has then: the port is the one that the system chose, where 0 was
 * asked for. Throws `config_invalid`.
 */
export function listen<Place extends Endpoint>(server: Server, place: Place): Promise<Place> {
  const { promise, resolve, reject } = Promise.withResolvers<Place>()
  const onError = (error: Error & { code?: string }): void => {
    const text = `cannot listen on ${endpointText(place)}: ${reasonOf(error.code, place)}`
    reject(new OperatingError('config_invalid', text, { cause: error }))
  }
  server.once('error', onError)
  server.listen(place, () => {
    server.off('error', onError)
    const bound = server.address()
    resolve(isPort(bound) && 'port' in place ? { ...place, port: bound.port } : place)
  })
  return promise
}

/**
 * Opens all of these ports for a moment: before anything is made for a server that could not be reached.
 * Throws `config_invalid` when an address cannot be had, or stands there twice.
 */
export async function expectFree(addresses: readonly TcpEndpoint[]): Promise<void> {
  const probes: Server[] = []
  try {
    for (const [index, { host, port }] of addresses.entries()) {
      const probe = createServer((socket) => socket.destroy())
      probes.push(probe)
      const twin = addresses.slice(0, index).find((one) => port !== 0 && one.port === port)
      await listen(probe, { host, port }).catch((error: unknown) => {
        throw twin === undefined ? error : besides({ host, port }, twin, error)
      })
    }
  } finally {
    await Promise.all(probes.map((probe) => new Promise<void>((done) => void probe.close(() => done()))))
  }
}

/** Whether anybody takes connections at a socket file; `null` where it cannot be told. */
export function isListening(path: string): Promise<boolean | null> {
  const { promise, resolve } = Promise.withResolvers<boolean | null>()
  const socket = connect(path)
  socket.once('connect', () => {
    socket.destroy()
    resolve(true)
  })
  socket.once('error', (error: Error & { code?: string }) => {
    // unix(7): a socket file whose process is gone refuses.
    resolve(error.code === 'ECONNREFUSED' ? false : null)
  })
  return promise
}

/** As a person writes it. */
export function endpointText(place: Endpoint): string {
  if ('path' in place) return place.path
  return `${place.host.includes(':') ? `[${place.host}]` : place.host}:${place.port}`
}

/** Both stand in one configuration, so that the one may be in the way of the other. */
function besides(place: TcpEndpoint, twin: TcpEndpoint, error: unknown): unknown {
  if (!(error instanceof OperatingError) || !isInUse(error.cause)) return error
  const text = `cannot listen on ${endpointText(place)}: something listens there already`
  const perhaps = `the listener on ${endpointText(twin)} of this configuration has the same port`
  return new OperatingError('config_invalid', `${text}; ${perhaps}`, { cause: error })
}

function isInUse(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
}

function isPort(bound: AddressInfo | string | null): bound is AddressInfo {
  return typeof bound === 'object' && bound !== null
}

function reasonOf(code: string | undefined, place: Endpoint): string {
  if (code === 'EADDRINUSE') {
    return 'something listens there already; stop it, or give this server another address'
  }
  // Of a socket, libuv says this for a folder that is not there as well (ENOENT of bind(2)).
  if (code === 'EACCES' && 'path' in place) return 'its folder is not there, or not for this user to write in'
  if (code === 'EACCES') return 'the system does not allow it to this user; ports below 1024 may need a right'
  if (code === 'EADDRNOTAVAIL') return 'this machine does not have that address'
  if (code === 'ENOTFOUND') return 'that name has no address'
  return `the system says ${code}`
}
