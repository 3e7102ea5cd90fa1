import { connect, type Socket } from 'node:net'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock } from '../../src/base/clock.ts'
import { BodyBudget } from '../../src/http/body-budget.ts'
import type { Service } from '../../src/http/exchange.ts'
import { type ListenerBounds, type RunningListener, startListener } from '../../src/http/listener.ts'
import type { TlsSettings } from '../../src/http/tls.ts'
import type { BareHandler, BareRoute } from '../../src/logical/bare-route.ts'
import { systemClock } from '../../src/server/system-ports.ts'

export interface ListenOptions {
  readonly service?: Partial<Service>
  readonly tls?: Partial<TlsSettings> & Pick<TlsSettings, 'cert' | 'key'>
  readonly bounds?: Partial<ListenerBounds>
  readonly onFull?: (source: string) => void
  readonly clock?: Clock
}

export interface Listening {
  readonly listener: RunningListener
  readonly dispatched: string[]
}

export const TLS_DEFAULTS = {
  minVersion: 'TLSv1.2',
  maxVersion: 'TLSv1.3',
  clientCertificates: 'asked',
  clientCa: null,
} as const satisfies Partial<TlsSettings>

/**
 * A listener on a free port with bare routes `/v1/…` that answer GET, and a dispatcher that notes what it
 * got.
 */
export async function listen(
  routes: Readonly<Record<string, BareHandler>>,
  options: ListenOptions = {},
): Promise<Listening> {
  const dispatched: string[] = []
  const bareRoutes = Object.entries(routes).map(([path, GET]): [string, BareRoute] => [
    path,
    { path, summary: path, handlers: { GET }, emptyBody: 'object', needsOpen: path.endsWith('/open') },
  ])
  const listener = await startListener({
    address: { host: '127.0.0.1', port: 0 },
    tls: options.tls === undefined ? null : { ...TLS_DEFAULTS, ...options.tls },
    bounds: options.bounds ?? {},
    onFull: options.onFull ?? (() => undefined),
    clock: options.clock ?? systemClock,
    log: () => undefined,
    service: {
      bareRoutes: new Map(bareRoutes),
      gate: () => undefined,
      dispatch: async ({ operation, path }) => {
        dispatched.push(`${operation} ${path}`)
        return { data: {} }
      },
      admit: () => null,
      standingOf: async () => 'writer',
      newId: () => 'id',
      bodies: new BodyBudget(),
      answers: new BodyBudget(),
      maxBodyBytes: 1 << 20,
      listener: {
        listener: 'test',
        access: { rekey: 'open', generateRoot: 'open', unseal: 'open' },
        retireOn: 'acknowledgement',
        serverNames: [],
        isUnix: false,
      },
      ...options.service,
    },
  })
  return { listener, dispatched }
}

/** A listener that ends with its test, however that ends. */
export async function serve(
  t: TestContext,
  options: ListenOptions & { readonly routes?: Readonly<Record<string, BareHandler>> } = {},
): Promise<Listening> {
  const listening = await listen(options.routes ?? {}, options)
  t.after(() => listening.listener.close(0))
  return listening
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
