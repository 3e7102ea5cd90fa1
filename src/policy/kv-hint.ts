import type { Act } from './act.ts'
import type { Grant } from './grant.ts'
import { parsePattern } from './pattern.ts'
import { PatternTree } from './pattern-tree.ts'

/** A mount, as far as paths of policies depend on it. */
export interface MountFacts {
  /** Ends in `/`. */
  readonly path: string
  readonly type: string
  readonly options: Readonly<Record<string, string>>
}

/** What paths below a KV 2 mount begin with (surface.md section 5.2). */
const KV2_FOLDERS = [
  'data',
  'metadata',
  'detailed-metadata',
  'subkeys',
  'delete',
  'undelete',
  'destroy',
  'config',
]

/**
 * Sentences for whoever wrote paths of KV 2 as people say them, without the folder that the API has in them
 * (vault#14660): about the path that was asked for, and about rules that would fit it if they had the folder.
 */
export function kvHints(act: Act, rules: readonly Grant[], mounts: readonly MountFacts[]): readonly string[] {
  const mount = kv2MountOf(act.path, mounts)
  if (mount === null) return []
  const wanted = meantPath(act, mount)
  if (wanted !== null)
    return [`nothing is at this path of a KV v2 mount; did you mean ${JSON.stringify(wanted)}?`]
  const [folder = ''] = act.path.slice(mount.length).split('/')
  return rules.flatMap((rule) => {
    const meant = withFolder(rule.path, mount, folder)
    if (meant === null || !fits(meant, act)) return []
    const policies = rule.sources.map(({ policy }) => JSON.stringify(policy)).join(', ')
    return [
      `path ${JSON.stringify(rule.path)} of policy ${policies} matches nothing on a KV v2 mount; ` +
        `did you mean ${JSON.stringify(meant)}?`,
    ]
  })
}

/**
 * What was meant by an act on a path of a KV 2 mount that has no folder; `null` where the path has one, or is
 * none of KV 2. A write may create or change there, and its parameters are others, so that none are kept.
 */
export function kvMeant(act: Act, mounts: readonly MountFacts[]): readonly [Act, ...Act[]] | null {
  const mount = kv2MountOf(act.path, mounts)
  const path = mount === null ? null : meantPath(act, mount)
  if (path === null) return null
  const meant: Act = { ...act, path, sudo: false, data: null }
  if (act.operation !== 'create' && act.operation !== 'update') return [meant]
  return [
    { ...meant, operation: 'create' },
    { ...meant, operation: 'update' },
  ]
}

/** `null` when the path has a folder of KV 2. */
function meantPath(act: Act, mount: string): string | null {
  const below = act.path.slice(mount.length)
  const [folder = ''] = below.split('/')
  return KV2_FOLDERS.includes(folder) ? null : `${mount}${isListing(act) ? 'metadata' : 'data'}/${below}`
}

function kv2MountOf(path: string, mounts: readonly MountFacts[]): string | null {
  const fitting = mounts.filter((mount) => path.startsWith(mount.path))
  const longest = fitting.reduce<MountFacts | null>(
    (best, mount) => (best === null || mount.path.length > best.path.length ? mount : best),
    null,
  )
  return longest?.type === 'kv' && longest.options['version'] === '2' ? longest.path : null
}

/** The path of a rule with the folder in it; `null` when it has one, or may have. */
function withFolder(rule: string, mount: string, folder: string): string | null {
  if (!rule.startsWith(mount)) return null
  const below = rule.slice(mount.length)
  const [first = ''] = below.split('/')
  const mayBeFolder = first.endsWith('*')
    ? KV2_FOLDERS.some((one) => one.startsWith(first.slice(0, -1)))
    : first === '+' || first === '' || KV2_FOLDERS.includes(first)
  return mayBeFolder ? null : `${mount}${folder}/${below}`
}

function fits(rule: string, act: Act): boolean {
  const paths = isListing(act) && act.path.endsWith('/') ? [act.path, act.path.slice(0, -1)] : [act.path]
  const pattern = parsePattern(rule)
  if (pattern === null) return paths.includes(rule)
  const tree = new PatternTree<true>()
  tree.add(pattern, true, true)
  return paths.some((path) => tree.best(path) === true)
}

function isListing({ operation }: Act): boolean {
  return operation === 'list' || operation === 'scan'
}
