import { type BigIntStats, lstatSync } from 'node:fs'
import { basename } from 'node:path'
import { OperatingError } from '../../base/errors.ts'

/** Of the files that are there as long as a server has the store: without its lock another could take it. */
export const LASTING = ['', '.lock'] as const
/** Of all that is written; the log goes, and comes anew, with the last connection. */
export const WRITTEN = [...LASTING, '-wal'] as const

interface Known {
  readonly device: bigint
  readonly file: bigint
  /** Bytes; it only grows, but by our own hand. */
  size: bigint
}

/**
 * The files of a store as this process opened them. A system lets a file be removed, replaced or cut short
 * while it is open, and SQLite would go on writing where nobody ever looks again; so they are looked at
 * before every commit (sqlite.org/howtocorrupt.html section 4). The connections hold them open, so that no
 * other file gets their numbers.
 */
export class StoreFiles {
  readonly #known = new Map<string, Known | null>()

  /**
   * `path` is that of `conclave.db`, to which each of `ends` is put. What is not there yet is known from the
   * first `note` that finds it.
   */
  constructor(path: string, ends: readonly string[]) {
    for (const end of ends) this.#known.set(path + end, null)
    this.note()
  }

  /** Remembers how long the files have become. Called after whatever we do to them ourselves. */
  note(): void {
    for (const [path, known] of this.#known) {
      const now = look(path)
      if (now === null) continue
      if (known === null) this.#known.set(path, { device: now.dev, file: now.ino, size: now.size })
      else if (isSame(known, now)) known.size = now.size
    }
  }

  /** Throws `store_removed`, which says of which file and what, where one is not what it was. */
  expectInPlace(): void {
    for (const [path, known] of this.#known) {
      if (known === null) continue
      const now = look(path)
      if (now === null) throw removed(path, 'removed or moved away')
      if (!isSame(known, now)) throw removed(path, 'replaced by another file')
      if (now.size < known.size) throw removed(path, 'cut short')
    }
  }
}

function look(path: string): BigIntStats | null {
  try {
    return lstatSync(path, { bigint: true, throwIfNoEntry: false }) ?? null
  } catch {
    // Whatever hides it: under this path the store is not to be found.
    return null
  }
}

function isSame({ device, file }: Known, now: BigIntStats): boolean {
  return device === now.dev && file === now.ino
}

function removed(path: string, how: string): OperatingError {
  return new OperatingError(
    'store_removed',
    `${basename(path)} was ${how} beneath the server, which writes nothing any more: put it back as it ` +
      'was, or stop the server and start it on the newest snapshot',
    { detail: { file: path } },
  )
}
