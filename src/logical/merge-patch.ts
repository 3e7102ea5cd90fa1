import { concat, utf8 } from '../base/encoding.ts'
import type { JsonNode, JsonObject } from './json.ts'

const OPEN = utf8('{')
const CLOSE = utf8('}')
const COMMA = utf8(',')

/**
 * The JSON of `target` with `patch` merged into it (RFC 7396 section 2): objects merge member by member,
 * `null` removes, everything else replaces. What a patch does not touch keeps the bytes that were sent, and
 * no value becomes a string on the way. As deep as the reader lets the two of them be.
 */
export function mergePatch(target: JsonNode | undefined, patch: JsonNode): Uint8Array {
  const pieces: Uint8Array[] = []
  merge(target, patch, pieces)
  return concat(...pieces)
}

function merge(target: JsonNode | undefined, patch: JsonNode, pieces: Uint8Array[]): void {
  if (patch.kind !== 'object') {
    pieces.push(patch.raw)
    return
  }
  const under = target?.kind === 'object' ? target.members : null
  pieces.push(OPEN)
  let isFirst = true
  for (const name of namesOf(under, patch)) {
    const change = patch.members.get(name)
    if (change?.kind === 'null') continue
    pieces.push(...(isFirst ? [] : [COMMA]), utf8(`${JSON.stringify(name)}:`))
    isFirst = false
    const kept = under?.get(name)
    if (change !== undefined) merge(kept, change, pieces)
    else if (kept !== undefined) pieces.push(kept.raw)
  }
  pieces.push(CLOSE)
}

/** Those of the target in their order, then what the patch adds. */
function namesOf(under: JsonObject['members'] | null, patch: JsonObject): ReadonlySet<string> {
  return new Set([...(under?.keys() ?? []), ...patch.members.keys()])
}
