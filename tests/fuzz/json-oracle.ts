import type { JsonNode } from '../../src/logical/json.ts'

/** A JSON value without objects: a list begins with `[`, and an object is a list of `{`, names and values. */
export type Flat = string | number | boolean | null | readonly Flat[]

const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\]:,]|[^\s{}[\]:,"]+/gs

/**
 * What `JSON.parse` makes of the bytes, `undefined` where it makes nothing of them. It judges the text; the
 * value is read of a copy without objects, as the engine mistakes names with an escape for others
 * (nodejs/node issue 63785).
 */
export function parsedFlat(input: Uint8Array): { readonly value: Flat } | undefined {
  try {
    // A byte order mark is no white space of JSON, and `TextDecoder` would take it away.
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(input)
    JSON.parse(text)
    return { value: JSON.parse(flatText(text)) as Flat }
  } catch {
    return undefined
  }
}

function flatText(text: string): string {
  let isOpened = false
  return text.replace(TOKEN, (token) => {
    const isEnd = token === '}' || token === ']'
    const comma = isOpened && !isEnd ? ',' : ''
    isOpened = token === '{' || token === '['
    if (isOpened) return `${comma}["${token}"`
    if (isEnd) return ']'
    return token === ':' ? ',' : comma + token
  })
}

/** Ours, in the same shape. */
export function flatNode(node: JsonNode): Flat {
  switch (node.kind) {
    case 'object':
      return ['{', ...[...node.members].flatMap(([name, inner]) => [name, flatNode(inner)])]
    case 'array':
      return ['[', ...node.items.map(flatNode)]
    case 'string':
      return node.text()
    case 'number':
      return Number(node.literal)
    case 'boolean':
      return node.value
    case 'null':
      return null
  }
}

/** A value of the language, in the same shape. */
export function flatValue(value: unknown): Flat {
  if (Array.isArray(value)) return ['[', ...value.map(flatValue)]
  if (typeof value !== 'object' || value === null) return value as Flat
  return ['{', ...Object.entries(value).flatMap(([name, inner]) => [name, flatValue(inner)])]
}

/** The value of the language: with the last of members that repeat. */
export function unflat(flat: Flat): unknown {
  if (!Array.isArray(flat)) return flat
  const [mark, ...rest] = flat as readonly Flat[]
  if (mark === '[') return rest.map(unflat)
  const members: [string, unknown][] = []
  for (let at = 0; at < rest.length; at += 2) members.push([String(rest[at]), unflat(rest[at + 1] ?? null)])
  return Object.fromEntries(members)
}
