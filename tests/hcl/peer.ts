import { createRequire } from 'node:module'
import type { Body, Value } from '../../src/hcl/value.ts'

/** What the first implementation of HCL 1 makes of a document: its tree in one spelling, or `null`. */
export function peerTree(document: string): string | null {
  try {
    const [tree, error] = peer.parse(document)
    return error === null ? spelling(tree) : null
  } catch {
    // It panics where its scanner let through what it cannot decode.
    return null
  }
}

/** Our tree, in the shape and spelling that the other one gives it. */
export function ourTree(body: Body): string {
  return spelling(shapeOf(body))
}

/** That implementation, compiled from Go to JavaScript. */
interface Peer {
  parse(document: string): readonly [tree: unknown, error: unknown]
}

const peer = createRequire(import.meta.url)('hcl-parser') as Peer

type Shape = string | number | boolean | readonly Shape[] | { readonly [name: string]: Shape }

/** Objects behind a name are a list of all those behind that name; labels are names within each other. */
function shapeOf(body: Body): Shape {
  const shape = Object.create(null) as Record<string, Shape>
  for (const item of body) {
    if (item.value.kind !== 'object') {
      shape[item.name] = plain(item.value)
      continue
    }
    const labels = item.form === 'block' ? item.labels : []
    const wrap = (inner: Shape, { text }: { readonly text: string }): Shape => ({ [text]: [inner] })
    const known = shape[item.name]
    const added = labels.toReversed().reduce(wrap, shapeOf(item.value.body))
    shape[item.name] = [...(Array.isArray(known) ? known : []), added]
  }
  return shape
}

function plain(value: Value): Shape {
  switch (value.kind) {
    case 'text':
      return value.text
    case 'number':
      return value.number
    case 'boolean':
      return value.boolean
    case 'list':
      return value.items.map(plain)
    case 'object':
      return shapeOf(value.body)
  }
}

function spelling(tree: unknown): string {
  return JSON.stringify(tree, (_name, value: unknown) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
    return Object.fromEntries(Object.entries(value).sort(([one], [two]) => (one < two ? -1 : 1)))
  })
}
