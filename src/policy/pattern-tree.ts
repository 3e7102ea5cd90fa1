import { ANY_SEGMENT, comparePatterns, type Pattern } from './pattern.ts'

interface Entry<Value> {
  readonly pattern: Pattern
  readonly value: Value
}

interface Node<Value> {
  readonly children: Map<string, Node<Value>>
  plus: Node<Value> | null
  /** The pattern that ends here, as a whole. */
  whole: Entry<Value> | null
  /** Patterns that end in `*` within the next segment, by what stands before it. */
  readonly globs: Map<string, Entry<Value>>
  /** Lengths of those beginnings, the longest first. */
  stemLengths: readonly number[]
  /** Whether a pattern that gives something lies below. */
  gives: boolean
}

/**
 * Patterns by their segments. A search visits what fits and nothing else, so that it takes as long with a
 * thousand policies as with one.
 */
export class PatternTree<Value> {
  readonly #root = newNode<Value>()

  /** A pattern stands here once. `gives`: whether it counts for `hasBelow`. */
  add(pattern: Pattern, value: Value, gives: boolean): void {
    const { segments, isGlob } = pattern
    let node = this.#root
    for (const segment of segments.slice(0, -1)) {
      node.gives ||= gives
      node = below(node, segment)
    }
    node.gives ||= gives
    const last = segments.at(-1) ?? ''
    if (!isGlob) below(node, last).whole = { pattern, value }
    else {
      node.globs.set(last, { pattern, value })
      if (!node.stemLengths.includes(last.length)) {
        node.stemLengths = [...node.stemLengths, last.length].sort((left, right) => right - left)
      }
    }
  }

  /** The value of the preferred pattern among those that fit; `null` when none does. */
  best(path: string): Value | null {
    return search(this.#root, { segments: path.split('/'), at: 0 }, null)?.value ?? null
  }

  /** Whether a pattern that gives something lies below a folder; `prefix` ends in `/`. */
  hasBelow(prefix: string): boolean {
    let nodes: readonly Node<Value>[] = [this.#root]
    for (const segment of prefix.split('/').slice(0, -1)) {
      nodes = nodes.flatMap(({ children, plus }) => {
        const child = children.get(segment)
        return [...(child === undefined ? [] : [child]), ...(plus === null ? [] : [plus])]
      })
    }
    return nodes.some((node) => node.gives)
  }
}

function newNode<Value>(): Node<Value> {
  return { children: new Map(), plus: null, whole: null, globs: new Map(), stemLengths: [], gives: false }
}

function below<Value>(node: Node<Value>, segment: string): Node<Value> {
  if (segment === ANY_SEGMENT) {
    node.plus ??= newNode()
    return node.plus
  }
  const known = node.children.get(segment)
  if (known !== undefined) return known
  const made = newNode<Value>()
  node.children.set(segment, made)
  return made
}

function search<Value>(
  node: Node<Value>,
  place: { readonly segments: readonly string[]; readonly at: number },
  best: Entry<Value> | null,
): Entry<Value> | null {
  const { segments, at } = place
  const segment = segments[at]
  if (segment === undefined) return preferred(best, node.whole)
  let found = preferred(best, globOf(node, segment))
  const next = { segments, at: at + 1 }
  const child = node.children.get(segment)
  if (child !== undefined) found = search(child, next, found)
  return node.plus === null ? found : search(node.plus, next, found)
}

/** Among globs of one place the longest beginning is preferred. */
function globOf<Value>(node: Node<Value>, segment: string): Entry<Value> | null {
  for (const length of node.stemLengths) {
    const glob = length <= segment.length ? node.globs.get(segment.slice(0, length)) : undefined
    if (glob !== undefined) return glob
  }
  return null
}

function preferred<Value>(best: Entry<Value> | null, other: Entry<Value> | null): Entry<Value> | null {
  if (best === null || other === null) return best ?? other
  return comparePatterns(best.pattern, other.pattern) > 0 ? best : other
}
