import type { Route } from '../logical/backend.ts'

/** A route and what its pattern took out of the path. */
export interface RouteMatch {
  readonly route: Route
  readonly parameters: Readonly<Record<string, string>>
}

/** The first route whose pattern fits the path below the mount; patterns as in `logical/backend.ts`. */
export function matchRoute(routes: readonly Route[], path: string): RouteMatch | null {
  const given = path.split('/')
  for (const route of routes) {
    const parameters = matchPattern(wantedBy(route), given)
    if (parameters !== null) return { route, parameters }
  }
  return null
}

/** Segments of patterns: `sys/` has a hundred and more, which every request below it is held against. */
const WANTED = new WeakMap<Route, readonly string[]>()

function wantedBy(route: Route): readonly string[] {
  const known = WANTED.get(route)
  if (known !== undefined) return known
  const wanted = route.pattern.split('/')
  WANTED.set(route, wanted)
  return wanted
}

/**
 * The mount with the longest prefix, by whole segments: `secret/` is no prefix of `secret2/x`. One look-up a
 * segment, however many mounts there are.
 */
export function matchMount<Mount>(mounts: ReadonlyMap<string, Mount>, path: string): Mount | null {
  const exact = path.endsWith('/') ? mounts.get(path) : mounts.get(`${path}/`)
  if (exact !== undefined) return exact
  for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
    const mount = mounts.get(path.slice(0, end + 1))
    if (mount !== undefined) return mount
  }
  return null
}

function matchPattern(wanted: readonly string[], given: readonly string[]): Record<string, string> | null {
  const parameters: Record<string, string> = {}
  for (const [index, segment] of wanted.entries()) {
    const actual = given[index]
    // `data/*path` takes `data/`, whose rest is empty, but not `data`, which has none.
    if (actual === undefined) return null
    if (segment.startsWith('*')) return matchRest({ parameters, wanted, given, index })
    if (segment.startsWith(':') && actual !== '') parameters[segment.slice(1)] = actual
    else if (segment !== actual) return null
  }
  return wanted.length === given.length ? parameters : null
}

/** What a `*` takes: all that the literal segments behind it leave. */
function matchRest(at: {
  readonly parameters: Readonly<Record<string, string>>
  readonly wanted: readonly string[]
  readonly given: readonly string[]
  readonly index: number
}): Record<string, string> | null {
  const { parameters, wanted, given, index } = at
  const tail = wanted.slice(index + 1)
  const end = given.length - tail.length
  if (end < index + 1 || tail.some((segment, offset) => given[end + offset] !== segment)) return null
  return { ...parameters, [wanted[index]?.slice(1) ?? '']: given.slice(index, end).join('/') }
}
