import { once } from 'node:events'
import { createServer, type Server } from 'node:http'

/** A real server on a free port of the loopback that answers as it was told: the shapes of the contract. */
export class ContractServer {
  /** By request line, for example `GET /v1/sys/seal-status`. What has no answer is a 404. */
  readonly answers = new Map<string, readonly [status: number, body: string]>()
  /** The body that came last with each request line. */
  readonly bodies = new Map<string, string>()
  /** Every request line, in order. */
  readonly lines: string[] = []
  readonly address: string
  readonly #server: Server

  private constructor(server: Server, address: string) {
    this.#server = server
    this.address = address
  }

  static async start(): Promise<ContractServer> {
    const server = createServer()
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const place = server.address()
    const port = typeof place === 'object' && place !== null ? place.port : 0
    const contract = new ContractServer(server, `http://127.0.0.1:${port}`)
    server.on('request', async (request, response) => {
      const pieces: Buffer[] = []
      for await (const piece of request) pieces.push(piece)
      const line = `${request.method} ${request.url}`
      contract.lines.push(line)
      contract.bodies.set(line, Buffer.concat(pieces).toString())
      const [status, body] = contract.answers.get(line) ?? [404, '{"errors":[]}']
      response.writeHead(status, { 'content-type': 'application/json' }).end(body)
    })
    return contract
  }

  /** Forgets answers and what came. */
  reset(): void {
    this.answers.clear()
    this.bodies.clear()
    this.lines.length = 0
  }

  close(): void {
    this.#server.close()
    this.#server.closeAllConnections()
  }
}
