import type { Route } from '../logical/backend.ts'

/** A route and what its pattern took out of the path. */
export interface RouteMatch {
  readonly route: Route
  readonly parameters: Readonly<Record<string, string>>
}

/** The first route whose pattern fits the path below the mount; patterns as in `logical/backend.ts`. */
export function matchRoute(routes: readonly Route[], path: string): RouteMatch | null {
  for (const route of routes) {
    const parameters = matchPattern(route.pattern, path)
    if (parameters !== null) return { route, parameters }
  }
  return null
}

/** The mount with the longest prefix, by whole segments: `secret/` is no prefix of `secret2/x`. */
export function matchMount<Mount extends { readonly path: string }>(
  mounts: readonly Mount[],
  path: string,
): Mount | null {
  const fitting = mounts.filter((mount) => path.startsWith(mount.path) || `${path}/` === mount.path)
  return fitting.reduce<Mount | null>(
    (longest, mount) => (longest === null || mount.path.length > longest.path.length ? mount : longest),
    null,
  )
}

function matchPattern(pattern: string, path: string): Record<string, string> | null {
  const parameters: Record<string, string> = {}
  const wanted = pattern.split('/')
  const given = path.split('/')
  for (const [index, segment] of wanted.entries()) {
    const actual = given[index]
    // `data/*path` takes `data/`, whose rest is empty, but not `data`, which has none.
    if (actual === undefined) return null
    if (segment.startsWith('*')) {
      parameters[segment.slice(1)] = given.slice(index).join('/')
      return parameters
    }
    if (segment.startsWith(':') && actual !== '') parameters[segment.slice(1)] = actual
    else if (segment !== actual) return null
  }
  return wanted.length === given.length ? parameters : null
}
