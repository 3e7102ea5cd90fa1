import { fromUtf8, utf8 } from '../base/encoding.ts'
import { MAX_LIST_PAGE } from '../base/limits.ts'
import type { StorageView, ViewWrite } from '../logical/backend.ts'
import { decodeLease, type Lease } from './lease.ts'
import { changesOf, DUE, type Due, decodeDue, deletionsOf, LEASES, writesOf } from './places.ts'

/** The leases as they are stored. Each change of one is a single commit. */
export class LeaseStore {
  readonly #storage: StorageView

  constructor(storage: StorageView) {
    this.#storage = storage
  }

  /** `null` when there is none. Throws `corrupt_entry`. */
  async get(id: string): Promise<Lease | null> {
    if (!isLeaseId(id)) return null
    const stored = await this.#storage.get(LEASES + id)
    return stored === null ? null : decodeLease(id, stored)
  }

  async add(lease: Lease): Promise<void> {
    await this.#storage.commit(writesOf(lease))
  }

  async change(before: Lease, after: Lease): Promise<Lease> {
    await this.#storage.commit(changesOf(before, after))
    return after
  }

  async remove(lease: Lease): Promise<void> {
    await this.#storage.commit(deletionsOf(lease))
  }

  /** For what stands in the indexes alone. */
  async commit(writes: readonly ViewWrite[]): Promise<void> {
    await this.#storage.commit(writes)
  }

  /** The lease id that an index has there. */
  async named(key: string): Promise<string | null> {
    const stored = await this.raw(key)
    return stored === null ? null : fromUtf8(stored)
  }

  /** What a name below `due/` stands for. Throws `corrupt_entry`. */
  async due(name: string): Promise<Due | null> {
    const stored = await this.raw(DUE + name)
    return stored === null ? null : decodeDue(stored)
  }

  async raw(key: string): Promise<Uint8Array | null> {
    return await this.#storage.get(key)
  }

  async page(
    folder: string,
    page: { readonly after: string; readonly limit: number },
  ): Promise<readonly string[]> {
    return await this.#storage.page(folder, page)
  }

  /** Names in `folder` behind `first`, page by page; they may go while one walks. */
  async *names(folder: string, first = ''): AsyncGenerator<string> {
    for (let after = first; ; ) {
      const page = await this.#storage.page(folder, { after, limit: MAX_LIST_PAGE })
      yield* page
      if (page.length < MAX_LIST_PAGE) return
      after = page.at(-1) ?? ''
    }
  }

  /** All keys below a folder, at any depth, relative to it. */
  async *keysBelow(folder: string): AsyncGenerator<string> {
    for await (const name of this.names(folder)) {
      if (!name.endsWith('/')) yield name
      else for await (const below of this.keysBelow(folder + name)) yield name + below
    }
  }
}

/** What can be the key of an entry: ids come from clients. */
export function isLeaseId(text: string): boolean {
  const isPath = text !== '' && text.split('/').every((segment) => segment !== '')
  return isPath && utf8(text).length <= MAX_LEASE_ID_BYTES && text.isWellFormed()
}

/** The longest path that is routed, and room for the suffix. */
const MAX_LEASE_ID_BYTES = 3584 + 100
