import { MAX_HEAD_BYTES } from '../base/limits.ts'
import { PUT_BACK, verbOfRefused } from './list-verb.ts'

/** How what never became a request is answered. */
export interface ParserRefusal {
  /** Number and phrase. */
  readonly status: string
  /** As of every refusal: JSON, and a line end. */
  readonly body: string
}

/** By the codes of node:http's parser. No sentence has anything of what was sent. */
const SENTENCES: ReadonlyMap<string, string> = new Map([
  [
    'HPE_INVALID_TRANSFER_ENCODING',
    '"chunked" is the only Transfer-Encoding, and no Content-Length stands beside it',
  ],
  ['HPE_INVALID_CONTENT_LENGTH', 'Content-Length is a number of bytes, and no Transfer-Encoding beside it'],
  ['HPE_UNEXPECTED_CONTENT_LENGTH', 'more than one Content-Length'],
  ['HPE_CR_EXPECTED', 'a line has to end in CR LF'],
  ['HPE_LF_EXPECTED', 'a line has to end in CR LF'],
  ['HPE_INVALID_VERSION', 'the first line has to end in HTTP/1.1 or HTTP/1.0, and CR LF'],
  ['HPE_INVALID_CONSTANT', 'the first line has to end in HTTP/1.1 or HTTP/1.0, and CR LF'],
  ['HPE_INVALID_URL', 'the path holds a character that has to be written with %'],
  ['HPE_INVALID_HEADER_TOKEN', 'a header line is malformed'],
  ['HPE_INVALID_CHUNK_SIZE', 'a chunk of the body is malformed'],
])

const NO_HTTP = 'this is no HTTP request'
const LIST_ALONE =
  'LIST, SCAN and HELP have to come whole and alone in one packet, behind the answer to what came before; ' +
  'GET with ?list=true, ?scan=true or ?help=1 asks the same in any way'

/** A method of the characters that methods are made of (RFC 9110 section 9.1), a path, a version. */
const SANE_LINE = /^([\w!#$%&'*+.^`|~-]{1,64}) \/[!-~]* HTTP\/1\.[01]\r\n/
/** Where the parser refuses one of these, it stands partly in what came before: in a body, for example. */
const KNOWN = ['GET', 'HEAD', 'PUT', 'POST', 'PATCH', 'DELETE', 'OPTIONS', ...PUT_BACK]
/** No first line that is looked at is longer. */
const MAX_LINE_BYTES = MAX_HEAD_BYTES

/**
 * The answer to what node:http's parser refused. `isWhole`: the message began in the packet that was refused.
 * An unknown method is 405 as everywhere (surface.md section 1.2); what else the parser takes for one, such
 * as the rest of a body that was too long, is 400.
 */
export function parserRefusal(error: Error & { code?: string }, isWhole: boolean): ParserRefusal {
  const code = error.code ?? ''
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return refusal('408 Request Timeout', 'the request did not come in time')
  if (code === 'HPE_HEADER_OVERFLOW')
    return refusal(
      '431 Request Header Fields Too Large',
      `the head of the request has more than ${MAX_HEAD_BYTES} bytes`,
    )
  if (code !== 'HPE_INVALID_METHOD') return refusal('400 Bad Request', SENTENCES.get(code) ?? NO_HTTP)
  if (!isWhole || verbOfRefused(error) !== null) return refusal('400 Bad Request', LIST_ALONE)
  const [, verb = ''] = SANE_LINE.exec(lineOf(error)) ?? []
  if (verb === '' || KNOWN.includes(verb)) return refusal('400 Bad Request', NO_HTTP)
  return { status: '405 Method Not Allowed', body: '{"errors":[],"code":"unsupported_operation"}\n' }
}

function refusal(status: string, sentence: string): ParserRefusal {
  return { status, body: `${JSON.stringify({ errors: [sentence], code: 'bad_request' })}\n` }
}

/** The line in which the parser stopped, with its end. */
function lineOf(error: Error): string {
  const packet = 'rawPacket' in error && Buffer.isBuffer(error.rawPacket) ? error.rawPacket : null
  const stopped = 'bytesParsed' in error && typeof error.bytesParsed === 'number' ? error.bytesParsed : 0
  if (packet === null) return ''
  const start = stopped === 0 ? 0 : packet.lastIndexOf('\n', stopped - 1) + 1
  return packet.toString('latin1', start, start + MAX_LINE_BYTES)
}
