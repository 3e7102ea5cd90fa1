import type { IncomingMessage } from 'node:http'
import { OperatingError } from '../base/errors.ts'
import { MAX_JSON_DEPTH, MAX_JSON_STRINGS } from '../base/limits.ts'
import { secretSpace } from '../base/secret-bytes.ts'
import type { JsonObject } from '../logical/json.ts'
import { emptyObject, readJson } from '../logical/json-reader.ts'
import type { BodyBudget } from './body-budget.ts'

/**
 * A body in memory of its own. Whoever read it wipes it once the request is answered: it may carry a share.
 */
export interface Body extends Disposable {
  readonly bytes: Uint8Array
}

export const NO_BODY: Body = { bytes: new Uint8Array(0), [Symbol.dispose]: () => undefined }

/** How much of a body is read. */
export interface BodyBounds {
  readonly maxBytes: number
  readonly budget: BodyBudget
  /**
   * Whether a declared length counts before it has come: for callers who are known. A stranger's counts as it
   * comes, or declaring would be a way to fill the budget without sending anything.
   */
  readonly reserves: boolean
  /** The token, as it was sent, for whose sake more than a little is read. */
  readonly owner: string | null
}

/**
 * Reads a body within `bounds`. Throws `too_large` and `overloaded`, before reading where the length is
 * declared, and `unsupported_media_type` for an encoded one: nothing is ever decompressed.
 */
export async function readBody(request: IncomingMessage, bounds: BodyBounds): Promise<Body> {
  const { budget, reserves } = bounds
  const maxBytes = Math.min(bounds.maxBytes, budget.largestBytes)
  const encoding = request.headers['content-encoding']
  if (encoding !== undefined && encoding !== 'identity') {
    throw new OperatingError('unsupported_media_type', 'send the body without Content-Encoding')
  }
  // Most requests have no body: RFC 9112 section 6 says so when neither header is there.
  const { 'content-length': declared, 'transfer-encoding': chunked } = request.headers
  if (chunked === undefined && (declared ?? '0') === '0') return NO_BODY
  if (Number(declared ?? 0) > maxBytes) throw tooLarge()
  const room = budget.open(bounds.owner)
  const chunks: Buffer[] = []
  try {
    room.cover(reserves && declared !== undefined ? Number(declared) : 1)
    const length = await collect(request, chunks, (sofar) => {
      if (sofar > maxBytes) throw tooLarge()
      room.cover(sofar)
    })
    const bytes = secretSpace(length)
    let offset = 0
    for (const chunk of chunks) {
      bytes.set(chunk, offset)
      offset += chunk.length
    }
    const end = (): void => {
      bytes.fill(0)
      room[Symbol.dispose]()
    }
    return { bytes, [Symbol.dispose]: end }
  } catch (error) {
    room[Symbol.dispose]()
    throw error
  } finally {
    // The parser's own slices of the same bytes.
    for (const chunk of chunks) chunk.fill(0)
  }
}

/**
 * Takes the chunks as the parser gives them, and never by `read()` or an iterator: those join what has piled
 * up into a copy that nobody could wipe. `allow` throws where no more may come. Resolves to the length.
 */
function collect(
  request: IncomingMessage,
  chunks: Buffer[],
  allow: (length: number) => void,
): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  let length = 0
  const onData = (chunk: Buffer): void => {
    chunks.push(chunk)
    length += chunk.length
    try {
      allow(length)
    } catch (error) {
      reject(error)
    }
  }
  const onEnd = (): void => {
    // Before `close`, which follows in the same turn: an error made for nobody costs more than the body.
    stop()
    resolve(length)
  }
  // The client's doing, and nobody reads the answer.
  const onBroken = (cause?: unknown): void =>
    reject(new OperatingError('bad_request', 'the connection ended within the body', { cause }))
  // Gone while we looked its token up: none of its events comes any more.
  if (request.destroyed) onBroken()
  request.on('data', onData).once('end', onEnd).once('error', onBroken).once('close', onBroken)
  return promise.finally(stop)

  function stop(): void {
    request.pause()
    request.off('data', onData).off('end', onEnd).off('error', onBroken).off('close', onBroken)
  }
}

/**
 * Wipes what came of a body that nobody read, in the next turn: a request that is refused may carry a share
 * all the same. No more is read than has come.
 */
export function wipeUnread(request: IncomingMessage): void {
  if (request.readableLength === 0) return
  request.on('data', (chunk: Buffer) => {
    chunk.fill(0)
    if (request.readableLength === 0) request.pause()
  })
}

/** The body as an object; `null` when there is none. Throws `bad_request`. */
export function parseBody(bytes: Uint8Array): JsonObject | null {
  if (bytes.every((byte) => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09)) return null
  const node = readJson(bytes, { maxDepth: MAX_JSON_DEPTH, maxStrings: MAX_JSON_STRINGS })
  if (node.kind === 'object') return node
  if (node.kind === 'null') return emptyObject()
  const named = node.kind === 'array' ? 'an array' : `a ${node.kind}`
  throw new OperatingError(
    'bad_request',
    `failed to decode JSON input: the body must be an object, not ${named}`,
  )
}

function tooLarge(): OperatingError {
  return new OperatingError('too_large', 'http: request body too large')
}
