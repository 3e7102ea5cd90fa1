import { concat } from '../../src/base/encoding.ts'
import { MAX_LIST_PAGE } from '../../src/base/limits.ts'
import type {
  BackendContext,
  Call,
  Mounted,
  Route,
  StorageView,
  ViewWrite,
} from '../../src/logical/backend.ts'
import type { JsonObject } from '../../src/logical/json.ts'
import { readJson } from '../../src/logical/json-reader.ts'
import type { Caller, LogicalRequest, Operation } from '../../src/logical/request.ts'
import type { LogicalResponse } from '../../src/logical/response.ts'
import { MemoryBackend } from '../../src/physical/memory/memory-backend.ts'
import { matchRoute } from '../../src/router/match.ts'
import { ORIGIN } from './origin.ts'
import { SeededEntropy } from './seeded-entropy.ts'
import { SimClock } from './sim-clock.ts'

/** A room's storage over a real backend, below a prefix and without encryption. */
export class MemoryView implements StorageView {
  readonly #backend: MemoryBackend
  readonly #prefix: string

  constructor(backend = new MemoryBackend(), prefix = '') {
    this.#backend = backend
    this.#prefix = prefix
  }

  async get(key: string): Promise<Uint8Array | null> {
    return await this.#backend.get(this.#prefix + key)
  }

  async has(key: string): Promise<boolean> {
    return (await this.get(key)) !== null
  }

  async list(prefix: string): Promise<readonly string[]> {
    return await this.page(prefix, { after: '', limit: MAX_LIST_PAGE })
  }

  async page(
    prefix: string,
    page: { readonly after: string; readonly limit: number },
  ): Promise<readonly string[]> {
    return await this.#backend.list(this.#prefix + prefix, page)
  }

  async commit(batch: readonly ViewWrite[]): Promise<void> {
    await this.#backend.commit(batch.map((write) => ({ ...write, key: this.#prefix + write.key })))
  }

  /** Every key and value in one, to look for what must not be there. */
  everything(): Uint8Array {
    const entries = [...this.#backend.snapshot()]
    return concat(...entries.flatMap(([key, value]) => [new TextEncoder().encode(key), value]))
  }

  keys(): readonly string[] {
    return [...this.#backend.snapshot().keys()]
  }
}

/** What an engine gets when it is mounted, on this storage. */
export function contextOn(storage: StorageView): BackendContext {
  const ttl = { defaultTtl: 2_764_800, maxTtl: 2_764_800 }
  return { storage, clock: new SimClock(), entropy: new SeededEntropy('engine'), ttl: () => ttl }
}

/** A body as the listener would hand it in. */
export function bodyOf(json: string): JsonObject {
  const node = readJson(new TextEncoder().encode(json), { maxDepth: 100, maxStrings: 1000 })
  if (node.kind !== 'object') throw new Error('the body of a test is an object')
  return node
}

export interface Asked {
  readonly operation: Operation
  /** Below the mount. */
  readonly path: string
  readonly body?: string
  readonly caller?: Caller | null
  readonly token?: string
}

/** Asks a mount directly, past the router's checks: what is refused here, the engine itself refuses. */
export async function ask(mounted: Mounted, asked: Asked): Promise<LogicalResponse | null> {
  const { call, route } = callOf(mounted, asked)
  const handler = route.handlers[asked.operation]
  if (handler === undefined) throw new Error(`the route has no ${asked.operation}`)
  return await handler(call)
}

/** What the route says about whether the path is there. */
export async function exists(mounted: Mounted, asked: Asked): Promise<boolean | undefined> {
  const { call, route } = callOf(mounted, asked)
  return await route.exists?.(call)
}

function callOf(mounted: Mounted, asked: Asked): { readonly call: Call; readonly route: Route } {
  const match = matchRoute(mounted.routes, asked.path)
  if (match === null) throw new Error('no route takes the path')
  const request: LogicalRequest = {
    id: 'request',
    operation: asked.operation,
    path: asked.path,
    data: asked.body === undefined ? null : bodyOf(asked.body),
    wrap: null,
    token: asked.token ?? null,
    origin: ORIGIN,
  }
  return { call: { request, parameters: match.parameters, caller: asked.caller ?? null }, route: match.route }
}
