import { type Clock, type Millis, millis } from '../base/clock.ts'
import { countNames } from '../base/count-names.ts'
import { OperatingError } from '../base/errors.ts'
import { COUNT_WAIT_MS } from '../base/limits.ts'
import type { Reading } from '../base/meter.ts'
import type { Leases } from '../lease/leases.ts'
import type { MountEntry } from '../router/mount-table.ts'
import type { TokenStore } from '../token/store.ts'

export interface UsagePorts {
  readonly tokens: Pick<TokenStore, 'accessors'>
  readonly leases: Pick<Leases, 'counts'>
  readonly mounts: { readonly entries: readonly MountEntry[] }
  readonly cluster: { readonly name: string }
  readonly clock: Clock
  /** How old a count may be; `null`: nothing is counted. */
  readonly usagePeriod: Millis | null
}

/**
 * How much there is in an open store, for `sys/metrics`. Tokens and leases are counted by walking over their
 * names, so that is done once a period, for whoever asks first: counting in memory would make every start
 * longer by the walk, and would be off for good after one mistake.
 */
export class Usage {
  readonly #ports: UsagePorts
  #counts: readonly Reading[] = []
  #countedAt = Number.NEGATIVE_INFINITY
  #counting: Promise<void> | null = null

  constructor(ports: UsagePorts) {
    this.#ports = ports
  }

  /** Without counts where there are none yet, or where the storage cannot be read. */
  async readings(): Promise<readonly Reading[]> {
    const { usagePeriod, mounts, clock } = this.#ports
    if (usagePeriod !== null) {
      const isOld = clock.monotonic() - this.#countedAt >= usagePeriod
      if (isOld && this.#counting === null) this.#counting = this.#count()
      if (this.#counting !== null) await this.#wait(this.#counting)
    }
    return [...mountReadings(mounts.entries), ...this.#counts]
  }

  async #wait(counting: Promise<void>): Promise<void> {
    const done = new AbortController()
    try {
      await Promise.race([counting, this.#ports.clock.sleep(millis(COUNT_WAIT_MS), done.signal)])
    } finally {
      done.abort()
    }
  }

  async #count(): Promise<void> {
    const { tokens, leases, cluster, clock } = this.#ports
    const pause = (): Promise<void> => clock.sleep(millis(0))
    try {
      const stored = await countNames((page) => tokens.accessors(page), pause)
      const { all, irrevocable } = await leases.counts(pause)
      this.#counts = countReadings({ stored, all, irrevocable, cluster: cluster.name })
      this.#countedAt = clock.monotonic()
    } catch (error) {
      if (!(error instanceof OperatingError)) throw error
      // All other metrics are wanted the more while the storage is in trouble. The next has it tried again.
      this.#counts = []
    } finally {
      this.#counting = null
    }
  }
}

function countReadings(counted: {
  readonly stored: number
  readonly all: number
  readonly irrevocable: number
  readonly cluster: string
}): readonly Reading[] {
  const { stored, all, irrevocable, cluster } = counted
  return [
    {
      name: 'vault.token.count',
      help: 'Tokens in the store, batch tokens not among them.',
      value: stored,
      labels: { cluster, namespace: 'root' },
    },
    { name: 'vault.expire.num_leases', help: 'Tokens and leases.', value: stored + all, labels: {} },
    {
      name: 'vault.expire.num_irrevocable_leases',
      help: 'Leases whose secrets could not be ended.',
      value: irrevocable,
      labels: {},
    },
  ]
}

function mountReadings(entries: readonly MountEntry[]): readonly Reading[] {
  return ['auth', 'logical'].flatMap((type) =>
    [true, false].map((local) => ({
      name: 'vault.core.mount_table.num_entries',
      help: 'Mounts by kind.',
      labels: { type, local: String(local) },
      value: entries.filter(
        (one) => one.local === local && one.path.startsWith('auth/') === (type === 'auth'),
      ).length,
    })),
  )
}
