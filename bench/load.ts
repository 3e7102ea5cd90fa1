import { readFileSync } from 'node:fs'
import { Agent, request as httpRequest } from 'node:http'

export interface LoadRequest {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
}

/** `clients` kept connections, each with one request under way, for `seconds`. */
export async function load(
  origin: string,
  request: LoadRequest,
  options: { readonly clients: number; readonly seconds: number },
): Promise<{ readonly count: number; readonly seconds: number }> {
  const agent = new Agent({ keepAlive: true, maxSockets: options.clients })
  const started = performance.now()
  const end = started + options.seconds * 1000
  let count = 0
  await Promise.all(
    Array.from({ length: options.clients }, async () => {
      while (performance.now() < end) {
        await once(origin, request, agent)
        count++
      }
    }),
  )
  agent.destroy()
  return { count, seconds: (performance.now() - started) / 1000 }
}

function once(origin: string, request: LoadRequest, agent: Agent): Promise<void> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest(origin + request.path, {
      method: request.method,
      headers: request.headers,
      agent,
    })
    sent.once('error', reject)
    sent.once('response', (response) => {
      if ((response.statusCode ?? 500) >= 300) reject(new Error(`answered ${response.statusCode}`))
      response.resume().once('end', resolve)
    })
    sent.end(request.body)
  })
}

/** CPU microseconds that a process has used: user and system time of all its threads. */
export function cpuOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  // Fields 14 and 15 of proc(5), in ticks of 10 ms.
  return (Number(fields[11]) + Number(fields[12])) * 10_000
}
