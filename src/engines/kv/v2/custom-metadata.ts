import { fromUtf8, utf8 } from '../../../base/encoding.ts'
import { OperatingError } from '../../../base/errors.ts'
import { coerced } from '../../../logical/coercion.ts'
import type { JsonObject } from '../../../logical/json.ts'

const MAX_PAIRS = 64
const MAX_KEY_BYTES = 128
const MAX_VALUE_BYTES = 512
const FAILED = 'custom_metadata validation failed'

/** As Go's `unicode.IsPrint`: letters, marks, numbers, punctuation, symbols, and of spaces the usual one. */
const PRINTABLE = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]*$/u

/** Texts that people write beside a secret; `null`: to be removed. */
type Pairs = ReadonlyMap<string, string | null>

/** As JSON, in the order of the names. Throws `bad_request` with every fault (surface.md section 5.2). */
export function writtenCustomMetadata(given: JsonObject): Uint8Array {
  // What is `null` is an empty text here, and refused as such.
  const pairs = [...pairsOf(given)].map(([name, value]): [string, string] => [name, value ?? ''])
  check(pairs)
  return encode(pairs)
}

/** The same, merged into what is there (RFC 7396). */
export function patchedCustomMetadata(current: Uint8Array | null, given: JsonObject): Uint8Array {
  const changes = pairsOf(given)
  check([...changes].flatMap(([name, value]) => (value === null ? [] : [[name, value] as const])))
  const pairs = new Map<string, string | null>([...decode(current), ...changes])
  const kept = [...pairs].flatMap(([name, value]) => (value === null ? [] : [[name, value] as const]))
  check(kept)
  return encode(kept)
}

function pairsOf(given: JsonObject): Pairs {
  const pairs = new Map<string, string | null>()
  for (const [name, node] of given.members) {
    const text = node.kind === 'null' ? { value: null } : coerced('string', node)
    if ('fault' in text) throw new OperatingError('bad_request', `${FAILED}: ${text.fault}`)
    pairs.set(name, text.value)
  }
  return pairs
}

function check(pairs: readonly (readonly [string, string])[]): void {
  const faults =
    pairs.length > MAX_PAIRS
      ? [`payload must contain at most ${MAX_PAIRS} keys, provided ${pairs.length}`]
      : pairs.flatMap(([name, value]) => faultsOf(name, value))
  if (faults.length === 0) return
  const head = faults.length === 1 ? '1 error occurred:' : `${faults.length} errors occurred:`
  const lines = faults.map((fault) => `\n\t* ${FAILED}: ${fault}`)
  throw new OperatingError('bad_request', `${head}${lines.join('')}\n\n`)
}

function faultsOf(name: string, value: string): readonly string[] {
  const faults: string[] = []
  const shown = quoted(name)
  const [nameBytes, valueBytes] = [utf8(name).length, utf8(value).length]
  if (nameBytes === 0 || nameBytes > MAX_KEY_BYTES) {
    faults.push(`length of key ${shown} is ${nameBytes} but must be 0 < len(key) <= ${MAX_KEY_BYTES}`)
  }
  if (valueBytes === 0 || valueBytes > MAX_VALUE_BYTES) {
    const rule = `must be 0 < len(value) <= ${MAX_VALUE_BYTES}`
    faults.push(`length of value for key ${shown} is ${valueBytes} but ${rule}`)
  }
  if (!PRINTABLE.test(name)) faults.push(`key ${shown} contains unprintable characters`)
  if (!PRINTABLE.test(value)) faults.push(`value for key ${shown} contains unprintable characters`)
  return faults
}

/** A name that is too long is not given back whole. */
function quoted(name: string): string {
  return JSON.stringify(name.length > MAX_KEY_BYTES ? `${name.slice(0, MAX_KEY_BYTES)}…` : name)
}

function encode(pairs: readonly (readonly [string, string])[]): Uint8Array {
  const sorted = [...pairs].sort(([one], [other]) => (one < other ? -1 : 1))
  // Member by member: an object would put names that are numbers first.
  const members = sorted.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`)
  return utf8(`{${members.join(',')}}`)
}

/** Only what `encode` wrote stands in a store. */
function decode(stored: Uint8Array | null): Iterable<readonly [string, string]> {
  if (stored === null) return []
  return Object.entries(JSON.parse(fromUtf8(stored)) as Readonly<Record<string, string>>)
}
