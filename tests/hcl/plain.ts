import type { Body, Value } from '../../src/hcl/value.ts'

/** A value as `JSON.parse` would give it of the JSON form. */
export function plainValue(value: Value): unknown {
  switch (value.kind) {
    case 'text':
      return value.text
    case 'number':
      return value.number
    case 'boolean':
      return value.boolean
    case 'list':
      return value.items.map(plainValue)
    case 'object':
      return plainBody(value.body)
  }
}

export function plainBody(body: Body): unknown {
  return Object.fromEntries(body.map(({ name, value }) => [name, plainValue(value)]))
}
