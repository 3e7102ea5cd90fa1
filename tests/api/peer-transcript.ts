import assert from 'node:assert/strict'
import { request } from 'node:http'
import { text } from 'node:stream/consumers'
import type { TestServer } from './in-process.ts'

/** One exchange with the peer, as surface.md Appendix A has it. */
export interface Exchange {
  /** Its first line, whole: what differences are told by. */
  readonly line: string
  readonly method: string
  readonly target: string
  readonly body: string | undefined
  readonly headers: Readonly<Record<string, string>>
  /** `root`, `no token`, a name such as `T1`, or the token itself. */
  readonly token: string
  /** `null` of what the transcript leaves out: it has to go well. */
  readonly status: number | null
  /** `null` where there was none, or it was cut off. */
  readonly answer: unknown
  /** In an answer that was cut off: the one name in it that is asked for again. */
  readonly accessor: string | null
}

const LINE = new RegExp(
  [
    /^(?:\+ )?(\w+) (\S+)/,
    // A body, headers, a token: where there are some.
    /(?: (\{.*?\}|".*?"|\[.*?\]))??(?: +(\{'.*?\}))? *(?:\((no token|token \S+?)\))?/,
    /(?: {2}-> {2}(\d+)|$)/,
  ]
    .map(({ source }) => source)
    .join(''),
)

/** By block, in its order. Throws for a line that it cannot read: it would be left out without a word. */
export function readBlocks(transcript: string): ReadonlyMap<string, readonly Exchange[]> {
  const lines = transcript.split('\n')
  const blocks = new Map<string, Exchange[]>()
  let block: Exchange[] = []
  for (const [index, line] of lines.entries()) {
    const name = /^## (.+)$/.exec(line)?.[1]
    if (name !== undefined) {
      block = []
      blocks.set(name, block)
    } else if (line !== '' && !line.startsWith('    ') && !line.startsWith('#')) {
      block.push(exchangeOf(line, lines[index + 1] ?? ''))
    }
  }
  return blocks
}

function exchangeOf(line: string, next: string): Exchange {
  const found = LINE.exec(line)
  assert.ok(found !== null, `unreadable: ${line}`)
  const [, method = '', target = '', body, headers, token = 'root', status] = found
  return {
    line,
    method,
    target,
    // What is no object stands there as a text of its own.
    body: body?.startsWith('"') === true ? JSON.parse(body) : body,
    headers: { ...typeOf(body), ...(headers === undefined ? {} : JSON.parse(headers.replaceAll("'", '"'))) },
    token: token.replace(/^token /, ''),
    status: status === undefined ? null : Number(status),
    answer: answerIn(next),
    accessor: /^ {4}.*?"accessor":"(\w+)"/.exec(next)?.[1] ?? null,
  }
}

/** What the client of the transcript said of a body that it made from an object, and of no other. */
function typeOf(body: string | undefined): Exchange['headers'] {
  return body?.startsWith('{') === true ? { 'Content-Type': 'application/json' } : {}
}

function answerIn(line: string): unknown {
  const answer = line.trim()
  // Some were cut off, and not all of those say so.
  if (!line.startsWith('    ') || !answer.startsWith('{') || !answer.endsWith('}')) return null
  const whole = answer
    .replace('~~', '"wrap_info":null,"warnings":null,"auth":null')
    .replace('~', '"lease_id":"","renewable":false,"lease_duration":0,')
  return JSON.parse(whole)
}

/** Members whose values are of one server, one moment, or one program. */
const OWN = new RegExp(
  'accessor|uuid|encryptions|_id$|^id$|token$|time|ttl|version|cluster|random|^sum$|' +
    'migration|expiration|modified',
)

/** Asks one server what the peer was asked, line by line. */
export class Replay {
  readonly #server: TestServer
  /** What the peer named, and what stands for it here: accessors, leases, ids. */
  readonly #names = new Map<string, string>()
  readonly #tokens = new Map<string, string>()
  #newest = 'none'

  constructor(server: TestServer) {
    this.#server = server
  }

  /** Names of tokens are of a block. */
  begin(): void {
    this.#tokens.clear()
  }

  /** In what the answer differs from the peer's; `null`: in nothing. */
  async difference(exchange: Exchange): Promise<string | null> {
    const { status, body } = await this.#ask(exchange)
    const made = memberOf(body, 'auth', 'client_token') ?? memberOf(body, 'wrap_info', 'token')
    if (made !== undefined && made !== '') this.#newest = made
    const isAsWanted = exchange.status === null ? status < 300 : status === exchange.status
    if (!isAsWanted) return `${status} ${JSON.stringify(body)?.slice(0, 200)}`
    const { accessor } = exchange
    const here = memberOf(body, 'auth', 'accessor') ?? memberOf(body, 'data', 'accessor')
    if (accessor !== null && here !== undefined) this.#names.set(accessor, here)
    if (exchange.answer === null) return null
    this.#learn(exchange.answer, body, '')
    if (exchange.status === null) return null
    return unlike(exchange.answer, body, '')
  }

  async #ask({ method, target, body, headers, token }: Exchange): Promise<Said> {
    const path = this.#ours(target)
    const shown = this.#tokenOf(token)
    return await send(this.#server.origin, {
      method,
      path: path.startsWith('/') ? path : `/v1/${path}`,
      headers: { ...this.#headers(headers), ...(shown === null ? {} : { 'x-vault-token': shown }) },
      body: body === undefined ? '' : this.#ours(body),
    })
  }

  #headers(given: Exchange['headers']): Exchange['headers'] {
    const bearer = given['Authorization']?.replace('root', this.#server.rootToken)
    return bearer === undefined ? given : { ...given, Authorization: bearer }
  }

  #tokenOf(name: string): string | null {
    if (name === 'root') return this.#server.rootToken
    if (name === 'no token') return null
    if (!/^T\d+$/.test(name)) return name
    const token = this.#tokens.get(name) ?? this.#newest
    this.#tokens.set(name, token)
    return token
  }

  #ours(theirs: string): string {
    let ours = theirs.replaceAll(/s\.<24>|b\.<long>|<JWT>/g, this.#newest)
    for (const [name, here] of this.#names) ours = ours.replaceAll(name, here)
    return ours
  }

  #learn(theirs: unknown, here: unknown, name: string): void {
    if (typeof theirs === 'string' && typeof here === 'string') {
      if (theirs.length > 7 && /accessor|uuid|encryptions|_id$|^id$|^\d$/.test(name))
        this.#names.set(theirs, here)
    } else if (isObject(theirs) && isObject(here)) {
      for (const [member, value] of Object.entries(theirs)) this.#learn(value, here[member], member)
    }
  }
}

interface Said {
  readonly status: number
  readonly body: unknown
}

/** With the path as it stands there: what tidies it up is the server's. */
function send(
  origin: string,
  {
    body,
    ...what
  }: { method: string; path: string; headers: Readonly<Record<string, string>>; body: string },
): Promise<Said> {
  const { promise, resolve, reject } = Promise.withResolvers<Said>()
  const { hostname, port } = new URL(origin)
  const headers = {
    ...what.headers,
    ...(body === '' ? {} : { 'content-length': `${Buffer.byteLength(body)}` }),
  }
  const outgoing = request({ ...what, host: hostname, port, headers, agent: false }, async (incoming) => {
    try {
      const said = await text(incoming)
      resolve({ status: incoming.statusCode ?? 0, body: said.startsWith('{') ? JSON.parse(said) : null })
    } catch (error) {
      reject(error)
    }
  })
  outgoing.on('error', reject)
  outgoing.end(body)
  return promise
}

function unlike(theirs: unknown, here: unknown, name: string): string | null {
  if (isObject(theirs) && isObject(here)) {
    // Ours alone: the code of a refusal, the id of a request.
    const names = new Set(
      [...Object.keys(theirs), ...Object.keys(here)].filter((one) => !/^(?:code|request_id)$/.test(one)),
    )
    for (const member of names) {
      const within = `${name}.${member}`
      if (!(member in theirs)) return `${within} is ours alone`
      if (!(member in here)) return `${within} is not there`
      const fault =
        OWN.test(member) && typeof theirs[member] === typeof here[member]
          ? null
          : unlike(theirs[member], here[member], within)
      if (fault !== null) return fault
    }
    return null
  }
  const [wanted, found] = [JSON.stringify(theirs), JSON.stringify(here)]
  return wanted === found ? null : `${name} is ${found}, and not ${wanted}`
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function memberOf(value: unknown, ...names: readonly string[]): string | undefined {
  let within = value
  for (const name of names) within = isObject(within) ? within[name] : undefined
  return typeof within === 'string' ? within : undefined
}
