import type { Entropy } from '../base/entropy.ts'
import { OperatingError } from '../base/errors.ts'
import { MAX_MOUNT_ENTRY_BYTES, MAX_MOUNT_MOVES, MAX_MOUNTS } from '../base/limits.ts'
import { Queue } from '../base/queue.ts'
import type { Mounted, MountTtl } from '../logical/backend.ts'
import { canonicalMountPath } from './canonical-path.ts'
import {
  encodeMounts,
  entryBytes,
  type MountConfig,
  type MountEntry,
  type MountTable,
  type NewMount,
  newEntry,
} from './mount-table.ts'

/** A mount that answers. */
export interface LiveMount {
  readonly path: string
  readonly entry: MountEntry
  readonly mounted: Mounted
}

/** What the table of mounts stands on. */
export interface MountPorts {
  readonly entropy: Entropy
  /** Durable when it resolves. */
  readonly store: (table: Uint8Array) => Promise<void>
  /** Makes the engine of an entry; `ttl` is asked whenever it is needed, as it may be tuned. */
  readonly build: (entry: MountEntry, ttl: () => MountTtl) => Mounted
  /** Ends every lease of a mount; `engine` made them. */
  readonly endLeases: (entry: MountEntry, engine: Mounted) => Promise<void>
  /** Removes all that the mount stored, in commits of bounded size; again from the start is harmless. */
  readonly wipe: (entry: MountEntry) => Promise<void>
  /** Told where one of the two failed: the table says what is left to do, and `resume` does it. */
  readonly waits: (error: unknown) => void
  /** Told where work that an engine does behind requests failed; the next request of the mount sees why. */
  readonly stalls: (error: unknown) => void
  readonly systemTtl: MountTtl
  readonly newId: () => string
}

/** How far a mount that is moved has come (surface.md section 4.2). */
export interface Move {
  readonly id: string
  readonly from: string
  readonly to: string
  readonly status: 'in-progress' | 'success' | 'failure'
}

/** What `tune` changes; what is absent stays. */
export interface Tuning {
  readonly description?: string
  readonly options?: Readonly<Record<string, string>>
  readonly config?: Partial<MountConfig>
}

/**
 * The mounts of an open store. Each change is one commit of the table, and what answers changes after it. A
 * mount that is taken away is gone for callers at once; that its data is still to be removed stands in the
 * table until it is done, and is taken up again after a crash.
 */
export class Mounts {
  readonly #ports: MountPorts
  readonly #queue = new Queue()
  readonly #live = new Map<string, LiveMount>()
  readonly #moves = new Map<string, Move>()
  readonly #end = new AbortController()
  #table: MountTable

  constructor(table: MountTable, ports: MountPorts) {
    this.#ports = ports
    this.#table = table
    for (const entry of table.mounts) this.#begin(entry)
  }

  /** By path. The same map for as long as the store is open. */
  get live(): ReadonlyMap<string, LiveMount> {
    return this.#live
  }

  /** In the order of their paths. */
  get entries(): readonly MountEntry[] {
    return this.#table.mounts
  }

  /** The mount at exactly this path, which ends in `/`. */
  at(path: string): LiveMount | null {
    return this.#live.get(path) ?? null
  }

  /** What the mount gives out: its own bounds within those of the system. */
  ttlOf(entry: MountEntry): MountTtl {
    const { systemTtl } = this.#ports
    const config = this.#live.get(entry.path)?.entry.config ?? entry.config
    const maxTtl = config.maxLeaseTtl === 0 ? systemTtl.maxTtl : config.maxLeaseTtl
    const defaultTtl = config.defaultLeaseTtl === 0 ? systemTtl.defaultTtl : config.defaultLeaseTtl
    return { maxTtl, defaultTtl: Math.min(defaultTtl, maxTtl) }
  }

  /** Throws `bad_request` where the path is taken, or none. */
  async mount(mount: NewMount): Promise<void> {
    await this.#queue.run(async () => {
      this.#expectFree(mount.path)
      if (this.#table.mounts.length >= MAX_MOUNTS) throw refused(`there are ${MAX_MOUNTS} mounts already`)
      const entry = newEntry(mount, this.#ports.entropy)
      expectSmall(entry)
      await this.#store({ ...this.#table, mounts: sorted([...this.#table.mounts, entry]) })
      this.#start(this.#begin(entry))
    })
  }

  /** Ends its leases and removes its data; a mount that is not there is none already. */
  async unmount(path: string): Promise<void> {
    await this.#queue.run(async () => {
      const mount = this.at(path)
      if (mount === null) return
      const { mounts, leaving } = this.#table
      const rest = mounts.filter((entry) => entry !== mount.entry)
      await this.#store({ mounts: rest, leaving: [...leaving, mount.entry] })
      this.#live.delete(path)
      await mount.mounted.end?.()
      // It is gone, and stays so: what fails from here on is done later, and is no failure of the caller's.
      await this.#clear(mount.entry, mount.mounted).catch(this.#ports.waits)
    })
  }

  /** Throws `bad_request` for a path where nothing is mounted. */
  async tune(path: string, tuning: Tuning): Promise<void> {
    await this.#queue.run(async () => {
      const mount = this.at(path)
      if (mount === null) throw refused(`no mount at "${path}"`)
      const config = { ...mount.entry.config, ...tuning.config }
      const options = { ...mount.entry.options, ...tuning.options }
      const { description = mount.entry.description } = tuning
      const entry = { ...mount.entry, options, config, description }
      expectSmall(entry)
      await this.#replace(mount.entry, entry)
      const isSame = Object.entries(options).every(([name, value]) => mount.entry.options[name] === value)
      if (isSame) this.#live.set(path, { ...mount, entry })
      else await this.#succeed(mount, entry)
    })
  }

  /**
   * Begins to move a mount; its leases end, as their ids hold the old path. Throws `bad_request` where
   * nothing is at `from`, or something at `to`.
   */
  move(from: string, to: string): Move {
    if (this.at(from) === null) throw refused(`no matching mount at "${from}"`)
    this.#expectFree(to)
    const move: Move = { id: this.#ports.newId(), from, to, status: 'in-progress' }
    this.#note(move)
    void this.#queue
      .run(() => this.#move(move))
      .then(
        () => this.#note({ ...move, status: 'success' }),
        () => this.#note({ ...move, status: 'failure' }),
      )
    return move
  }

  /** Of the newest moves of this process. */
  moveOf(id: string): Move | null {
    return this.#moves.get(id) ?? null
  }

  /** Goes on with what a crash broke off. Beside requests; it rejects as the storage does. */
  async resume(): Promise<void> {
    for (const mount of this.#live.values()) this.#start(mount)
    await this.#queue.run(async () => {
      for (const entry of this.#table.leaving) {
        if (this.#end.signal.aborted) return
        await this.#clear(entry, this.#build(entry))
      }
    })
  }

  /** Work in the background ends. */
  close(): void {
    this.#end.abort()
  }

  async #move({ from, to }: Move): Promise<void> {
    const mount = this.at(from)
    if (mount === null) throw refused(`no matching mount at "${from}"`)
    this.#expectFree(to)
    await this.#ports.endLeases(mount.entry, mount.mounted)
    const entry = { ...mount.entry, path: to }
    await this.#replace(mount.entry, entry)
    await this.#succeed(mount, entry)
  }

  async #clear(entry: MountEntry, engine: Mounted): Promise<void> {
    await this.#ports.endLeases(entry, engine)
    await this.#ports.wipe(entry)
    const { mounts, leaving } = this.#table
    await this.#store({ mounts, leaving: leaving.filter((one) => one.uuid !== entry.uuid) })
  }

  async #replace(old: MountEntry, entry: MountEntry): Promise<void> {
    const { mounts, leaving } = this.#table
    const rest = mounts.filter((one) => one.uuid !== old.uuid)
    await this.#store({ mounts: sorted([...rest, entry]), leaving })
  }

  async #store(table: MountTable): Promise<void> {
    await this.#ports.store(encodeMounts(table))
    this.#table = table
  }

  #build(entry: MountEntry): Mounted {
    return this.#ports.build(entry, () => this.ttlOf(entry))
  }

  #begin(entry: MountEntry): LiveMount {
    const mount = { path: entry.path, entry, mounted: this.#build(entry) }
    this.#live.set(entry.path, mount)
    return mount
  }

  /** Another engine on the same storage, once the one before it writes nothing there any more. */
  async #succeed(mount: LiveMount, entry: MountEntry): Promise<void> {
    await mount.mounted.end?.()
    this.#live.delete(mount.path)
    this.#start(this.#begin(entry))
  }

  #start({ mounted }: LiveMount): void {
    void mounted.start?.(this.#end.signal).catch(this.#ports.stalls)
  }

  #note(move: Move): void {
    this.#moves.delete(move.id)
    const oldest = this.#moves.keys().next()
    if (this.#moves.size >= MAX_MOUNT_MOVES && oldest.done !== true) this.#moves.delete(oldest.value)
    this.#moves.set(move.id, move)
  }

  /** Mounts do not lie within each other: a policy for the one would reach into the other. */
  #expectFree(path: string): void {
    canonicalMountPath(path)
    for (const taken of this.#live.keys()) {
      if (!taken.startsWith(path) && !path.startsWith(taken)) continue
      const shown = taken.startsWith('auth/') ? taken.slice('auth/'.length) : taken
      throw refused(`path is already in use at ${shown}`)
    }
  }
}

/** Every change of any mount writes the entries of all. */
function expectSmall(entry: MountEntry): void {
  if (entryBytes(entry) <= MAX_MOUNT_ENTRY_BYTES) return
  throw refused(`description and settings of a mount have at most ${MAX_MOUNT_ENTRY_BYTES} bytes together`)
}

function sorted(mounts: readonly MountEntry[]): readonly MountEntry[] {
  return [...mounts].sort((one, other) => (one.path < other.path ? -1 : 1))
}

function refused(why: string): OperatingError {
  return new OperatingError('bad_request', why)
}
