/** What to send, piece by piece; a number is a pause in milliseconds. */
export type Conversation = () => Iterable<string | Buffer | number>

export type AttackName = keyof typeof ATTACKS

const MIB = 1024 * 1024
const LARGE = 32 * MIB
/** What a stranger's body may have. */
const SMALL = 64 * 1024
const PIECE = 256 * 1024

function head(path: string, headers: Readonly<Record<string, string | number>>): string {
  const lines = Object.entries({ Host: 'conclave', ...headers }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  )
  return `PUT ${path} HTTP/1.1\r\n${lines.join('')}\r\n`
}

/** A body of `length` bytes: `unit` again and again between `begin` and `end`. */
function body(length: number, [begin, unit, end]: readonly [string, string, string]): Buffer {
  const bytes = Buffer.alloc(length, unit)
  bytes.write(begin)
  bytes.write(end, length - end.length)
  return bytes
}

function members(length: number): Buffer {
  const text: string[] = []
  for (let number = 0, size = 0; size < length - 64; number++) {
    const member = `"k${number}":1,`
    text.push(member)
    size += member.length
  }
  return Buffer.from(`{${text.join('')}"z":1}`)
}

/** The shapes that bring readers of JSON down (bar.md, H1): each is refused, or read within its budget. */
function bombs(length: number): readonly Buffer[] {
  return [
    body(length, ['[', '{},', '{}]']),
    body(length, ['[', '[],', '[]]']),
    Buffer.alloc(Math.min(length, MIB), '['),
    members(length),
    body(length, ['{"a":', '1', '}']),
    body(length, ['{"a":1', ',"a":1', '}']),
    body(length, ['{"a":"', 'x', '"}']),
  ]
}

function* inPieces(bytes: Buffer): Iterable<Buffer> {
  for (let at = 0; at < bytes.length; at += PIECE) yield bytes.subarray(at, at + PIECE)
}

function declared(path: string, bytes: Buffer, headers: Readonly<Record<string, string>> = {}): Conversation {
  return function* () {
    yield head(path, { ...headers, 'Content-Length': bytes.length })
    yield* inPieces(bytes)
  }
}

function chunked(path: string, bytes: Buffer): Conversation {
  return function* () {
    yield head(path, { 'Transfer-Encoding': 'chunked' })
    for (const piece of inPieces(bytes)) {
      yield `${piece.length.toString(16)}\r\n`
      yield piece
      yield '\r\n'
    }
    yield '0\r\n\r\n'
  }
}

/** Routes that anybody may send a body to. */
const OPEN_ROUTES = ['/v1/sys/unseal', '/v1/sys/init', '/v1/sys/rekey/init', '/v1/auth/token/lookup-self']
/** Of slow clients: between two bytes, and how many of them. */
const DRIP_MS = 1000
const DRIPS = 60
const PIPELINED = 32

function* dripping(text: string): Iterable<string | number> {
  for (let drop = 0; drop < DRIPS; drop++) {
    yield text[drop] ?? 'x'
    yield DRIP_MS
  }
}

/** Who attacks how: each attacker goes through the list, and begins anew when it is cut off. */
export const ATTACKS = {
  /** H1: bombs as a stranger may send them whole, and ones that are too large, declared or not. */
  bombs: (): readonly Conversation[] => [
    ...OPEN_ROUTES.flatMap((path) => bombs(SMALL).map((bytes) => declared(path, bytes))),
    ...bombs(LARGE).flatMap((bytes) => [declared('/v1/sys/unseal', bytes), chunked('/v1/sys/unseal', bytes)]),
  ],
  /** H3: 32 MiB each, from strangers. */
  large: (): readonly Conversation[] => {
    const bytes = body(LARGE, ['{"a":"', 'x', '"}'])
    return [declared('/v1/secret/large', bytes), chunked('/v1/secret/large', bytes)]
  },
  /** The same with a token, to where it may not write: read whole, and parsed. */
  known: (token: string): readonly Conversation[] =>
    bombs(LARGE).map((bytes) => declared('/v1/secret/large', bytes, { 'X-Vault-Token': token })),
  /** H5: heads and bodies in drops, and answers that nobody takes. */
  slow: (): readonly Conversation[] => [
    () => dripping('GET /v1/sys/health HTTP/1.1\r\nHost: conclave\r\n'),
    function* () {
      yield head('/v1/sys/unseal', { 'Content-Length': 1000 })
      yield* dripping('{"key":"')
    },
    function* () {
      yield 'GET /v1/sys/seal-status HTTP/1.1\r\nHost: conclave\r\n\r\n'.repeat(PIPELINED)
      yield DRIP_MS * DRIPS
    },
  ],
} as const satisfies Record<string, (token: string) => readonly Conversation[]>
