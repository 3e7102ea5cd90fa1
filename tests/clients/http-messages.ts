/** One message of HTTP/1.1, request or response. */
export interface HttpMessage {
  /** `GET /v1/sys/health HTTP/1.1`, or `HTTP/1.1 200 OK`. */
  readonly start: string
  /** Names in lower case; of several lines of one name, the last. */
  readonly headers: ReadonlyMap<string, string>
  readonly body: Buffer
}

const HEAD_END = Buffer.from('\r\n\r\n')
const LINE_END = Buffer.from('\r\n')

/**
 * Cuts one direction of a connection into its messages (RFC 9112 section 6). It only looks on: what it
 * cannot read it reads no further, and the bytes go their way without it.
 */
export class MessageCutter {
  readonly #isBodiless: (start: string) => boolean
  #pending: Buffer = Buffer.alloc(0)

  /** `isBodiless` is asked once for every message, in their order: an answer to HEAD has no body. */
  constructor(isBodiless: (start: string) => boolean) {
    this.#isBodiless = isBodiless
  }

  /** The messages that these bytes complete. */
  push(bytes: Buffer): readonly HttpMessage[] {
    this.#pending = Buffer.concat([this.#pending, bytes])
    const messages: HttpMessage[] = []
    for (let message = this.#next(); message !== null; message = this.#next()) messages.push(message)
    return messages
  }

  #next(): HttpMessage | null {
    const end = this.#pending.indexOf(HEAD_END)
    if (end === -1) return null
    const [start = '', ...lines] = this.#pending.subarray(0, end).toString('latin1').split('\r\n')
    const headers = new Map(lines.map(headerOf))
    const rest = this.#pending.subarray(end + HEAD_END.length)
    const body = headers.get('transfer-encoding') === 'chunked' ? chunks(rest) : counted(rest, headers)
    const cut = this.#pendingAnswer(start, body)
    if (cut === null) return null
    this.#pending = rest.subarray(cut.length)
    return { start, headers, body: cut.body }
  }

  #answered: boolean | null = null

  /** The question is asked when the head is there, and remembered until the body is. */
  #pendingAnswer(start: string, body: Body | null): Body | null {
    this.#answered ??= this.#isBodiless(start)
    const cut = this.#answered ? { body: Buffer.alloc(0), length: 0 } : body
    if (cut !== null) this.#answered = null
    return cut
  }
}

interface Body {
  readonly body: Buffer
  /** As many bytes as it took on the wire. */
  readonly length: number
}

function headerOf(line: string): [string, string] {
  const colon = line.indexOf(':')
  return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
}

function counted(rest: Buffer, headers: ReadonlyMap<string, string>): Body | null {
  const length = Number(headers.get('content-length') ?? 0)
  return rest.length < length ? null : { body: rest.subarray(0, length), length }
}

function chunks(rest: Buffer): Body | null {
  const parts: Buffer[] = []
  for (let at = 0; ; ) {
    const lineEnd = rest.indexOf(LINE_END, at)
    if (lineEnd === -1) return null
    const size = Number.parseInt(rest.subarray(at, lineEnd).toString('latin1'), 16)
    const from = lineEnd + LINE_END.length
    if (rest.length < from + size + LINE_END.length) return null
    at = from + size + LINE_END.length
    if (size === 0) return { body: Buffer.concat(parts), length: at }
    parts.push(rest.subarray(from, from + size))
  }
}
