import type { Clock, UnixMillis } from '../base/clock.ts'
import { MAX_LIST_PAGE, TOKENS_AT_ONCE } from '../base/limits.ts'
import type { Queues } from '../base/queues.ts'
import type { StorageView, ViewWrite } from '../logical/backend.ts'
import type { KnownTokens } from './known-tokens.ts'
import {
  BEGUN_ENDS,
  changesOf,
  childrenOf,
  DUE,
  dueFolder,
  endOf,
  entryKey,
  type StoredToken,
} from './places.ts'
import { endOne, endTree, type TreePorts } from './revocation.ts'

export interface EndingPorts extends Omit<TreePorts, 'settled'> {
  readonly clock: Clock
}

/** Tokens whose end a process before us began and did not complete, read in pages. */
export async function begunEnds(storage: StorageView): Promise<readonly string[]> {
  const keys: string[] = []
  for (let after: string | undefined = ''; after !== undefined; ) {
    const names = await storage.page(BEGUN_ENDS, { after, limit: MAX_LIST_PAGE })
    for (const name of names) keys.push(entryKey(name))
    after = names.length < MAX_LIST_PAGE ? undefined : names.at(-1)
  }
  return keys
}

/** How tokens end: by somebody's will, with or without those below them, and when their time is over. */
export class TokenEnds {
  readonly #ports: TreePorts
  readonly #known: KnownTokens
  readonly #queues: Queues
  readonly #clock: Clock

  constructor(ports: EndingPorts, known: KnownTokens, queues: Queues) {
    const { storage, commitWith, alongside, clock } = ports
    this.#ports = { storage, commitWith, alongside, settled: (key) => this.#settled(key) }
    this.#known = known
    this.#queues = queues
    this.#clock = clock
  }

  async revoke(key: string): Promise<void> {
    await this.#known.whileEnding(key, () => this.#endTree(key, []))
  }

  async #endTree(key: string, besides: readonly ViewWrite[]): Promise<void> {
    await endTree(this.#ports, { key, token: await this.#settled(key), besides })
  }

  async revokeAlone(key: string): Promise<void> {
    await this.#known.whileEndingAlone(key, async () => {
      const token = await this.#settled(key)
      // Where a tree that it stands in was ended meanwhile, if only for a part, none of it is to come out.
      if (token === null || !(await this.#known.hasAllAbove(token.entry))) return
      await this.#orphanChildren(key)
      await endOne(this.#ports, { key, token, besides: [] })
    })
  }

  async #orphanChildren(parent: string): Promise<void> {
    for (let after = ''; ; ) {
      const names = await this.#ports.storage.page(childrenOf(parent), { after, limit: TOKENS_AT_ONCE })
      await all(names.map((name) => this.#orphan(entryKey(name), childrenOf(parent) + name)))
      const last = names.at(-1)
      if (last === undefined) return
      after = last
    }
  }

  async #orphan(key: string, index: string): Promise<void> {
    while (!(await this.#isOrphaned(key, index))) await this.#known.ownEnd(key)
  }

  /** Whether it was done: beside its own end, which may be deleting it, it is not. */
  async #isOrphaned(key: string, index: string): Promise<boolean> {
    return await this.#queues.run(key, async () => {
      // An end that begins behind this look waits for our turn in the queue.
      if (this.#known.ownEnd(key) !== null) return false
      const stored = await this.#known.readable(key)
      const changes = stored === null ? [] : changesOf(stored, { ...stored.entry, parent: null })
      await this.#ports.commitWith([...changes, deleted(index)], [])
      return true
    })
  }

  async nextDue(): Promise<UnixMillis | null> {
    const [folder] = await this.#ports.storage.page(DUE, { after: '', limit: 1 })
    return folder === undefined ? null : endOf(folder)
  }

  async sweep(now: UnixMillis, limit: number): Promise<number> {
    let ended = 0
    while (ended < limit) {
      const end = await this.nextDue()
      if (end === null || end > now) break
      const page = { after: '', limit: Math.min(limit - ended, TOKENS_AT_ONCE) }
      const names = await this.#ports.storage.page(dueFolder(end), page)
      await all(names.map((name) => this.#sweepOne(entryKey(name), deleted(dueFolder(end) + name))))
      ended += names.length
    }
    return ended
  }

  async #sweepOne(key: string, index: ViewWrite): Promise<void> {
    const stored = await this.#settled(key)
    const { expireTime } = stored?.entry ?? { expireTime: this.#clock.now() }
    // It was renewed since it was listed: its place went with that.
    if (expireTime === null || expireTime > this.#clock.now())
      return await this.#ports.commitWith([index], [])
    await this.#known.whileEnding(key, () => this.#endTree(key, [index]))
  }

  /** Resolves once what is being done with a token has been done. */
  async #settled(key: string): Promise<StoredToken | null> {
    return await this.#queues.run(key, () => this.#known.readable(key))
  }
}

/** Resolves once all have ended, whatever came of each; rejects with the first fault. */
async function all(tasks: readonly Promise<void>[]): Promise<void> {
  for (const outcome of await Promise.allSettled(tasks)) {
    if (outcome.status === 'rejected') throw outcome.reason
  }
}

function deleted(key: string): ViewWrite {
  return { op: 'delete', key }
}
