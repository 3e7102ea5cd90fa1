import type { Clock } from '../base/clock.ts'
import { OperatingError } from '../base/errors.ts'
import type { SecretBytes } from '../base/secret-bytes.ts'
import type { MountTtl } from '../logical/backend.ts'
import type { CreationAsk } from '../logical/token-facts.ts'
import { creationTerms } from './creation.ts'
import type { TokenEntry } from './entry.ts'
import type { PolicyNames } from './policy-choice.ts'
import { renewed } from './renewal.ts'
import type { TokenRoles } from './role.ts'
import type { KnownToken, TokenStore } from './store.ts'

export interface DeskPorts {
  readonly tokens: TokenStore
  readonly roles: TokenRoles
  readonly names: PolicyNames
  /** Bounds of the mount at `auth/token/`, as they are tuned now. */
  readonly mount: () => MountTtl
  readonly clock: Clock
}

/** Who asks for a token, and where. */
export interface Asker {
  readonly path: string
  readonly parent: KnownToken
  readonly isSudo: boolean
  readonly makesOrphans: boolean
  /** Name of the role that is to make it; `null` without. */
  readonly role: string | null
}

/** A token that was made or renewed, and what its owner should be told. */
export interface Granted {
  readonly entry: TokenEntry
  readonly warnings: readonly string[]
}

/** Where tokens are asked for: what the routes of `auth/token/` do, besides looking and ending. */
export class TokenDesk {
  readonly #ports: DeskPorts

  constructor(ports: DeskPorts) {
    this.#ports = ports
  }

  /**
   * Makes a token, which the caller owns. `ask.id` is taken. Throws `bad_request` for what the asker may not
   * have, and as `TokenStore.create` does.
   */
  async create(ask: CreationAsk, asker: Asker): Promise<Granted & { readonly token: SecretBytes }> {
    try {
      const { names, mount, clock, tokens } = this.#ports
      const role = asker.role === null ? null : await this.#role(asker.role)
      const context = { ...asker, role, mount: mount(), now: clock.now(), names }
      const { terms, warnings } = creationTerms(ask, context)
      const missing = (await names.missing(terms.policies)).map((name) => `Policy "${name}" does not exist`)
      const { token, known } = await tokens.create(terms, ask.id)
      return { token, entry: known.entry, warnings: [...warnings, ...missing] }
    } catch (error) {
      ask.id?.[Symbol.dispose]()
      throw error
    }
  }

  async #role(name: string): Promise<{ readonly name: string; readonly role: NonNullable<RoleFound> }> {
    const role = await this.#ports.roles.get(name)
    if (role === null) throw new OperatingError('bad_request', `unknown role ${name}`)
    return { name, role }
  }

  /**
   * Gives a token more time, or less; `increment` in seconds, 0 for as much as the last time. Throws
   * `bad_request` for one that cannot be renewed.
   */
  async renew({ key }: { readonly key: string | null }, increment: number): Promise<Granted> {
    if (key === null) throw new OperatingError('bad_request', 'batch tokens cannot be renewed')
    const { roles, mount, clock, tokens } = this.#ports
    let warnings: readonly string[] = []
    const stored = await tokens.change(key, async (current) => {
      const role = current.role === '' ? null : await roles.get(current.role)
      const done = renewed(current, { increment, mount: mount(), role, now: clock.now() })
      warnings = done.warnings
      return done.entry
    })
    return { entry: stored.entry, warnings }
  }
}

type RoleFound = Awaited<ReturnType<TokenRoles['get']>>
