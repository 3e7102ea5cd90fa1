import type { Clock } from '../base/clock.ts'
import { MAX_CACHED_ACLS } from '../base/limits.ts'
import { Recent } from '../base/recent.ts'
import type { Acl } from './acl.ts'
import { type CompiledAcl, compileAcl } from './compile.ts'
import type { Subject } from './identity-template.ts'
import type { Policy } from './policy.ts'

type Compiled = Recent<string, CompiledAcl>

/** Compiled sets of policies, so that a request does not pay for how many its token has. */
export class AclCache {
  readonly #load: (name: string) => Promise<Policy | null>
  readonly #clock: Clock
  #shared: Compiled = new Recent(MAX_CACHED_ACLS)
  /** Of those whose paths speak of an identity, as long as that is in use. */
  #personal = new WeakMap<Subject, Compiled>()
  /** By the list itself, which a token keeps: the names need not be put together for each request. */
  #byList = new WeakMap<readonly string[], CompiledAcl>()
  #generation = 0

  constructor(clock: Clock, load: (name: string) => Promise<Policy | null>) {
    this.#clock = clock
    this.#load = load
  }

  /** The rules of these policies now. What `load` does not know gives nothing. Throws what it throws. */
  async of(names: readonly string[], subject: Subject | null): Promise<Acl> {
    const listed = subject === null ? this.#byList.get(names) : undefined
    if (listed !== undefined && this.#holds(listed)) return listed.acl
    const sorted = [...new Set(names)].sort()
    const cache = this.#cacheOf(subject)
    const key = sorted.join('\n')
    const known = cache.get(key)
    if (known !== undefined && this.#holds(known)) return known.acl
    const generation = this.#generation
    const policies = await Promise.all(sorted.map((name) => this.#load(name)))
    const compiled = compileAcl(
      policies.filter((policy) => policy !== null),
      this.#clock.now(),
      subject,
    )
    // A policy that changed meanwhile is not in what was read: this answer was asked for before.
    if (generation !== this.#generation) return compiled.acl
    cache.set(key, compiled)
    if (subject === null) this.#byList.set(names, compiled)
    return compiled.acl
  }

  /** A policy has changed, come or gone. */
  forget(): void {
    this.#generation++
    this.#shared = new Recent(MAX_CACHED_ACLS)
    this.#personal = new WeakMap()
    this.#byList = new WeakMap()
  }

  #holds({ until }: CompiledAcl): boolean {
    return until === null || this.#clock.now() < until
  }

  #cacheOf(subject: Subject | null): Compiled {
    if (subject === null) return this.#shared
    const known = this.#personal.get(subject)
    if (known !== undefined) return known
    const made: Compiled = new Recent(MAX_CACHED_ACLS)
    this.#personal.set(subject, made)
    return made
  }
}
