import { OperatingError } from '../base/errors.ts'
import { type JsonOut, RawJson } from '../logical/json.ts'
import type { LogicalResponse } from '../logical/response.ts'

/** A list of keys, as far as it can be limited and filtered. */
export interface KeyList {
  readonly keys: readonly string[]
  /** What is known of each, where the list tells it. */
  readonly info: { readonly [key: string]: JsonOut } | null
}

/** Throws `permission_denied` for what is no list of keys; a list of none may be without `keys`. */
export function keyListOf({ data }: LogicalResponse): KeyList {
  if (data === undefined || data === null) return { keys: [], info: null }
  if (data instanceof RawJson) throw notAList()
  const { keys = [], key_info: info, ...others } = data
  if (!isTexts(keys) || Object.keys(others).length > 0) throw notAList()
  if (info === undefined) return { keys, info: null }
  if (typeof info !== 'object' || info === null || info instanceof RawJson || Array.isArray(info))
    throw notAList()
  return { keys, info: info as KeyList['info'] }
}

/** What stands beside the keys is of the keys that are there; other members would be of all of them. */
export function dataOf({ keys, info }: KeyList): NonNullable<LogicalResponse['data']> {
  if (info === null) return { keys }
  const left = new Set(keys)
  return { keys, key_info: Object.fromEntries(Object.entries(info).filter(([key]) => left.has(key))) }
}

export function isTexts(value: JsonOut | undefined): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}

export function notAList(): OperatingError {
  return new OperatingError(
    'permission_denied',
    'a policy limits what a list shows here, and this answer is no list of keys that could be limited',
  )
}
