import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { Holder } from '../api/pgp-holder.ts'

/**
 * Two people with PGP keys, for programs in languages that bring no OpenPGP: `GET /keys` tells their public
 * keys, and `POST /read` with `{"holder", "message"}` what one of them reads in a message.
 */
export class Holders {
  readonly #server: Server

  private constructor(server: Server) {
    this.#server = server
  }

  static async start(): Promise<Holders> {
    const holders = [await Holder.make(), await Holder.make()]
    const server = createServer(async (request, response) => {
      // Programs that wait for others in between would find a connection of before closed.
      response.setHeader('connection', 'close')
      if (request.url === '/keys') {
        response.end(JSON.stringify(holders.map(({ key }) => key)))
        return
      }
      try {
        const { holder, message } = JSON.parse(await text(request)) as { holder: number; message: string }
        response.end(await holders[holder]!.read(message))
      } catch (error) {
        response.writeHead(400).end(String(error))
      }
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return new Holders(server)
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}
