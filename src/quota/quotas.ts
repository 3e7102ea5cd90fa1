import type { Clock } from '../base/clock.ts'
import { OperatingError } from '../base/errors.ts'
import { MAX_QUOTAS } from '../base/limits.ts'
import { Queue } from '../base/queue.ts'
import { sourceOfAddress } from '../base/source-of-address.ts'
import type { StorageView } from '../logical/backend.ts'
import {
  decodeQuotaConfig,
  decodeRateLimit,
  encodeQuotaConfig,
  encodeRateLimit,
  PLAIN_QUOTA_CONFIG,
  type QuotaConfig,
  type RateLimit,
} from './rule.ts'
import { type Allowance, Windows } from './windows.ts'

const CONFIG_KEY = 'config'
const RULES = 'rate-limit/'

interface Limit {
  readonly rule: RateLimit
  readonly windows: Windows
}

/** What a request may do, and what its answer says of it. */
export interface Admission extends Allowance {
  /** Whether the numbers go out as headers. */
  readonly shown: boolean
  /** Name of the rule that it goes by. */
  readonly rule: string
}

/**
 * The rate limits of an open store, kept in memory and behind the barrier. They are asked before a body is
 * read or a token is looked up (CVE-2025-12044), so they know addresses and paths, and nothing else.
 */
export class Quotas {
  readonly #storage: StorageView
  readonly #clock: Clock
  readonly #queue = new Queue()
  readonly #limits = new Map<string, Limit>()
  #config: QuotaConfig = PLAIN_QUOTA_CONFIG

  private constructor(storage: StorageView, clock: Clock) {
    this.#storage = storage
    this.#clock = clock
  }

  /** Throws `corrupt_entry` for a rule that cannot be read: more would be allowed than was meant. */
  static async open(storage: StorageView, clock: Clock): Promise<Quotas> {
    const quotas = new Quotas(storage, clock)
    const config = await storage.get(CONFIG_KEY)
    if (config !== null) quotas.#config = decodeQuotaConfig(config)
    for (const name of await storage.list(RULES)) {
      const stored = await storage.get(RULES + name)
      if (stored !== null) quotas.#keep(decodeRateLimit(stored))
    }
    return quotas
  }

  get config(): QuotaConfig {
    return this.#config
  }

  /** In byte order. */
  get names(): readonly string[] {
    return [...this.#limits.keys()].sort()
  }

  rule(name: string): RateLimit | null {
    return this.#limits.get(name)?.rule ?? null
  }

  /** `null` where no rule holds. `path` is canonical, without `/v1/`; `address` is the peer's, or `unix`. */
  admit(path: string, address: string): Admission | null {
    if (this.#limits.size === 0 || this.#config.exemptPaths.includes(path)) return null
    const limit = this.#mostParticular(path)
    if (limit === null) return null
    const shown = this.#config.responseHeaders
    const taken = limit.windows.take(sourceOfAddress(address), this.#clock.monotonic())
    return { ...taken, shown, rule: limit.rule.name }
  }

  /** Throws `bad_request` where another rule has the same path. Counting begins anew. */
  async put(rule: RateLimit): Promise<void> {
    await this.#queue.run(async () => {
      const same = [...this.#limits.values()].find(
        (one) => one.rule.path === rule.path && one.rule.name !== rule.name,
      )
      if (same !== undefined) {
        const text = `quota rule with similar properties exists under the name "${same.rule.name}"`
        throw new OperatingError('bad_request', text)
      }
      if (this.#limits.size >= MAX_QUOTAS && !this.#limits.has(rule.name)) {
        throw new OperatingError('bad_request', `there are ${MAX_QUOTAS} rate limits already`)
      }
      await this.#storage.commit([{ op: 'put', key: RULES + rule.name, value: encodeRateLimit(rule) }])
      this.#keep(rule)
    })
  }

  async remove(name: string): Promise<void> {
    await this.#queue.run(async () => {
      if (!this.#limits.has(name)) return
      await this.#storage.commit([{ op: 'delete', key: RULES + name }])
      this.#limits.delete(name)
    })
  }

  async configure(change: Partial<QuotaConfig>): Promise<void> {
    await this.#queue.run(async () => {
      const config = { ...this.#config, ...change }
      await this.#storage.commit([{ op: 'put', key: CONFIG_KEY, value: encodeQuotaConfig(config) }])
      this.#config = config
    })
  }

  #keep(rule: RateLimit): void {
    this.#limits.set(rule.name, { rule, windows: new Windows(rule) })
  }

  /** A path before the beginning of one, before a mount, before everything; the longer before the shorter. */
  #mostParticular(path: string): Limit | null {
    let best: Limit | null = null
    for (const limit of this.#limits.values()) {
      if (!fits(limit.rule.path, path)) continue
      if (best === null || rank(limit.rule.path) > rank(best.rule.path)) best = limit
    }
    return best
  }
}

function fits(rule: string, path: string): boolean {
  if (rule === '') return true
  if (rule.endsWith('*')) return path.startsWith(rule.slice(0, -1))
  if (rule.endsWith('/')) return path.startsWith(rule)
  // A list of it is a request for it: lists end in a slash, whether they were sent with it or not.
  return path === rule || path === `${rule}/`
}

function rank(rule: string): number {
  if (rule === '') return 0
  const kind = rule.endsWith('/') ? 1 : rule.endsWith('*') ? 2 : 3
  return kind * 10_000 + rule.length
}
