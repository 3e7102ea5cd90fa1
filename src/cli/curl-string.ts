import { fromUtf8 } from '../base/encoding.ts'
import { isMembers } from '../client/answers.ts'
import { parseExactly } from '../client/json-numbers.ts'
import type { NotSent } from '../client/not-sent.ts'
import { EXIT_OK } from './failure.ts'
import { type CliIo, put, say } from './io.ts'

/** In the place of every value of a body. */
const LEFT_OUT = '…'

/**
 * Prints a request as a line for curl. The token is asked of `conclave print token` when the line runs, and
 * the body is read from standard input: what a body holds may be a secret, which is shown nowhere and belongs
 * into no list of processes.
 */
export async function putCurl(io: CliIo, { outgoing, url, socketPath }: NotSent): Promise<number> {
  const { method, headers, body } = outgoing
  const words = [
    'curl',
    ...(method === 'GET' ? [] : ['-X', method]),
    ...(socketPath === null ? [] : ['--unix-socket', quoted(socketPath)]),
    ...Object.entries(headers).flatMap(([name, value]) => ['-H', header(name, value)]),
    ...(body === null ? [] : ['--data-binary', '@-']),
    quoted(url),
  ]
  await put(io, `${words.join(' ')}\n`)
  if (body !== null) say(io, `Nothing was sent. curl waits for this on standard input: ${shapeOf(body)}`)
  return EXIT_OK
}

function header(name: string, value: string): string {
  return name === 'X-Vault-Token' ? '"X-Vault-Token: $(conclave print token)"' : quoted(`${name}: ${value}`)
}

/** POSIX.1-2017, Shell & Utilities, section 2.2.2. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}

/** The JSON of a body with its members and without its values. */
function shapeOf(body: Uint8Array): string {
  return JSON.stringify(withoutValues(parseExactly(fromUtf8(body))))
}

function withoutValues(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutValues)
  if (!isMembers(value)) return LEFT_OUT
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, withoutValues(member)]))
}
