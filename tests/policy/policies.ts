import type { ModelAct, ModelPolicy, ModelRule, Value } from './acl-model.ts'
import type { Dice } from './dice.ts'

/** Few words, so that paths and patterns meet often. */
const SEGMENTS = ['a', 'b', 'ab', 'abc', 'c+', 'é']
const OPERATIONS = ['read', 'list', 'scan', 'create', 'update', 'patch', 'delete', 'help']
const CAPABILITIES = ['read', 'list', 'scan', 'create', 'update', 'patch', 'delete', 'sudo']
const NAMES = ['a', 'A', 'b', 'limit']
const VALUES: readonly Value[] = ['1', '2', 'x1', '', 'true', 1, 0, true, false, ['x1'], ['1', '2']]
const NAMED: readonly Value[] = ['1', 'x*', '*1', '*x*', '*', 'true', 1, 0, true, ['1'], ['x1', '2']]
const LIMITS: readonly Value[] = [
  '1',
  '5',
  '6',
  '0',
  '',
  '-1',
  'max',
  '+2',
  '1e3',
  'NaN',
  1,
  3,
  7,
  -1,
  null,
  ['1'],
  true,
]

/** Now, in these cases. */
export const NOW = 1_764_000_000_000

export function randomPolicies(dice: Dice): readonly ModelPolicy[] {
  // The same path text in several policies, or twice in one, is what merging is about.
  const patterns = Array.from({ length: 8 }, () => randomPattern(dice))
  return Array.from({ length: 1 + dice.below(4) }, (_, index) => ({
    name: `p${index}`,
    rules: Array.from({ length: 2 + dice.below(9) }, () => randomRule(dice, dice.pick(patterns))),
  }))
}

function randomRule(dice: Dice, path: string): ModelRule {
  const isDeny = dice.once(8)
  return {
    path,
    capabilities: isDeny ? ['deny'] : dice.some(CAPABILITIES, 9),
    ...(dice.once(4) && !isDeny ? { allowed: randomTable(dice) } : {}),
    ...(dice.once(6) && !isDeny ? { denied: randomTable(dice) } : {}),
    ...(dice.once(7) && !isDeny ? { required: dice.some(NAMES, 2) } : {}),
    ...(dice.once(9) && !isDeny ? { minWrap: dice.pick([0, 60, 300]) } : {}),
    ...(dice.once(9) && !isDeny ? { maxWrap: dice.pick([300, 600]) } : {}),
    ...(dice.once(3) && !isDeny ? { pageLimit: dice.pick([0, 3, 5]) } : {}),
    ...(dice.once(9) && !isDeny ? { keysFilter: dice.pick(['{{ .path }}{{ .key }}', 'a/{{ .key }}']) } : {}),
    ...(dice.once(12) ? { expires: NOW + dice.pick([-1000, 0, 1000]) } : {}),
  }
}

function randomTable(dice: Dice): Readonly<Record<string, readonly Value[]>> {
  const names = new Set(dice.some(['a', 'b', '*'], 2))
  return Object.fromEntries([...names].map((name) => [name, dice.some(NAMED, 2)]))
}

function randomPattern(dice: Dice): string {
  const segments = Array.from({ length: 1 + dice.below(3) }, () => (dice.once(3) ? '+' : dice.pick(SEGMENTS)))
  const path = segments.join('/')
  const end = dice.below(4)
  if (end === 0) return `${path}/*`
  if (end === 1 && !path.endsWith('+')) return `${path}*`
  if (end === 2) return `${path}/`
  return dice.once(20) ? `/${path}` : path
}

export function randomAct(dice: Dice): ModelAct {
  const operation = dice.pick(OPERATIONS)
  const lists = operation === 'list' || operation === 'scan'
  const segments = Array.from({ length: 1 + dice.below(3) }, () => dice.pick(SEGMENTS))
  const isFolder = lists ? !dice.once(10) : dice.once(10)
  return {
    operation,
    path: segments.join('/') + (isFolder ? '/' : ''),
    sudo: dice.once(6),
    data: dice.once(3) ? null : randomData(dice, lists),
    wrapTtl: dice.pick([null, null, 30, 60, 300, 500, 900]),
  }
}

function randomData(dice: Dice, lists: boolean): Readonly<Record<string, Value>> {
  const names = new Set(lists ? [...dice.some(NAMES, 1), 'limit'] : dice.some(NAMES, 3))
  return Object.fromEntries(
    [...names].map((name) => [
      name,
      name === 'limit' && lists ? dice.pick(LIMITS) : dice.pick([...VALUES, null]),
    ]),
  )
}

/** As its author would write it, in HCL. */
export function documentOf(policy: ModelPolicy): string {
  return policy.rules.map(blockOf).join('\n')
}

function blockOf(rule: ModelRule): string {
  const lines = [
    `capabilities = ${JSON.stringify(rule.capabilities)}`,
    ...attribute('allowed_parameters', tableText(rule.allowed)),
    ...attribute('denied_parameters', tableText(rule.denied)),
    ...attribute('required_parameters', rule.required && JSON.stringify(rule.required)),
    ...attribute('min_wrapping_ttl', rule.minWrap?.toString()),
    ...attribute('max_wrapping_ttl', rule.maxWrap && `"${rule.maxWrap}s"`),
    ...attribute('pagination_limit', rule.pageLimit?.toString()),
    ...attribute('list_scan_response_keys_filter_path', rule.keysFilter && JSON.stringify(rule.keysFilter)),
    ...attribute('expiration', rule.expires && JSON.stringify(new Date(rule.expires).toISOString())),
  ]
  return `path ${JSON.stringify(rule.path)} {\n  ${lines.join('\n  ')}\n}`
}

function attribute(name: string, value: string | number | undefined): readonly string[] {
  return value === undefined ? [] : [`${name} = ${value}`]
}

function tableText(table: ModelRule['allowed']): string | undefined {
  if (table === undefined) return undefined
  const members = Object.entries(table).map(
    ([name, values]) => `${JSON.stringify(name)} = ${JSON.stringify(values)}`,
  )
  return `{ ${members.join(' ')} }`
}
