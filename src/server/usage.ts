import type { Clock, Millis } from '../base/clock.ts'
import { COUNT_PAGE, MAX_COUNTED } from '../base/limits.ts'
import type { Reading } from '../base/meter.ts'
import type { LeaseCounts } from '../lease/count.ts'
import type { MountEntry } from '../router/mount-table.ts'
import type { TokenStore } from '../token/store.ts'

export interface UsagePorts {
  readonly tokens: Pick<TokenStore, 'accessors'>
  readonly leases: { counts(): Promise<LeaseCounts> }
  readonly mounts: { readonly entries: readonly MountEntry[] }
  readonly cluster: { readonly name: string }
  readonly clock: Clock
  /** How old a count may be; `null`: nothing is counted. */
  readonly usagePeriod: Millis | null
}

/**
 * How much there is in an open store, for `sys/metrics`. Tokens and leases are counted by walking over their
 * names, so that is done once a period, by whoever asks first: counting in memory would make every start
 * longer by the walk, and would be off for good after one mistake.
 */
export class Usage {
  readonly #ports: UsagePorts
  #counted: Promise<readonly Reading[]> | null = null
  #countedAt = 0

  constructor(ports: UsagePorts) {
    this.#ports = ports
  }

  async readings(): Promise<readonly Reading[]> {
    return [...mountReadings(this.#ports.mounts.entries), ...(await this.#counts())]
  }

  async #counts(): Promise<readonly Reading[]> {
    const { clock, usagePeriod } = this.#ports
    if (usagePeriod === null) return []
    const now = clock.monotonic()
    if (this.#counted !== null && now - this.#countedAt < usagePeriod) return await this.#counted
    this.#countedAt = now
    const counted = this.#count()
    this.#counted = counted
    // What failed is not kept: the next who asks has it counted again.
    counted.catch(() => {
      if (this.#counted === counted) this.#counted = null
    })
    return await counted
  }

  async #count(): Promise<readonly Reading[]> {
    const { tokens, leases, cluster } = this.#ports
    const stored = await countTokens(tokens)
    const { all, irrevocable } = await leases.counts()
    const labels = { cluster: cluster.name, namespace: 'root' }
    return [
      {
        name: 'vault.token.count',
        help: 'Tokens in the store, batch tokens not among them.',
        value: stored,
        labels,
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
}

async function countTokens(tokens: UsagePorts['tokens']): Promise<number> {
  let count = 0
  for (let after = ''; count < MAX_COUNTED; ) {
    const accessors = await tokens.accessors({ after, limit: COUNT_PAGE })
    count += accessors.length
    const last = accessors.at(-1)
    if (last === undefined || accessors.length < COUNT_PAGE) break
    after = last
  }
  return count
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
