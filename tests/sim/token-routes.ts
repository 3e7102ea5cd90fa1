import { AuditBroker } from '../../src/audit/broker.ts'
import { tokenAuth } from '../../src/auth/token/token-auth.ts'
import { utf8 } from '../../src/base/encoding.ts'
import { SILENT_METER } from '../../src/base/meter.ts'
import { nodePrimitives } from '../../src/crypto/node/primitives.ts'
import { parseBody } from '../../src/http/body.ts'
import { envelope } from '../../src/http/envelope.ts'
import { writeJson } from '../../src/http/json-writer.ts'
import { renderError } from '../../src/http/status.ts'
import type { MountTtl } from '../../src/logical/backend.ts'
import type { LogicalRequest, Operation } from '../../src/logical/request.ts'
import type { AclSource, Decision } from '../../src/policy/acl.ts'
import type { Act } from '../../src/policy/act.ts'
import { canonicalPolicyNames, isAssignable } from '../../src/policy/policy-name.ts'
import { Router } from '../../src/router/router.ts'
import { Callers } from '../../src/server/callers.ts'
import { tokenAuthPorts } from '../../src/server/token-auth-ports.ts'
import { TokenDesk } from '../../src/token/desk.ts'
import { TokenRoles } from '../../src/token/role.ts'
import { ORIGIN } from './origin.ts'
import { MOUNT_TTL, TokenWorld } from './token-world.ts'

/** An answer as a client sees it. */
export interface Told {
  readonly status: number
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of many shapes
  readonly body: any
}

/** What somebody with these policies may do. */
export type Allows = (policies: readonly string[], act: Act) => boolean

const DECISION: Decision = {
  allowed: false,
  granting: [],
  deciding: [],
  missing: [],
  obstacle: null,
  pageLimit: null,
  keysFilter: null,
}

const ROOT_OR_ANYTHING_BUT_SUDO: Allows = (policies, { sudo }) => policies.includes('root') || !sudo

/** The routes of `auth/token/` behind a router, on the token room of a simulated world. */
export class TokenRoutes {
  readonly world: TokenWorld
  /** Bounds of the mount; a test may tune them. */
  mount: MountTtl = MOUNT_TTL
  /** Who may do what; everybody everything that needs no sudo, where a test says nothing else. */
  allows: Allows = ROOT_OR_ANYTHING_BUT_SUDO
  /** Policies that exist. */
  readonly policies = new Set(['default', 'root'])
  readonly warned: string[] = []
  readonly #router: Router

  constructor(world: TokenWorld) {
    this.world = world
    const { store: tokens, clock } = world
    const acls: AclSource = {
      of: async ({ policies }) => ({
        decide: (act) => ({ ...DECISION, allowed: this.allows(policies, act) }),
        reaches: () => true,
        capabilities: () => [],
        resultant: () => ({ isRoot: false, exact: [], globs: [] }),
        ruleFor: () => null,
      }),
    }
    const log = { info: () => undefined, warn: (event: string) => void this.warned.push(event) }
    const callers = new Callers({ tokens, acls, primitives: nodePrimitives, log })
    const roles = new TokenRoles(world.view)
    const names = {
      canonical: canonicalPolicyNames,
      isAssignable,
      missing: async (all: readonly string[]) => all.filter((name) => !this.policies.has(name)),
    }
    const desk = new TokenDesk({ tokens, roles, names, mount: () => this.mount, clock })
    const mounted = tokenAuth(tokenAuthPorts({ tokens, roles, desk, callers, acls, clock, log }))
    const live = { path: 'auth/token/', mounted } as never
    this.#router = new Router({
      mounts: () => new Map([['auth/token/', live]]),
      authenticate: (request) => callers.authenticate(request),
      acls,
      hold: async ({ response }) => response,
      finish: (caller) => callers.finish(caller),
      audit: new AuditBroker([]),
      clock,
      meter: SILENT_METER,
    })
  }

  static async start(seed: string | number = 1): Promise<TokenRoutes> {
    return new TokenRoutes(await TokenWorld.start(seed))
  }

  /** One request below `auth/token/`, as root where no token is named. */
  async ask(
    operation: Operation,
    path: string,
    body: object | null = null,
    from: { readonly token?: string | null; readonly source?: string } = {},
  ): Promise<Told> {
    const { token = this.world.root, source = '127.0.0.1' } = from
    const request: LogicalRequest = {
      id: 'id',
      operation,
      path: `auth/token/${path}`,
      data: body === null ? null : parseBody(utf8(JSON.stringify(body))),
      wrap: null,
      token,
      origin: { ...ORIGIN, source },
    }
    try {
      const { status, body: answer } = envelope(request, await this.#router.dispatch(request))
      return { status, body: answer === null ? null : parsed(answer) }
    } catch (error) {
      const { status, body: answer } = renderError(error)
      if (status === 500) throw error
      return { status, body: answer }
    }
  }
}

function parsed(answer: Parameters<typeof writeJson>[0]): unknown {
  const { body, wipe } = writeJson(answer)
  const value: unknown = JSON.parse(typeof body === 'string' ? body : Buffer.from(body).toString())
  wipe()
  return value
}
