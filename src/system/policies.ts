import type { Clock } from '../base/clock.ts'
import { OperatingError } from '../base/errors.ts'
import type { Call, Route } from '../logical/backend.ts'
import { readFields } from '../logical/field-table.ts'
import type { LogicalResponse } from '../logical/response.ts'
import { KEYS, mapOf, shape, TEXTS } from '../logical/schema.ts'
import { ROOT_POLICY } from '../policy/policy-name.ts'
import type { PolicyStore } from '../policy/store.ts'
import {
  doneWith,
  LEGACY_SHAPE,
  LIST_FIELDS,
  mergedChange,
  namedPolicy,
  POLICY_FIELDS,
  POLICY_SHAPE,
  pageOfNames,
  shownPolicy,
  wholeChange,
} from './policy-fields.ts'

/** What these routes work on. */
export interface PolicyRooms {
  readonly policies: PolicyStore
  readonly clock: Clock
}

const LEGACY_FIELDS = {
  ...POLICY_FIELDS,
  rules: { type: 'string', description: 'The old name of "policy".', deprecated: true },
} as const

/** `sys/policies/acl`, `sys/policies/detailed/acl`, and the old `sys/policy` (surface.md section 3.1). */
export function policyRoutes(rooms: PolicyRooms): readonly Route[] {
  return [...aclRoutes(rooms), ...detailedRoutes(rooms), ...legacyRoutes(rooms)]
}

function aclRoutes(rooms: PolicyRooms): readonly Route[] {
  const { policies, clock } = rooms
  const list = async (call: Call): Promise<LogicalResponse | null> => listed(await pageOf(rooms, call))
  const all = {
    summary: 'The names of all policies.',
    access: 'token',
    fields: LIST_FIELDS,
    answers: { list: KEYS },
  } as const
  return [
    { pattern: 'policies/acl', ...all, handlers: {} },
    { pattern: 'policies/acl/', ...all, handlers: { list } },
    {
      pattern: 'policies/acl/*name',
      summary: 'A policy; or, behind a slash, the names of those below.',
      access: 'token',
      fields: { ...POLICY_FIELDS, ...LIST_FIELDS },
      answers: { read: POLICY_SHAPE, list: KEYS },
      handlers: {
        list,
        read: (call) => read(policies, call, 'policy'),
        update: async (call) => {
          const { policy } = readFields(POLICY_FIELDS, call.request.data)
          return await put(rooms, call, policy)
        },
        patch: async (call) => {
          const { name, warning } = namedPolicy(call)
          const existing = await policies.get(name)
          if (existing === null) throw new OperatingError('not_found', '')
          await policies.put(name, mergedChange(clock, call, existing))
          return doneWith(warning) ?? {}
        },
        delete: (call) => remove(policies, call),
      },
    },
  ]
}

function detailedRoutes(rooms: PolicyRooms): readonly Route[] {
  const list = async (call: Call): Promise<LogicalResponse | null> => {
    const keys = await pageOf(rooms, call)
    const found = await Promise.all(keys.map((name) => rooms.policies.get(name)))
    const known = found.filter((policy) => policy !== null)
    if (known.length === 0) return null
    const info = Object.fromEntries(known.map((policy) => [policy.name, shownPolicy(policy, 'policy')]))
    return { data: { keys: known.map(({ name }) => name), key_info: info } }
  }
  const all = {
    summary: 'All policies, with all that is known of them.',
    access: 'token',
    fields: LIST_FIELDS,
    answers: { list: shape({ keys: TEXTS, key_info: mapOf(POLICY_SHAPE) }) },
  } as const
  return [
    { pattern: 'policies/detailed/acl', ...all, handlers: {} },
    { pattern: 'policies/detailed/acl/*name', ...all, handlers: { list } },
  ]
}

function legacyRoutes(rooms: PolicyRooms): readonly Route[] {
  const { policies } = rooms
  const list = async (call: Call): Promise<LogicalResponse> => {
    const keys = await pageOf(rooms, call)
    return { data: { keys: [...keys], policies: [...keys] }, hoisted: true }
  }
  const shapes = shape({ keys: TEXTS, policies: TEXTS })
  const all = {
    summary: 'The names of all policies, as they were asked for before sys/policies/acl.',
    access: 'token',
    fields: LIST_FIELDS,
    answers: { read: shapes, list: shapes },
    handlers: { read: list, list },
  } as const
  return [
    { pattern: 'policy', ...all },
    { pattern: 'policy/', ...all },
    {
      pattern: 'policy/*name',
      summary: 'A policy, as it was asked for before sys/policies/acl.',
      access: 'token',
      fields: LEGACY_FIELDS,
      answers: { read: LEGACY_SHAPE },
      handlers: {
        read: async (call) => {
          const response = await read(policies, call, 'rules')
          return response === null ? null : { ...response, hoisted: true }
        },
        update: async (call) => {
          const { policy, rules } = readFields(LEGACY_FIELDS, call.request.data)
          const isOld = policy === undefined && rules !== undefined
          const said = isOld ? "'rules' is deprecated, please use 'policy' instead" : null
          const response = await put(rooms, call, policy ?? rules)
          return doneWith(said, ...(response?.warnings ?? []))
        },
        delete: (call) => remove(policies, call),
      },
    },
  ]
}

/** Names below the folder in the path. `root` stands in no store, and is the last of all. */
async function pageOf({ policies }: PolicyRooms, call: Call): Promise<readonly string[]> {
  const prefix = (call.parameters['name'] ?? '').toLowerCase()
  const names = await policies.names(prefix)
  return pageOfNames(names, call, prefix === '' ? ROOT_POLICY : null)
}

function listed(keys: readonly string[]): LogicalResponse | null {
  return keys.length === 0 ? null : { data: { keys: [...keys] } }
}

async function read(
  policies: PolicyStore,
  call: Call,
  textName: 'policy' | 'rules',
): Promise<LogicalResponse | null> {
  const policy = await policies.get(namedPolicy(call).name)
  return policy === null ? null : { data: shownPolicy(policy, textName) }
}

async function put(
  { policies, clock }: PolicyRooms,
  call: Call,
  text: string | undefined,
): Promise<LogicalResponse | null> {
  const { name, warning } = namedPolicy(call)
  // Which policies are nobody's to change is said before anything about the text.
  policies.refuseFixed(name)
  await policies.put(name, wholeChange(clock, call, text))
  return doneWith(warning)
}

async function remove(policies: PolicyStore, call: Call): Promise<null> {
  await policies.delete(namedPolicy(call).name)
  return null
}
