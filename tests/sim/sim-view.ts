import type { StorageView, ViewWrite } from '../../src/logical/backend.ts'
import { SimStorage } from './sim-storage.ts'

/** A room's storage on a disk that fails where a test says: without a prefix, and without encryption. */
export class SimView implements StorageView {
  readonly disk: SimStorage
  /** How many commits were asked for. */
  commits = 0

  constructor(disk = new SimStorage()) {
    this.disk = disk
  }

  async get(key: string): Promise<Uint8Array | null> {
    return await this.disk.get(key)
  }

  async has(key: string): Promise<boolean> {
    return (await this.get(key)) !== null
  }

  async list(prefix: string): Promise<readonly string[]> {
    return await this.page(prefix, { after: '', limit: 10_000 })
  }

  async page(
    prefix: string,
    page: { readonly after: string; readonly limit: number },
  ): Promise<readonly string[]> {
    return await this.disk.list(prefix, page)
  }

  async commit(batch: readonly ViewWrite[]): Promise<void> {
    this.commits++
    await this.disk.commit(batch)
  }

  /** All that a new process would find, in a form that can be compared. */
  found(): Readonly<Record<string, string>> {
    const entries = [...this.disk.entries].sort(([one], [other]) => (one < other ? -1 : 1))
    return Object.fromEntries(entries.map(([key, value]) => [key, Buffer.from(value).toString('latin1')]))
  }
}
