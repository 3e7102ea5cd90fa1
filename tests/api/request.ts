import { request as sendPlain } from 'node:http'
import { request as sendSecure } from 'node:https'
import { inTime } from './patience.ts'
import type { Answer } from './server-process.ts'

/** Where a server is: as its banner says, and what is trusted there. */
export interface Place {
  readonly url: string
  readonly ca?: Buffer
}

interface What {
  readonly method: string
  readonly path: string
  readonly body?: unknown
  readonly token?: string
}

/** One request to `https://…`, `http://…` or `unix://…`, on a connection of its own. */
export function request(place: Place, what: What): Promise<Answer> {
  const asked = `${what.method} ${what.path} at ${place.url}`
  return inTime(asked, (signal) => answerTo(place, what, signal))
}

function answerTo({ url, ca }: Place, what: What, signal: AbortSignal): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  const place = url.startsWith('unix://') ? { socketPath: url.slice('unix://'.length) } : urlParts(url)
  const body = what.body === undefined ? undefined : JSON.stringify(what.body)
  const headers = {
    ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }),
    ...(what.token === undefined ? {} : { 'x-vault-token': what.token }),
  }
  const { method, path } = what
  const options = {
    ...place,
    method,
    path,
    headers,
    agent: false,
    signal,
    ...(ca === undefined ? {} : { ca }),
  }
  const send = url.startsWith('https:') ? sendSecure : sendPlain
  const outgoing = send(options, (incoming) => {
    let text = ''
    incoming.on('data', (bytes) => {
      text += String(bytes)
    })
    incoming.on('error', reject)
    incoming.on('end', () =>
      resolve({ status: incoming.statusCode ?? 0, body: text === '' ? null : JSON.parse(text) }),
    )
  })
  outgoing.on('error', reject)
  outgoing.end(body)
  return promise
}

function urlParts(url: string): { readonly host: string; readonly port: string } {
  const { hostname, port } = new URL(url)
  return { host: hostname.replace(/^\[(.*)\]$/, '$1'), port }
}
