import type { Call, Route } from '../../../logical/backend.ts'
import { type Fields, readFields } from '../../../logical/field-table.ts'
import type { JsonNode, JsonOut } from '../../../logical/json.ts'
import type { LogicalResponse } from '../../../logical/response.ts'
import { ANYTHING, nullable, shape } from '../../../logical/schema.ts'
import { atSecret } from './paths.ts'
import type { Room } from './room.ts'
import { VERSION_SHAPE } from './shown.ts'
import { findVersion, readValue, shownFound } from './values.ts'

const FIELDS = {
  depth: { type: 'integer', description: 'How deep objects are looked into; 0: to the end.' },
  version: { type: 'integer', description: 'Which version to look into; 0: the newest.' },
} as const satisfies Fields

/** `M/subkeys/P`: the names within a value, without what they stand for (surface.md section 5.2). */
export function subkeysRoute(room: Room): Route {
  return {
    pattern: 'subkeys/*path',
    summary: 'The names within a secret, without their values.',
    access: 'token',
    fields: FIELDS,
    answers: { read: shape({ metadata: VERSION_SHAPE, subkeys: nullable(ANYTHING) }) },
    handlers: { read: (call) => atSecret(call, (path) => read(room, path, call)) },
  }
}

async function read(room: Room, path: string, call: Call): Promise<LogicalResponse | null> {
  const { depth = 0, version = 0 } = readFields(FIELDS, call.request.data)
  const found = await findVersion(room, path, version)
  if (found === null) return null
  const deepest = depth > 0 ? depth : Number.POSITIVE_INFINITY
  return shownFound(found, 'subkeys', (bytes) => {
    const value = readValue(bytes)
    return value.kind === 'object' ? namesIn(value, deepest) : null
  })
}

/** Objects that have members, down to `depth`; everything else is `null`. */
function namesIn(node: JsonNode, depth: number): { readonly [name: string]: JsonOut } | null {
  if (node.kind !== 'object') return null
  const members = [...node.members].map(([name, inner]): [string, JsonOut] => {
    const isShown = depth > 1 && inner.kind === 'object' && inner.members.size > 0
    return [name, isShown ? namesIn(inner, depth - 1) : null]
  })
  return Object.fromEntries(members)
}
