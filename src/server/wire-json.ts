import { utf8 } from '../base/encoding.ts'
import { OperatingError } from '../base/errors.ts'
import { MAX_JSON_DEPTH } from '../base/limits.ts'
import { writeJson } from '../http/json-writer.ts'
import type { JsonPort } from '../logical/json-port.ts'
import { MAX_JSON_VALUES, readJson } from '../logical/json-reader.ts'

/** JSON as it goes over the wire, for rooms that keep it. What is read was written by us. */
export const WIRE_JSON: JsonPort = {
  write: (value) => {
    const { body, wipe } = writeJson(value)
    const bytes = typeof body === 'string' ? utf8(body) : new Uint8Array(body)
    wipe()
    if (typeof body !== 'string') body.fill(0)
    return bytes
  },
  read: (bytes) => {
    const node = readJson(bytes, { maxDepth: MAX_JSON_DEPTH, maxStrings: MAX_JSON_VALUES })
    if (node.kind === 'object') return node
    throw new OperatingError('bad_request', 'failed to decode JSON input: this is no object')
  },
}
