import type { JsonNode, JsonOut } from '../../src/logical/json.ts'

/** What `JSON.parse` would have made of a node. */
export function plainJson(node: JsonNode): JsonOut {
  switch (node.kind) {
    case 'object':
      return Object.fromEntries([...node.members].map(([name, inner]) => [name, plainJson(inner)]))
    case 'array':
      return node.items.map(plainJson)
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
