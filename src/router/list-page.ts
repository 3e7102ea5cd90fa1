import { utf8 } from '../base/encoding.ts'
import type { JsonNode, JsonObject } from '../logical/json.ts'
import { readJson } from '../logical/json-reader.ts'
import type { LogicalRequest } from '../logical/request.ts'

/** Which page of a list is asked for; what is absent stays as it was sent. */
export interface ListPage {
  readonly limit: number
  readonly after?: string
}

/** The request for this page of the list that it asks for. */
export function withPage(request: LogicalRequest, { limit, after }: ListPage): LogicalRequest {
  const members = new Map<string, JsonNode>([...(request.data?.members ?? [])])
  members.set('limit', nodeOf(limit))
  if (after !== undefined) members.set('after', nodeOf(after))
  return { ...request, data: objectWith(members) }
}

function nodeOf(value: string | number): JsonNode {
  return readJson(utf8(JSON.stringify(value)), { maxDepth: 1, maxStrings: 1 })
}

function objectWith(members: ReadonlyMap<string, JsonNode>): JsonObject {
  const texts = [...members].map(
    ([name, { raw }]) => `${JSON.stringify(name)}:${new TextDecoder().decode(raw)}`,
  )
  return { kind: 'object', members, raw: utf8(`{${texts.join(',')}}`) }
}
