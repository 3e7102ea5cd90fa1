import { MAX_LIST_PAGE, REVOCATION_COMMIT_WRITES } from '../base/limits.ts'
import type { StorageView, ViewWrite } from '../logical/backend.ts'
import { childrenOf, deletionsOf, entryKey, type StoredToken } from './places.ts'

/** What the end of a tree asks of the room. */
export interface TreePorts {
  readonly storage: StorageView
  /** One commit of the room's own writes and of others', whose keys are whole. */
  readonly commitWith: (own: readonly ViewWrite[], others: readonly ViewWrite[]) => Promise<void>
  /** What hangs on a token and ends with it; whole keys. */
  readonly alongside: (tokenKey: string) => Promise<readonly ViewWrite[]>
  /**
   * The token as it stands once all that is being done with it has been done; `null` when it has gone, or
   * cannot be read.
   */
  readonly settled: (tokenKey: string) => Promise<StoredToken | null>
}

/** A token, and what its end deletes. */
export interface Root {
  readonly key: string
  readonly deletions: readonly ViewWrite[]
}

/** One on the way down. */
interface Frame extends Root {
  children: readonly string[]
  next: number
}

/**
 * Ends a token and all below it, leaves first, in commits of bounded size; the last of them ends the token
 * itself. So wherever it is interrupted, what is left hangs together, and doing it again finishes it. The
 * caller has seen to it that none of these tokens is used meanwhile, and that none gets a child.
 */
export async function endTree(ports: TreePorts, root: Root): Promise<void> {
  const ending = new Ending(ports)
  const path = [await frameOf(ports, root.key, root.deletions)]
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
      await ending.end(frame.key, frame.deletions)
    }
  }
  await ending.commit()
}

/** Ends this token alone; whoever calls has taken care of those below it. */
export async function endOne(ports: TreePorts, token: Root): Promise<void> {
  const ending = new Ending(ports)
  await ending.end(token.key, token.deletions)
  await ending.commit()
}

/** Writes that wait until they are worth a commit. */
class Ending {
  readonly #ports: TreePorts
  #own: ViewWrite[] = []
  #others: ViewWrite[] = []

  constructor(ports: TreePorts) {
    this.#ports = ports
  }

  /**
   * What a token kept goes before it or with it, and never after: nobody could find it any more. Mostly it is
   * one commit.
   */
  async end(key: string, deletions: readonly ViewWrite[]): Promise<void> {
    if (this.#own.length + this.#others.length >= REVOCATION_COMMIT_WRITES) await this.commit()
    const besides = await this.#ports.alongside(key)
    for (const write of besides) {
      if (this.#others.length >= REVOCATION_COMMIT_WRITES) await this.commit()
      this.#others.push(write)
    }
    this.#own.push(...deletions)
  }

  async commit(): Promise<void> {
    const [own, others] = [this.#own, this.#others]
    this.#own = []
    this.#others = []
    if (own.length + others.length > 0) await this.#ports.commitWith(own, others)
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
