import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A profile of V8 (`--cpu-prof`), as far as it is read here. */
interface Profile {
  readonly nodes: readonly ProfileNode[]
  readonly samples: readonly number[]
  /** Microseconds before each sample. */
  readonly timeDeltas: readonly number[]
}

interface ProfileNode {
  readonly id: number
  readonly callFrame: { readonly functionName: string; readonly url: string }
  readonly children?: readonly number[]
}

/** Where the main thread spent its time, in microseconds by part, over the last `seconds` of a profile. */
export function timeByRoom(folder: string, seconds: number): ReadonlyMap<string, number> {
  const [file] = readdirSync(folder).filter((name) => name.endsWith('.cpuprofile'))
  const profile: Profile = JSON.parse(readFileSync(join(folder, file ?? ''), 'utf8'))
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]))
  const parents = new Map(
    profile.nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id])),
  )
  const total = profile.timeDeltas.reduce((sum, delta) => sum + delta, 0)
  const spent = new Map<string, number>()
  let at = 0
  for (const [index, id] of profile.samples.entries()) {
    const delta = profile.timeDeltas[index] ?? 0
    at += delta
    const part = at < total - seconds * 1e6 ? null : partOf(id, nodes, parents)
    if (part !== null) spent.set(part, (spent.get(part) ?? 0) + delta)
  }
  return spent
}

const WRITES = new Set(['writev', 'writeBuffer', 'writeLatin1String', 'writeUtf8String'])

/** The nearest caller that is ours says what it was for; `null` for waiting. */
function partOf(
  leaf: number,
  nodes: ReadonlyMap<number, ProfileNode>,
  parents: ReadonlyMap<number, number>,
): string | null {
  const name = nodes.get(leaf)?.callFrame.functionName ?? ''
  if (name === '(idle)') return null
  if (name === '(garbage collector)') return 'garbage collection'
  if (name === '(program)') return 'the engine itself'
  if (WRITES.has(name)) return 'the system call that sends the answer'
  for (let id: number | undefined = leaf; id !== undefined; id = parents.get(id)) {
    const frame = nodes.get(id)?.callFrame
    const path = /\/(?:dist|src)\/([\w/-]+)\.[jt]s$/.exec(frame?.url ?? '')?.[1]
    if (path !== undefined) return roomOf(path, frame?.functionName ?? '')
  }
  return 'node:http, streams, events'
}

const CRYPTO: ReadonlyMap<string, string> = new Map([
  ['open', 'AES-256-GCM: open'],
  ['seal', 'AES-256-GCM: seal'],
  ['mac', 'HMAC of the token'],
])

/** Files that many rooms call are named for what they do. */
function roomOf(path: string, functionName: string): string {
  if (path.startsWith('crypto/node/')) return CRYPTO.get(functionName) ?? 'other cryptography'
  if (path === 'base/canonical-json') return 'records as canonical JSON'
  if (path.startsWith('base/')) return 'encodings, lengths, errors (base)'
  if (path.startsWith('physical/sqlite/reader')) return 'SQLite: look-ups'
  if (path.startsWith('physical/')) return 'messages to and from the writer'
  if (path.startsWith('http/json-') || path === 'http/body') return 'JSON and bodies (http)'
  return path.split('/')[0] ?? path
}
