import type { Call, Route } from '../../logical/backend.ts'
import { type Fields, type Given, present, readFields } from '../../logical/field-table.ts'
import { PAGE } from '../../logical/listed.ts'
import type { LogicalResponse } from '../../logical/response.ts'
import { KEYS, nullable, shape, TEXT, TEXTS, TRUTH, WHOLE } from '../../logical/schema.ts'
import type { TokenRole, TokenRoleType } from '../../logical/token-facts.ts'
import { listAnswer, refused } from './answers.ts'
import type { TokenAuthPorts } from './ports.ts'

const FIELDS = {
  allowed_policies: { type: 'comma-strings', description: 'Policies that its tokens may have.' },
  disallowed_policies: { type: 'comma-strings', description: 'Policies that its tokens may not have.' },
  allowed_policies_glob: { type: 'comma-strings', description: 'The same, with "*" for any text.' },
  disallowed_policies_glob: { type: 'comma-strings', description: 'The same, with "*" for any text.' },
  orphan: { type: 'boolean', description: 'Whether its tokens outlive those that make them.' },
  renewable: { type: 'boolean', description: 'Whether its tokens can be given more time.' },
  path_suffix: { type: 'string', description: 'What stands behind the path of its tokens.' },
  allowed_entity_aliases: { type: 'comma-strings', description: 'Aliases that its tokens may act for.' },
  token_type: { type: 'string', description: '"service", "batch", "default-service" or "default-batch".' },
  token_period: { type: 'seconds', description: 'What each renewal gives, without end in all.' },
  token_explicit_max_ttl: { type: 'seconds', description: 'How long its tokens live at most.' },
  token_bound_cidrs: { type: 'comma-strings', description: 'Networks from which its tokens may be used.' },
  token_no_default_policy: { type: 'boolean', description: 'Whether its tokens go without "default".' },
  token_num_uses: { type: 'integer', description: 'How many requests its tokens are good for.' },
  period: { type: 'seconds', description: 'The same as "token_period".', deprecated: true },
  explicit_max_ttl: {
    type: 'seconds',
    description: 'The same as "token_explicit_max_ttl".',
    deprecated: true,
  },
  bound_cidrs: { type: 'comma-strings', description: 'The same as "token_bound_cidrs".', deprecated: true },
} as const satisfies Fields

const SHOWN = shape(
  {
    allowed_entity_aliases: nullable(TEXTS),
    allowed_policies: TEXTS,
    allowed_policies_glob: TEXTS,
    disallowed_policies: TEXTS,
    disallowed_policies_glob: TEXTS,
    explicit_max_ttl: WHOLE,
    name: TEXT,
    orphan: TRUTH,
    path_suffix: TEXT,
    period: WHOLE,
    renewable: TRUTH,
    token_explicit_max_ttl: WHOLE,
    token_no_default_policy: TRUTH,
    token_period: WHOLE,
    token_type: TEXT,
  },
  { bound_cidrs: TEXTS, token_bound_cidrs: TEXTS, token_num_uses: WHOLE },
)

/** What tokens that are made by a role are like (surface.md section 2.5). */
export function roleRoutes(ports: TokenAuthPorts): readonly Route[] {
  const write = (call: Call): Promise<null> => put(ports, call)
  return [
    {
      pattern: 'roles/',
      summary: 'The names of all roles of tokens.',
      access: 'token',
      fields: PAGE,
      answers: { list: KEYS },
      handlers: { list: (call) => listAnswer(call, (page) => ports.roles.names(page)) },
    },
    { pattern: 'roles', summary: 'Only a list has an answer here.', access: 'token', handlers: {} },
    {
      pattern: 'roles/:role_name',
      summary: 'What tokens that are made by a role are like.',
      access: 'token',
      fields: FIELDS,
      answers: { read: SHOWN },
      handlers: {
        read: (call) => read(ports, call),
        create: write,
        update: write,
        delete: async (call) => {
          await ports.roles.delete(nameOf(call))
          return null
        },
      },
      exists: async (call) => (await ports.roles.get(nameOf(call))) !== null,
    },
  ]
}

async function read({ roles }: TokenAuthPorts, call: Call): Promise<LogicalResponse | null> {
  const role = await roles.get(nameOf(call))
  return role === null ? null : { data: shown(nameOf(call), role) }
}

function shown(name: string, role: TokenRole): NonNullable<LogicalResponse['data']> {
  const { allowedEntityAliases, boundCidrs, tokenBoundCidrs, tokenNumUses } = role
  return {
    allowed_entity_aliases: allowedEntityAliases.length === 0 ? null : allowedEntityAliases,
    allowed_policies: role.allowedPolicies,
    allowed_policies_glob: role.allowedPoliciesGlob,
    ...(boundCidrs.length === 0 ? {} : { bound_cidrs: boundCidrs }),
    disallowed_policies: role.disallowedPolicies,
    disallowed_policies_glob: role.disallowedPoliciesGlob,
    explicit_max_ttl: role.explicitMaxTtl,
    name,
    orphan: role.orphan,
    path_suffix: role.pathSuffix,
    period: role.period,
    renewable: role.renewable,
    ...(tokenBoundCidrs.length === 0 ? {} : { token_bound_cidrs: tokenBoundCidrs }),
    token_explicit_max_ttl: role.tokenExplicitMaxTtl,
    token_no_default_policy: role.tokenNoDefaultPolicy,
    ...(tokenNumUses === 0 ? {} : { token_num_uses: tokenNumUses }),
    token_period: role.tokenPeriod,
    token_type: role.tokenType,
  }
}

async function put(ports: TokenAuthPorts, call: Call): Promise<null> {
  const given = readFields(FIELDS, call.request.data)
  const names = (raw: readonly string[] | undefined): readonly string[] | undefined =>
    raw === undefined ? undefined : ports.canonicalPolicies(raw)
  await ports.roles.put(
    nameOf(call),
    present({
      allowedPolicies: names(given.allowed_policies),
      disallowedPolicies: names(given.disallowed_policies),
      allowedPoliciesGlob: names(given.allowed_policies_glob),
      disallowedPoliciesGlob: names(given.disallowed_policies_glob),
      orphan: given.orphan,
      renewable: given.renewable,
      pathSuffix: given.path_suffix,
      allowedEntityAliases: given.allowed_entity_aliases,
      tokenType: typeOf(given.token_type),
      tokenNoDefaultPolicy: given.token_no_default_policy,
      tokenNumUses: given.token_num_uses,
      ...bothNames(given),
    }),
  )
  return null
}

/** What is given under its old name holds under both, and what is given under the new one ends the old. */
function bothNames(given: Given<typeof FIELDS>): Partial<TokenRole> {
  const { token_period, token_explicit_max_ttl, token_bound_cidrs } = given
  return present({
    tokenPeriod: token_period ?? given.period,
    period: token_period === undefined ? given.period : 0,
    tokenExplicitMaxTtl: token_explicit_max_ttl ?? given.explicit_max_ttl,
    explicitMaxTtl: token_explicit_max_ttl === undefined ? given.explicit_max_ttl : 0,
    tokenBoundCidrs: token_bound_cidrs ?? given.bound_cidrs,
    boundCidrs: token_bound_cidrs === undefined ? given.bound_cidrs : [],
  })
}

function typeOf(text: string | undefined): TokenRoleType | undefined {
  switch (text) {
    case undefined:
    case 'service':
    case 'batch':
    case 'default-service':
    case 'default-batch':
      return text
    case '':
    case 'default':
      return 'default-service'
    default:
      throw refused("invalid 'token_type' value")
  }
}

function nameOf(call: Call): string {
  return call.parameters['role_name'] ?? ''
}
