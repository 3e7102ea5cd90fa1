import { connect, type Socket } from 'node:net'

/** Requests that were answered, and how long that took. */
export interface Load {
  readonly count: number
  readonly seconds: number
}

/** What is sent again and again. */
export interface LoadRequest {
  readonly method: string
  /** Client n of m asks for the paths n, n + m and so on, and begins anew behind the last. */
  readonly paths: readonly string[]
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/**
 * `clients` kept connections, each with one request under way, for `seconds`. On bare sockets, as a client
 * that costs as much as the server would measure itself. Rejects when an answer is not a success.
 */
export async function load(
  port: number,
  request: LoadRequest,
  { clients, seconds }: { readonly clients: number; readonly seconds: number },
): Promise<Load> {
  const asked = request.paths.map((path) => encode(request, path))
  const started = performance.now()
  const end = started + seconds * 1000
  const turns = (client: number) => (turn: number) => asked[(client + turn * clients) % asked.length]
  const repeats = Array.from({ length: clients }, (_, client) => repeat(port, turns(client), end))
  const counts = await Promise.all(repeats)
  const count = counts.reduce((total, one) => total + one, 0)
  return { count, seconds: (performance.now() - started) / 1000 }
}

function encode({ method, headers, body }: LoadRequest, path: string): Buffer {
  const length = body === '' ? {} : { 'Content-Length': String(Buffer.byteLength(body)) }
  const lines = Object.entries({ Host: 'localhost', ...headers, ...length })
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  return Buffer.from(`${method} ${path} HTTP/1.1\r\n${head}\r\n${body}`)
}

function repeat(port: number, requestOf: (turn: number) => Buffer | undefined, end: number): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  const socket: Socket = connect(port, '127.0.0.1', () => ask())
  socket.setNoDelay(true)
  let count = 0
  const ask = (): void => void socket.write(requestOf(count) ?? '')
  let expected = 0
  let received = 0
  const fail = (why: string): void => {
    socket.destroy()
    reject(new Error(why))
  }
  socket.on('data', (piece: Buffer) => {
    if (received === 0) {
      expected = lengthOf(piece)
      if (!isSuccess(piece)) fail(`an answer was no success: ${piece.toString('latin1').slice(0, 200)}`)
    }
    received += piece.length
    if (received < expected) return
    if (received > expected) fail('more came than the answer that was asked for')
    received = 0
    count++
    if (performance.now() < end) ask()
    else socket.end()
  })
  socket.once('error', reject).once('close', () => resolve(count))
  return promise
}

const SUCCESS = Buffer.from('HTTP/1.1 2')

function isSuccess(piece: Buffer): boolean {
  return piece.subarray(0, SUCCESS.length).equals(SUCCESS)
}

/** Of the whole answer that begins with `piece`, which holds its head. */
function lengthOf(piece: Buffer): number {
  const text = piece.toString('latin1')
  const head = text.indexOf('\r\n\r\n') + 4
  return head + Number(/\r\ncontent-length: *(\d+)/i.exec(text.slice(0, head))?.[1] ?? 0)
}
