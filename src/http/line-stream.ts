import type { ServerResponse } from 'node:http'
import type { LineStream } from '../logical/response.ts'

/**
 * Sends lines as they come, as fast as the peer takes them, until they end or the peer leaves. It may be
 * silent for as long as it likes: that nothing came is no sign that nobody is there.
 */
export async function sendLines(
  response: ServerResponse,
  stream: LineStream,
  headers: Readonly<Record<string, string>>,
): Promise<void> {
  response.once('close', stream.end)
  response.shouldKeepAlive = false
  // Whoever listens decides what a silent connection comes to: here, nothing.
  response.on('timeout', () => undefined)
  response.writeHead(200, { ...headers, 'Content-Type': stream.contentType })
  response.flushHeaders()
  for await (const line of stream.lines) {
    if (response.destroyed) break
    if (!response.write(line)) await taken(response)
  }
  response.end()
}

function taken(response: ServerResponse): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  response.once('drain', resolve).once('close', resolve)
  return promise.finally(() => response.off('drain', resolve).off('close', resolve))
}
