import { MAX_LIST_PAGE, REVOCATION_COMMIT_WRITES } from '../base/limits.ts'
import type { StorageView, ViewWrite } from '../logical/backend.ts'
import { changesOf, childrenOf, deletionsOf, endedForGood, entryKey, type StoredToken } from './places.ts'

/** What the end of a tree asks of the room. */
export interface TreePorts {
  readonly storage: StorageView
  /** One commit of the room's own writes and of others', whose keys are whole. */
  readonly commitWith: (own: readonly ViewWrite[], others: readonly ViewWrite[]) => Promise<void>
  /** What hangs on a token and ends with it, however much that is; whole keys. */
  readonly alongside: (tokenKey: string) => AsyncIterable<ViewWrite>
  /**
   * The token as it stands once all that is being done with it has been done; `null` when it has gone, or
   * cannot be read.
   */
  readonly settled: (tokenKey: string) => Promise<StoredToken | null>
}

/** The token that is to be ended. */
export interface Root {
  readonly key: string
  /** `null` for one that cannot be read, or is not there. */
  readonly token: StoredToken | null
  /** What is deleted with it. */
  readonly besides: readonly ViewWrite[]
}

/** One on the way down. */
interface Frame {
  readonly key: string
  readonly deletions: readonly ViewWrite[]
  children: readonly string[]
  next: number
}

/**
 * Ends a token and all below it, leaves first, in commits of bounded size; the last of them takes the token
 * itself away. Where that takes several, the first one ends the token for good: wherever it is interrupted,
 * it is not good any more, what is left hangs together, and the next sweep finishes it. The caller has seen
 * to it that none of these tokens is used meanwhile, and that none gets a child.
 */
export async function endTree(ports: TreePorts, root: Root): Promise<void> {
  const ending = new Ending(ports, root)
  const path = [await frameOf(ports, root.key, [])]
  for (let frame = path.at(-1); frame !== undefined; frame = path.at(-1)) {
    const name = frame.children[frame.next]
    if (name !== undefined) {
      frame.next++
      const key = entryKey(name)
      const child = await ports.settled(key)
      // One that cannot be read is as good as gone, but what stands below it is not.
      const deletions = child === null ? [key, childrenOf(frame.key) + name].map(deleted) : deletionsOf(child)
      path.push(await frameOf(ports, key, deletions))
    } else if (frame.children.length === MAX_LIST_PAGE) {
      frame.children = await childNames(ports, frame.key, frame.children.at(-1) ?? '')
      frame.next = 0
    } else {
      path.pop()
      if (path.length > 0) await ending.end(frame.key, frame.deletions)
    }
  }
  await ending.finish()
}

/** Ends this token alone, in the same way; whoever calls has taken care of those below it. */
export async function endOne(ports: TreePorts, root: Root): Promise<void> {
  await new Ending(ports, root).finish()
}

/** Writes that wait until they are worth a commit. */
class Ending {
  readonly #ports: TreePorts
  readonly #root: Root
  #isBegun = false
  #own: ViewWrite[] = []
  #others: ViewWrite[] = []

  constructor(ports: TreePorts, root: Root) {
    this.#ports = ports
    this.#root = root
  }

  /**
   * What a token kept goes before it or with it, and never after: nobody could find it any more. Mostly it is
   * one commit.
   */
  async end(key: string, deletions: readonly ViewWrite[]): Promise<void> {
    await this.#endBeside(key)
    this.#own.push(...deletions)
  }

  /** The root's own turn, and the last commit. */
  async finish(): Promise<void> {
    const { key, token, besides } = this.#root
    await this.#endBeside(key)
    const stands = token !== null && this.#isBegun ? endedForGood(token) : token
    this.#own.push(...(stands === null ? [deleted(key)] : deletionsOf(stands)), ...besides)
    await this.#commit()
  }

  async #endBeside(key: string): Promise<void> {
    await this.#commitIfFull()
    for await (const write of this.#ports.alongside(key)) {
      this.#others.push(write)
      await this.#commitIfFull()
    }
  }

  async #commitIfFull(): Promise<void> {
    if (this.#own.length + this.#others.length < REVOCATION_COMMIT_WRITES) return
    const { token } = this.#root
    if (!this.#isBegun && token !== null) this.#own.unshift(...changesOf(token, endedForGood(token).entry))
    this.#isBegun = true
    await this.#commit()
  }

  async #commit(): Promise<void> {
    const [own, others] = [this.#own, this.#others]
    this.#own = []
    this.#others = []
    await this.#ports.commitWith(own, others)
  }
}

async function frameOf(ports: TreePorts, key: string, deletions: readonly ViewWrite[]): Promise<Frame> {
  return { key, deletions, children: await childNames(ports, key, ''), next: 0 }
}

async function childNames(ports: TreePorts, parent: string, after: string): Promise<readonly string[]> {
  return await ports.storage.page(childrenOf(parent), { after, limit: MAX_LIST_PAGE })
}

function deleted(key: string): ViewWrite {
  return { op: 'delete', key }
}
