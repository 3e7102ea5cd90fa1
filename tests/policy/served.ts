import { AuditBroker } from '../../src/audit/broker.ts'
import { hasCode } from '../../src/base/errors.ts'
import { SILENT_METER } from '../../src/base/meter.ts'
import type { Mounted, Route } from '../../src/logical/backend.ts'
import type { Caller, LogicalRequest, Operation } from '../../src/logical/request.ts'
import type { LogicalResponse } from '../../src/logical/response.ts'
import { PolicyStore } from '../../src/policy/store.ts'
import { newEntry, PLAIN_CONFIG } from '../../src/router/mount-table.ts'
import { type LiveMount, Mounts } from '../../src/router/mounts.ts'
import { Router } from '../../src/router/router.ts'
import { capabilityRoutes } from '../../src/system/capabilities.ts'
import { explainRoute } from '../../src/system/explain-policies.ts'
import { policyRoutes } from '../../src/system/policies.ts'
import { MemoryView } from '../sim/memory-view.ts'
import { ORIGIN } from '../sim/origin.ts'
import { SeededEntropy } from '../sim/seeded-entropy.ts'
import { SimClock } from '../sim/sim-clock.ts'
import { objectOf } from './sets.ts'

/**
 * The router with the routes of policies and mounts of a test, where the token of a request is the names of
 * its policies: `dev,default`.
 */
export class Served {
  readonly policies: PolicyStore
  readonly #router: Router

  constructor(
    mounts: Readonly<Record<string, { readonly type: string; readonly routes: readonly Route[] }>>,
  ) {
    const clock = new SimClock()
    const policies = new PolicyStore(new MemoryView(), clock)
    this.policies = policies
    const acls = { of: (caller: Caller) => policies.aclOf(caller.policies, null) }
    const tokenPolicies = {
      ofToken: async () => null,
      ofAccessor: async (accessor: string) => await policies.aclOf(accessor.split(','), null),
    }
    const table = tableOf(
      Object.entries(mounts).map(([path, { type, routes }]) => ({ path, type, routes })),
      () => ({
        routes: [
          ...policyRoutes({ policies, clock }),
          explainRoute({ acls, policies, tokenPolicies, mounts: () => table }),
          ...capabilityRoutes({ acls, tokenPolicies }),
        ],
      }),
    )
    this.#router = new Router({
      mounts: () => table.live,
      authenticate: async ({ token }) => (token === null ? null : callerWith(token.split(','))),
      acls,
      hold: async ({ response }) => response,
      finish: async () => undefined,
      audit: new AuditBroker([]),
      clock,
      meter: SILENT_METER,
    })
  }

  async put(name: string, text: string): Promise<void> {
    const leave = { slashes: false, wildcards: false }
    await this.policies.put(name, { text, expiration: null, cas: null, casRequired: null, leave })
  }

  /** `as`: the names of the policies. The answer's data; `refused` where the caller may not. */
  async ask(
    as: string,
    operation: Operation,
    path: string,
    json?: string,
  ): Promise<LogicalResponse['data'] | 'refused' | null> {
    const request: LogicalRequest = {
      id: 'request',
      operation,
      path,
      data: json === undefined ? null : objectOf(json),
      wrap: null,
      token: as,
      origin: ORIGIN,
    }
    try {
      return (await this.#router.dispatch(request))?.data ?? null
    } catch (error) {
      if (hasCode(error, 'permission_denied')) return 'refused'
      throw error
    }
  }
}

function callerWith(policies: readonly string[]): Caller {
  return {
    accessor: '',
    displayName: '',
    policies,
    tokenType: 'service',
    cubbyholeId: '',
    tokenKey: '',
  }
}

function tableOf(
  mounts: readonly { readonly path: string; readonly type: string; readonly routes: readonly Route[] }[],
  system: () => Mounted,
): Mounts {
  const entropy = new SeededEntropy('mounts')
  const entry = (path: string, type: string): LiveMount['entry'] =>
    newEntry(
      {
        path,
        type: type.split('-')[0] ?? '',
        description: '',
        options: type === 'kv-v2' ? { version: '2' } : {},
        config: PLAIN_CONFIG,
        local: false,
        sealWrap: false,
      },
      entropy,
    )
  const routes = new Map(mounts.map((mount) => [mount.path, mount.routes]))
  const entries = [...mounts.map(({ path, type }) => entry(path, type)), entry('sys/', 'system')]
  return new Mounts(
    { mounts: entries, leaving: [] },
    {
      entropy,
      store: async () => undefined,
      build: (one) => (one.type === 'system' ? system() : { routes: routes.get(one.path) ?? [] }),
      endLeases: async () => undefined,
      wipe: async () => undefined,
      waits: () => undefined,
      stalls: () => undefined,
      systemTtl: { defaultTtl: 1, maxTtl: 1 },
      newId: () => 'id',
    },
  )
}
