import type { Barrier, PlainWrite } from '../barrier/barrier.ts'
import { BarrierView } from '../barrier/view.ts'
import { MAX_WIPED_KEYS } from '../base/limits.ts'
import type { MountEntry } from '../router/mount-table.ts'

/** What mounts keep: each below its own uuid, which no other ever gets. */
export class MountStorage {
  readonly #barrier: Barrier
  readonly #views = new Map<string, BarrierView>()

  constructor(barrier: Barrier) {
    this.#barrier = barrier
  }

  viewOf(entry: MountEntry): BarrierView {
    const view = this.#views.get(entry.uuid) ?? new BarrierView(this.#barrier, prefixOf(entry))
    this.#views.set(entry.uuid, view)
    return view
  }

  /**
   * Removes everything that a mount keeps. Requests that are still under way in it write nothing any more:
   * they would write behind the last look.
   */
  async wipe(entry: MountEntry): Promise<void> {
    this.viewOf(entry).close()
    this.#views.delete(entry.uuid)
    for (;;) {
      const keys = await this.#first(prefixOf(entry), MAX_WIPED_KEYS)
      if (keys.length === 0) return
      await this.#barrier.commit(keys.map((key): PlainWrite => ({ op: 'delete', key })))
    }
  }

  /** The first keys below `prefix`, at most `limit` of them. */
  async #first(prefix: string, limit: number): Promise<readonly string[]> {
    const keys: string[] = []
    for (const name of await this.#barrier.list(prefix, { after: '', limit })) {
      if (name.endsWith('/')) keys.push(...(await this.#first(prefix + name, limit - keys.length)))
      else keys.push(prefix + name)
      if (keys.length >= limit) break
    }
    return keys
  }
}

function prefixOf(entry: MountEntry): string {
  return `logical/${entry.uuid}/`
}
