import { MeasuredProcess } from './measured-process.ts'

/** An answer as it goes over the wire, but for what `node:http` adds by itself. */
export interface WireAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** The limit: a `node:http` server of a few lines, in a process of its own, that answers the same bytes. */
export async function startBareServer(answer: WireAnswer): Promise<MeasuredProcess> {
  const code = `
    const { status, headers, body } = ${JSON.stringify(answer)}
    const bytes = Buffer.from(body)
    const server = require('node:http').createServer((request, response) => {
      request.resume().on('end', () => response.writeHead(status, headers).end(bytes))
    })
    server.listen(0, '127.0.0.1', () => console.log('127.0.0.1:' + server.address().port))
    process.once('SIGTERM', () => process.exit())`
  return await MeasuredProcess.start(['-e', code])
}
