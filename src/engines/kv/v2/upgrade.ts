import type { Clock } from '../../../base/clock.ts'
import type { StorageView, ViewWrite } from '../../../logical/backend.ts'
import { pathsBelow } from '../names.ts'
import { upgrading } from '../upgrading.ts'
import { decodeEntry } from '../v1/entry.ts'
import { V1_ROOT } from '../v1/kv-v1.ts'
import { type MountSettings, newKey, withVersion } from './key.ts'
import { writesBetween } from './key-writes.ts'
import type { Keys } from './keys.ts'

/** Secrets, and bytes of their values, that are moved in one commit. */
const MAX_SECRETS_AT_ONCE = 100
const MAX_BYTES_AT_ONCE = 4 * 1024 * 1024

/** What is written without versions has no end of its own. */
const NO_SETTINGS: MountSettings = {
  maxVersions: 0,
  casRequired: false,
  metadataCasRequired: false,
  deleteAfter: 0,
}

export interface UpgradePorts {
  readonly storage: StorageView
  readonly clock: Clock
  readonly keys: Keys
}

/**
 * Makes what KV 1 stored in this mount into first versions. What is left of it says how far it came: a crash
 * loses nothing and does nothing twice. Requests wait meanwhile.
 */
export class Upgrade {
  readonly #ports: UpgradePorts
  #isDone = false
  #isEnded = false
  #running: Promise<void> | null = null
  #failure: { readonly error: unknown } | null = null

  constructor(ports: UpgradePorts) {
    this.#ports = ports
  }

  get isDone(): boolean {
    return this.#isDone
  }

  /**
   * Throws what clients come again for while it runs; where it failed, why it did, once, and it tries again.
   */
  async check(): Promise<void> {
    if (this.#running === null && !(await this.#isNeeded())) this.#isDone = true
    if (this.#isDone) return
    const failure = this.#failure
    this.#failure = null
    // Where it fails, the next request is told.
    if (!this.#isEnded) void this.start(null).catch(() => undefined)
    throw failure === null ? upgrading() : failure.error
  }

  /** Resolves when it writes nothing any more: another engine goes on with it. */
  async end(): Promise<void> {
    this.#isEnded = true
    if (this.#running !== null) await Promise.allSettled([this.#running])
  }

  /** Resolves when nothing of KV 1 is left, or it is to end. Rejects as the storage does. */
  async start(signal: AbortSignal | null): Promise<void> {
    if (this.#isDone) return
    this.#running ??= this.#run(signal)
    await this.#running
  }

  async #run(signal: AbortSignal | null): Promise<void> {
    try {
      this.#isDone = await this.#move(signal)
    } catch (error) {
      this.#failure = { error }
      throw error
    } finally {
      this.#running = null
    }
  }

  async #isNeeded(): Promise<boolean> {
    return (await this.#ports.storage.page(V1_ROOT, { after: '', limit: 1 })).length > 0
  }

  /** Whether all of it was moved. */
  async #move(signal: AbortSignal | null): Promise<boolean> {
    let writes: ViewWrite[] = []
    let [secrets, bytes] = [0, 0]
    for await (const path of pathsBelow(this.#ports, V1_ROOT)) {
      if (this.#isEnded || signal?.aborted === true) return false
      const moved = await this.#writesFor(path)
      writes.push(...moved.writes)
      secrets++
      bytes += moved.bytes
      if (secrets < MAX_SECRETS_AT_ONCE && bytes < MAX_BYTES_AT_ONCE) continue
      await this.#ports.storage.commit(writes)
      writes = []
      secrets = 0
      bytes = 0
    }
    if (writes.length > 0) await this.#ports.storage.commit(writes)
    return true
  }

  async #writesFor(path: string): Promise<{ readonly writes: readonly ViewWrite[]; readonly bytes: number }> {
    const { storage, keys, clock } = this.#ports
    const place = V1_ROOT + path
    const stored = await storage.get(place)
    if (stored === null) return { writes: [], bytes: 0 }
    const { data } = decodeEntry(stored)
    const before = await keys.read(path)
    const now = clock.now()
    const after = withVersion(before ?? newKey(now), data.bytes, { mount: NO_SETTINGS, now })
    const writes = [...writesBetween(path, before, after), { op: 'delete', key: place } as const]
    return { writes, bytes: stored.length }
  }
}
