import { appendFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { type HttpMessage, MessageCutter } from './http-messages.ts'

/** One line of a recording. */
export interface Exchange {
  readonly client: string
  readonly method: string
  /** Without the query. */
  readonly path: string
  readonly query: string
  /** Of those that say how an answer is to look. */
  readonly requestHeaders: Readonly<Record<string, string>>
  /** As JSON where it is some, else as text; `null` without a body. */
  readonly request: unknown
  readonly status: number
  readonly contentType: string | null
  readonly response: unknown
}

const TELLING = ['content-type', 'x-vault-request', 'x-vault-wrap-ttl', 'x-vault-namespace', 'user-agent']

/**
 * Stands between a client and a server and writes down every exchange, a line of JSON each. The bytes pass
 * as they are, in both directions: a client must not behave otherwise because somebody looks on. The bodies
 * are written with their secrets, so it is for servers that live as long as one run.
 */
export class Recorder {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  private constructor(server: Server) {
    this.#server = server
    server.on('connection', (socket) => this.#keep(socket))
  }

  /** For the server at `origin`, an `http://` URL; lines are added to `file`. */
  static async start(origin: string, file: string, client: string): Promise<Recorder> {
    const { hostname, port } = new URL(origin)
    const write = (exchange: Exchange): void =>
      appendFileSync(file, `${JSON.stringify(exchange)}\n`, { mode: 0o600 })
    const server = createServer({ allowHalfOpen: true })
    const recorder = new Recorder(server)
    server.on('connection', (socket) => {
      const upstream = connect({ host: hostname, port: Number(port), allowHalfOpen: true })
      recorder.#keep(upstream)
      listen(socket, upstream, (one, other) => write({ client, ...exchangeOf(one, other) }))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return recorder
  }

  /** What the client is to be told. */
  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket)
    socket.once('close', () => this.#sockets.delete(socket))
  }
}

type Heard = (request: HttpMessage, response: HttpMessage) => void

function listen(client: Socket, server: Socket, heard: Heard): void {
  const asked: HttpMessage[] = []
  const requests = new MessageCutter(() => false)
  // A response that only promises another one has no body and belongs to nobody.
  const isInterim = (start: string): boolean => / 1\d\d /.test(start)
  const responses = new MessageCutter(
    (start) =>
      isInterim(start) || / (?:204|304) /.test(`${start} `) || asked[0]?.start.startsWith('HEAD ') === true,
  )
  client.on('data', (bytes) => asked.push(...requests.push(bytes)))
  server.on('data', (bytes) => {
    for (const response of responses.push(bytes)) {
      if (isInterim(response.start)) continue
      const request = asked.shift()
      if (request !== undefined) heard(request, response)
    }
  })
  for (const [one, other] of [
    [client, server],
    [server, client],
  ] as const) {
    one.pipe(other)
    one.on('error', () => other.destroy())
    one.on('close', () => other.destroy())
  }
}

function exchangeOf(request: HttpMessage, response: HttpMessage): Omit<Exchange, 'client'> {
  const [method = '', target = ''] = request.start.split(' ')
  const [path = '', query = ''] = target.split(/\?(.*)/s)
  const headers = [...request.headers].filter(([name]) => TELLING.includes(name))
  return {
    method,
    path,
    query,
    requestHeaders: Object.fromEntries(headers),
    request: contentOf(request.body),
    status: Number(response.start.split(' ')[1]),
    contentType: response.headers.get('content-type') ?? null,
    response: contentOf(response.body),
  }
}

function contentOf(body: Buffer): unknown {
  if (body.length === 0) return null
  const text = body.toString('utf8')
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
