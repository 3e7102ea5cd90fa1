import type { Call, Route } from '../../logical/backend.ts'
import { type Fields, readFields } from '../../logical/field-table.ts'
import { SecretText } from '../../logical/json.ts'
import type { LogicalResponse } from '../../logical/response.ts'
import { authAnswer } from './answers.ts'
import type { TokenAuthPorts } from './ports.ts'

const FIELDS = {
  id: { type: 'secret', description: 'A token of your own choice; needs sudo.' },
  policies: {
    type: 'strings',
    description: 'Policies of the token; those of its parent where none are named.',
  },
  no_default_policy: { type: 'boolean', description: 'Whether it goes without the policy "default".' },
  meta: { type: 'pairs', description: 'Texts that are kept with the token, shown and recorded.' },
  no_parent: { type: 'boolean', description: 'Whether it outlives the token that makes it; needs sudo.' },
  renewable: { type: 'boolean', description: 'Whether it can be given more time.' },
  ttl: { type: 'seconds', description: 'How long it lives.' },
  lease: { type: 'seconds', description: 'The same as "ttl".', deprecated: true },
  explicit_max_ttl: {
    type: 'seconds',
    description: 'How long it lives at most, however often it is renewed.',
  },
  period: { type: 'seconds', description: 'What each renewal gives, without end in all; needs sudo.' },
  num_uses: { type: 'integer', description: 'How many requests it is good for; 0 for any number.' },
  display_name: { type: 'string', description: 'What it is called in records.' },
  type: { type: 'string', description: '"service", or "batch" for one that is not stored.' },
  entity_alias: { type: 'string', description: 'The alias that it acts for; only with a role.' },
} as const satisfies Fields

/** `create`, `create-orphan` and `create/<role>` (surface.md section 2.3). */
export function createRoutes(ports: TokenAuthPorts): readonly Route[] {
  const route = (pattern: string, summary: string, makesOrphans: boolean): Route => {
    const update = (call: Call): Promise<LogicalResponse> => create(ports, call, makesOrphans)
    return { pattern, summary, access: 'token', fields: FIELDS, handlers: { update } }
  }
  return [
    route('create', 'Makes a token that ends with the one that makes it.', false),
    route('create-orphan', 'Makes a token that outlives the one that makes it.', true),
    route('create/:role_name', 'Makes a token as a role says.', false),
  ]
}

async function create(ports: TokenAuthPorts, call: Call, makesOrphans: boolean): Promise<LogicalResponse> {
  const given = readFields(FIELDS, call.request.data)
  const ask = {
    id: given.id ?? null,
    policies: given.policies ?? [],
    noDefaultPolicy: given.no_default_policy ?? false,
    meta: given.meta ?? null,
    noParent: given.no_parent ?? false,
    renewable: given.renewable ?? true,
    ttl: given.ttl ?? given.lease ?? 0,
    explicitMaxTtl: given.explicit_max_ttl ?? 0,
    period: given.period ?? 0,
    numUses: given.num_uses ?? 0,
    displayName: given.display_name ?? '',
    type: given.type ?? '',
    entityAlias: given.entity_alias ?? '',
  }
  const role = call.parameters['role_name'] ?? null
  const granted = await ports.create(call, ask, { role, makesOrphans })
  return authAnswer(granted, new SecretText(granted.token), true)
}
