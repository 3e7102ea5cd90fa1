import { utf8 } from '../base/encoding.ts'
import { OperatingError } from '../base/errors.ts'
import { type JsonNode, type JsonObject, type JsonOut, RawJson } from '../logical/json.ts'
import type { LogicalRequest } from '../logical/request.ts'
import type { LogicalResponse } from '../logical/response.ts'
import type { Acl, Decision } from '../policy/acl.ts'
import { plainAct } from '../policy/act.ts'
import { parseKeysFilter } from '../policy/keys-filter.ts'

/** What policies say of a list besides yes (surface.md section 3.2). */
export type ListTerms = Pick<Decision, 'pageLimit' | 'keysFilter'>

const LIMIT = 'limit'

/** The request as its handler gets it: with the limit that its policies give it. */
export function withPage(request: LogicalRequest, { pageLimit }: ListTerms): LogicalRequest {
  if (pageLimit === null) return request
  const literal = String(pageLimit)
  const limit: JsonNode = { kind: 'number', literal, raw: utf8(literal) }
  return { ...request, data: withMember(request.data, LIMIT, limit) }
}

/**
 * The answer as its policies let it out: no more keys than the page has, also where the handler knows no
 * pages, and only those that the caller could read, or list where they end in a slash. An answer that is not
 * such a list is not let out: what cannot be looked through may hold what was to be taken away.
 */
export function withinTerms(
  response: LogicalResponse,
  about: { readonly request: LogicalRequest; readonly terms: ListTerms; readonly acl: Acl },
): LogicalResponse | null {
  const { request, terms, acl } = about
  const { pageLimit, keysFilter } = terms
  const isPaged = pageLimit !== null && pageLimit > 0
  if ((!isPaged && keysFilter === null) || response.data === undefined || response.data === null)
    return response
  const { data } = response
  const given = data instanceof RawJson ? undefined : data['keys']
  if (data instanceof RawJson || !isTexts(given)) throw notAList()
  const page = isPaged ? given.slice(0, pageLimit) : given
  const keys = keysFilter === null ? page : page.filter(isOpen(keysFilter, request.path, acl))
  if (keys.length === given.length) return response
  if (keys.length === 0) return request.operation === 'list' ? null : { ...response, data: {} }
  return { ...response, data: pruned(data, keys) }
}

function isOpen(template: string, path: string, acl: Acl): (key: string) => boolean {
  const filter = parseKeysFilter(template)
  if (filter === null) throw notAList()
  return (key) => {
    const judged = filter.pathFor(path, key)
    return acl.decide(plainAct(judged.endsWith('/') ? 'list' : 'read', judged)).allowed
  }
}

/** What stands beside the keys is of the keys that are left; other members would be of all of them. */
function pruned(
  data: { readonly [member: string]: JsonOut },
  keys: readonly string[],
): { readonly [member: string]: JsonOut } {
  const { key_info: info, ...rest } = data
  const others = Object.keys(rest).filter((name) => name !== 'keys')
  if (others.length > 0) throw notAList()
  if (info === undefined) return { keys }
  if (typeof info !== 'object' || info === null || info instanceof RawJson || Array.isArray(info))
    throw notAList()
  const left = new Set(keys)
  return { keys, key_info: Object.fromEntries(Object.entries(info).filter(([key]) => left.has(key))) }
}

function isTexts(value: JsonOut | undefined): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}

function withMember(data: JsonObject | null, name: string, node: JsonNode): JsonObject {
  const members = new Map([...(data?.members ?? []), [name, node] as const])
  const texts = [...members].map(
    ([key, { raw }]) => `${JSON.stringify(key)}:${new TextDecoder().decode(raw)}`,
  )
  return { kind: 'object', members, raw: utf8(`{${texts.join(',')}}`) }
}

function notAList(): OperatingError {
  return new OperatingError(
    'permission_denied',
    'a policy limits what a list shows here, and this answer is no list of keys that could be limited',
  )
}
