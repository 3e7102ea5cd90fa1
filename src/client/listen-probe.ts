import { connect, createServer } from 'node:net'

/** What becomes of somebody who wants to listen at an address now. */
export type ListenProbe = 'free' | 'taken' | { readonly refused: string }

/** How long somebody who listens may take to accept. */
const CONNECT_TIMEOUT_MS = 1000

/**
 * Whether anybody listens at `host` and `port`, and if not, whether this process could: for as long as it
 * takes to find out, it does. `refused` is the system's name for the reason.
 */
export async function probeListen(host: string, port: number): Promise<ListenProbe> {
  if (await accepts(reachable(host), port)) return 'taken'
  const { promise, resolve } = Promise.withResolvers<ListenProbe>()
  const server = createServer()
  server.once('error', (error) => {
    const code = 'code' in error ? String(error.code) : 'unknown'
    resolve(code === 'EADDRINUSE' ? 'taken' : { refused: code })
  })
  server.listen({ host, port, exclusive: true }, () => server.close(() => resolve('free')))
  return await promise
}

/** The same for a Unix socket. The file that a server left behind which is gone is in nobody's way. */
export async function probeSocket(path: string): Promise<ListenProbe> {
  const { promise, resolve } = Promise.withResolvers<ListenProbe>()
  const socket = connect({ path, timeout: CONNECT_TIMEOUT_MS })
  socket.once('connect', () => resolve('taken'))
  socket.once('timeout', () => resolve('taken'))
  socket.once('error', (error) => {
    const code = 'code' in error ? String(error.code) : 'unknown'
    resolve(code === 'ENOENT' || code === 'ECONNREFUSED' ? 'free' : { refused: code })
  })
  const probe = await promise
  socket.destroy()
  return probe
}

/** Where somebody on this machine reaches one who listens at `host`: at every address is at loopback too. */
export function reachable(host: string): string {
  if (host === '0.0.0.0' || host === '') return '127.0.0.1'
  return host === '::' ? '::1' : host
}

async function accepts(host: string, port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const socket = connect({ host, port, timeout: CONNECT_TIMEOUT_MS })
  socket.once('connect', () => resolve(true))
  socket.once('timeout', () => resolve(false))
  socket.once('error', () => resolve(false))
  const accepted = await promise
  socket.destroy()
  return accepted
}
