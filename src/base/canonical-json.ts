import { assert } from './assert.ts'
import { fromUtf8, utf8 } from './encoding.ts'

/** What a record may hold: no floats, no undefined. */
export type RecordValue =
  | string
  | number
  | boolean
  | null
  | readonly RecordValue[]
  | { readonly [member: string]: RecordValue }

/**
 * RFC 8785 (JSON Canonicalization Scheme) for the values that our records hold: strings, integers below 2^53,
 * booleans, null, lists and objects. Members are sorted by UTF-16 code units, as section 3.2.3 demands.
 */
export function canonicalJson(value: RecordValue): Uint8Array {
  return utf8(render(value))
}

/**
 * Reads bytes that `canonicalJson` could have written, and nothing else: white space, duplicate members,
 * another order of members or another spelling of a number make it return `null`. So one record has one
 * digest.
 */
export function parseCanonicalJson(bytes: Uint8Array): RecordValue | null {
  let value: unknown
  try {
    const text = fromUtf8(bytes)
    value = JSON.parse(text)
    if (!isRecordValue(value)) return null
    // Two texts are the same exactly when their bytes are: both are well-formed, as `JSON.stringify` escapes
    // lone surrogates.
    return render(value) === text ? value : null
  } catch {
    // Not UTF-8 or not JSON: the caller decides what a record that cannot be read means.
    return null
  }
}

function render(value: RecordValue): string {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return JSON.stringify(value)
  if (typeof value === 'number') {
    assert(Number.isSafeInteger(value), 'records hold integers below 2^53')
    return JSON.stringify(value)
  }
  if (isList(value)) return `[${value.map(render).join(',')}]`
  const members = Object.keys(value).sort()
  return `{${members.map((name) => `${JSON.stringify(name)}:${render(value[name] ?? null)}`).join(',')}}`
}

function isList(value: RecordValue): value is readonly RecordValue[] {
  return Array.isArray(value)
}

function isRecordValue(value: unknown): value is RecordValue {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return true
  if (typeof value === 'number') return Number.isSafeInteger(value)
  if (Array.isArray(value)) return value.every(isRecordValue)
  return typeof value === 'object' && Object.values(value).every(isRecordValue)
}
