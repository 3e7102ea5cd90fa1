import type { Clock, UnixMillis } from '../base/clock.ts'
import { OperatingError } from '../base/errors.ts'
import { MAX_CACHED_POLICIES } from '../base/limits.ts'
import { type Meter, SILENT_METER } from '../base/meter.ts'
import { Queue } from '../base/queue.ts'
import { Recent } from '../base/recent.ts'
import type { StorageView, ViewWrite } from '../logical/backend.ts'
import type { Acl } from './acl.ts'
import { AclCache } from './acl-cache.ts'
import { DEFAULT_POLICY_TEXT, WRAPPING_POLICY_TEXT } from './built-in.ts'
import type { Subject, TemplateLeave } from './identity-template.ts'
import { parsePolicy } from './parse.ts'
import type { Policy } from './policy.ts'
import { DEFAULT_POLICY, ROOT_POLICY, WRAPPING_POLICY } from './policy-name.ts'
import { decodePolicy, encodePolicy, type StoredPolicy, type WrittenPolicy } from './stored-policy.ts'

/** Keys are relative to the policy room's prefix. */
const ACL_PREFIX = 'acl/'
const NO_LEAVE: TemplateLeave = { slashes: false, wildcards: false }

/** What a policy is to be. */
export interface PolicyChange {
  readonly text: string
  readonly expiration: UnixMillis | null
  /** The version that is changed; -1: there must be none; `null`: whichever. */
  readonly cas: number | null
  /** `null`: as it was. */
  readonly casRequired: boolean | null
  readonly leave: TemplateLeave
}

/** A policy and what decisions need of it. */
interface Kept {
  readonly stored: StoredPolicy
  readonly policy: Policy
}

/**
 * The policies of a store. Names are canonical (`policy-name.ts`) where they come in. `root` gives everything
 * and stands nowhere; `response-wrapping` is built in as well. A policy whose time is over is as if it were
 * not there.
 */
export class PolicyStore {
  readonly #storage: StorageView
  readonly #clock: Clock
  readonly #meter: Meter
  readonly #acls: AclCache
  readonly #changes = new Queue()
  /** `null`: known not to be there. */
  readonly #kept = new Recent<string, Kept | null>(MAX_CACHED_POLICIES)
  /** One more with each change, so that what was read before it is not kept after it. */
  #generation = 0

  constructor(storage: StorageView, clock: Clock, meter: Meter = SILENT_METER) {
    this.#storage = storage
    this.#clock = clock
    this.#meter = meter
    this.#acls = new AclCache(clock, async (name) => (await this.#load(name))?.policy ?? null)
  }

  /** What a new store begins with, for init's one commit. */
  static initialWrites(now: UnixMillis): readonly ViewWrite[] {
    return [putOf({ ...builtIn(DEFAULT_POLICY, DEFAULT_POLICY_TEXT), modified: now })]
  }

  /** `null` when there is none of this name. Throws `corrupt_entry`. */
  async get(name: string): Promise<StoredPolicy | null> {
    const began = this.#meter.now()
    const kept = await this.#load(name)
    this.#meter.since('vault.policy.get_policy', began)
    return kept === null || this.#isOver(kept.stored) ? null : kept.stored
  }

  /** Names that begin with `prefix`, sorted, without those that stand in no store. */
  async names(prefix = ''): Promise<readonly string[]> {
    const began = this.#meter.now()
    const names = new Set([DEFAULT_POLICY, ...(await this.#namesBelow(''))])
    const wanted = [...names].filter((name) => name.startsWith(prefix)).sort()
    const there = await Promise.all(wanted.map((name) => this.get(name)))
    this.#meter.since('vault.policy.list_policies', began)
    return wanted.filter((_, index) => there[index] !== null)
  }

  /** Rules of these policies; for a token's own identity, `subject`. Throws `corrupt_entry`. */
  async aclOf(names: readonly string[], subject: Subject | null): Promise<Acl> {
    return await this.#acls.of(names, subject)
  }

  /** Whether there is a policy of this name, for the warning that there is none. */
  async exists(name: string): Promise<boolean> {
    return name === ROOT_POLICY || (await this.get(name)) !== null
  }

  /** Throws `bad_request` for a policy that nobody changes. */
  refuseFixed(name: string): void {
    if (name === ROOT_POLICY || name === WRAPPING_POLICY) throw refused(`cannot update "${name}" policy`)
  }

  /** Makes or changes a policy, in one commit. Throws `bad_request` for its text, and for `cas`. */
  async put(name: string, change: PolicyChange): Promise<StoredPolicy> {
    this.refuseFixed(name)
    const began = this.#meter.now()
    const rules = parsePolicy(change.text)
    return await this.#changes.run(async () => {
      const existing = await this.get(name)
      checkVersion(existing, change)
      const stored: WrittenPolicy = {
        name,
        text: change.text,
        version: (existing?.version ?? 0) + 1,
        casRequired: change.casRequired ?? existing?.casRequired ?? false,
        modified: this.#clock.now(),
        expiration: change.expiration,
        leave: change.leave,
      }
      await this.#storage.commit([putOf(stored)])
      this.#changed(name, { stored, policy: policyOf(stored, rules) })
      this.#meter.since('vault.policy.set_policy', began)
      return stored
    })
  }

  /** Nothing happens when there is none. Throws `bad_request` for one that must be there. */
  async delete(name: string): Promise<void> {
    if (name === DEFAULT_POLICY) throw refused('cannot delete default policy')
    if (name === ROOT_POLICY || name === WRAPPING_POLICY) throw refused(`cannot delete "${name}" policy`)
    const began = this.#meter.now()
    await this.#changes.run(async () => {
      if ((await this.#storage.get(ACL_PREFIX + name)) === null) return
      await this.#storage.commit([{ op: 'delete', key: ACL_PREFIX + name }])
      this.#changed(name, null)
      this.#meter.since('vault.policy.delete_policy', began)
    })
  }

  async #load(name: string): Promise<Kept | null> {
    const known = this.#kept.get(name)
    if (known !== undefined) return known
    const generation = this.#generation
    const stored = await this.#read(name)
    const kept = stored === null ? null : { stored, policy: policyOf(stored, storedRules(stored)) }
    if (generation === this.#generation) this.#kept.set(name, kept)
    return kept
  }

  async #read(name: string): Promise<StoredPolicy | null> {
    if (name === ROOT_POLICY) return { ...builtIn(ROOT_POLICY, ''), version: 0 }
    if (name === WRAPPING_POLICY) return builtIn(name, WRAPPING_POLICY_TEXT)
    const stored = await this.#storage.get(ACL_PREFIX + name)
    if (stored !== null) return decodePolicy(stored)
    // A store from before there were policies has it as well, until somebody writes it.
    return name === DEFAULT_POLICY ? builtIn(name, DEFAULT_POLICY_TEXT) : null
  }

  #changed(name: string, kept: Kept | null): void {
    this.#generation++
    this.#kept.set(name, kept)
    this.#acls.forget()
  }

  #isOver({ expiration }: StoredPolicy): boolean {
    return expiration !== null && this.#clock.now() >= expiration
  }

  /** Names may have slashes, so that they stand in folders. */
  async #namesBelow(folder: string): Promise<readonly string[]> {
    const names: string[] = []
    for (const name of await this.#storage.list(ACL_PREFIX + folder)) {
      if (name.endsWith('/')) names.push(...(await this.#namesBelow(folder + name)))
      else names.push(folder + name)
    }
    return names
  }
}

function checkVersion(existing: StoredPolicy | null, { cas, casRequired }: PolicyChange): void {
  if (cas === null) {
    if (existing?.casRequired !== true && casRequired !== true) return
    throw refused('check-and-set parameter required for this call')
  }
  if (cas === -1 && existing !== null) throw refused('check-and-set parameter set to -1 on existing entry')
  if (cas === -1 || cas === (existing?.version ?? 0)) return
  throw refused('check-and-set parameter did not match the current version')
}

/** What was a policy when it was written is damaged when it is none now. */
function storedRules({ text, name }: StoredPolicy): Policy['rules'] {
  try {
    return parsePolicy(text)
  } catch (error) {
    throw new OperatingError('corrupt_entry', `the policy "${name}" cannot be read`, { cause: error })
  }
}

function policyOf(stored: StoredPolicy, rules: Policy['rules']): Policy {
  return { name: stored.name, rules, leave: stored.leave, expires: stored.expiration }
}

function putOf(policy: WrittenPolicy): ViewWrite {
  return { op: 'put', key: ACL_PREFIX + policy.name, value: encodePolicy(policy) }
}

function builtIn(name: string, text: string): StoredPolicy {
  return { name, text, version: 1, casRequired: false, modified: null, expiration: null, leave: NO_LEAVE }
}

function refused(fault: string): OperatingError {
  return new OperatingError('bad_request', fault)
}
