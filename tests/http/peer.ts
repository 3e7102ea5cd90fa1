import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { BodyBudget } from '../../src/http/body-budget.ts'
import type { Service } from '../../src/http/exchange.ts'
import { type ListenerOptions, type RunningListener, startListener } from '../../src/http/listener.ts'
import type { BareHandler, BareRoute } from '../../src/logical/bare-route.ts'
import { systemClock } from '../../src/server/system-ports.ts'

/**
 * A listener on a free port with bare routes `/v1/…` that answer GET, and a dispatcher that notes what it
 * got.
 */
export async function listen(
  routes: Readonly<Record<string, BareHandler>>,
  options: { readonly service?: Partial<Service>; readonly tls?: ListenerOptions['tls'] } = {},
): Promise<{ listener: RunningListener; dispatched: string[] }> {
  const dispatched: string[] = []
  const bareRoutes = Object.entries(routes).map(([path, GET]): [string, BareRoute] => [
    path,
    { path, summary: path, handlers: { GET }, emptyBody: 'object', needsOpen: path.endsWith('/open') },
  ])
  const listener = await startListener({
    address: { host: '127.0.0.1', port: 0 },
    tls: options.tls ?? null,
    clock: systemClock,
    log: () => undefined,
    service: {
      bareRoutes: new Map(bareRoutes),
      gate: () => undefined,
      dispatch: async ({ operation, path }) => {
        dispatched.push(`${operation} ${path}`)
        return { data: {} }
      },
      knows: async () => true,
      newId: () => 'id',
      bodies: new BodyBudget(),
      maxBodyBytes: 1 << 20,
      listener: {
        listener: 'test',
        access: { rekey: 'open', generateRoot: 'open', unseal: 'open' },
        retireOn: 'acknowledgement',
        serverNames: [],
      },
      ...options.service,
    },
  })
  return { listener, dispatched }
}

/**
 * Sends `packets` one after the other with a pause between them; the answer's text until the end or 250 ms
 * later.
 */
export async function talk(port: number, ...packets: readonly string[]): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  let text = ''
  socket.on('data', (bytes) => {
    text += String(bytes)
  })
  socket.on('error', () => undefined)
  const closed = new Promise((resolve) => socket.once('close', resolve))
  for (const packet of packets) {
    socket.write(packet)
    await sleep(40)
  }
  await Promise.race([closed, sleep(250)])
  socket.destroy()
  return text
}

/** Resolves with the first bytes that the peer sends. */
export function firstBytes(socket: Socket): Promise<string> {
  return new Promise((resolve) => socket.once('data', (bytes) => resolve(String(bytes))))
}

export const HOST = 'Host: x\r\n'
