/**
 * What surface.md section 3 says of policies, sentence by sentence, without anything of `src/policy/`: slow,
 * plain, and on data instead of documents. `acl-model.test.ts` compares the two.
 */

export type Value = string | number | boolean | null | readonly Value[]

export interface ModelRule {
  readonly path: string
  readonly capabilities: readonly string[]
  readonly allowed?: Readonly<Record<string, readonly Value[]>>
  readonly denied?: Readonly<Record<string, readonly Value[]>>
  readonly required?: readonly string[]
  readonly minWrap?: number
  readonly maxWrap?: number
  readonly pageLimit?: number
  readonly keysFilter?: string
  readonly expires?: number
}

export interface ModelPolicy {
  readonly name: string
  readonly rules: readonly ModelRule[]
}

export interface ModelAct {
  readonly operation: string
  readonly path: string
  readonly sudo: boolean
  readonly data: Readonly<Record<string, Value>> | null
  readonly wrapTtl: number | null
}

export interface ModelDecision {
  readonly allowed: boolean
  readonly pageLimit: number | null
  readonly keysFilter: string | null
  readonly rule: string | null
}

const REFUSED = { allowed: false, pageLimit: null, keysFilter: null }

export class AclModel {
  readonly #isRoot: boolean
  /** All live rules, in the order of the policies' names. */
  readonly #rules: readonly ModelRule[]

  constructor(policies: readonly ModelPolicy[], now: number) {
    this.#isRoot = policies.some((policy) => policy.name === 'root')
    this.#rules = [...policies]
      .sort((left, right) => (left.name < right.name ? -1 : 1))
      .flatMap((policy) => policy.rules)
      // "expiration: the block is ignored afterwards"
      .filter((rule) => rule.expires === undefined || rule.expires > now)
      // "Leading `/` is stripped."
      .map((rule) => ({ ...rule, path: rule.path.replace(/^\//, '') }))
  }

  decide(act: ModelAct): ModelDecision {
    // "Root policy -> everything"; "help always allowed for a valid token"
    const open = { allowed: true, pageLimit: null, keysFilter: null, rule: null }
    if (act.operation === 'help') return open
    const lists = act.operation === 'list' || act.operation === 'scan'
    const asksMax = lists && act.data?.['limit'] === 'max'
    if (this.#isRoot) return { ...open, pageLimit: asksMax ? 0 : null }
    const path = this.chosen(act.path, lists)
    if (path === null) return { ...REFUSED, rule: null }
    const same = this.#same(path)
    const capabilities = same.flatMap((rule) => rule.capabilities)
    // "a `deny` anywhere wins"
    if (capabilities.includes('deny')) return { ...REFUSED, rule: path }
    if (!capabilities.includes(act.operation)) return { ...REFUSED, rule: path }
    // "sudo is needed in addition on protected paths"
    if (act.sudo && !capabilities.includes('sudo')) return { ...REFUSED, rule: path }
    if (!wrappingFits(same, act.wrapTtl)) return { ...REFUSED, rule: path }
    // "Parameters are checked on create, update, patch and read"
    const judged = ['create', 'update', 'patch', 'read'].includes(act.operation)
    if (judged && !parametersFit(same, act.data)) return { ...REFUSED, rule: path }
    if (!lists) return { ...open, rule: path }
    const page = pageFor(same, act.data)
    if (page === 'refused') return { ...REFUSED, rule: path }
    // "first filter path"
    const keysFilter = same.find((rule) => rule.keysFilter !== undefined)?.keysFilter ?? null
    return { allowed: true, pageLimit: page, keysFilter, rule: path }
  }

  /** As a list sees it, so that a path and its folder are both looked at. */
  capabilities(path: string): readonly string[] {
    if (this.#isRoot) return ['root']
    const chosen = this.chosen(path, true)
    const all = chosen === null ? [] : this.#same(chosen).flatMap((rule) => rule.capabilities)
    if (all.length === 0 || all.includes('deny')) return ['deny']
    return [...new Set(all)].sort()
  }

  /** Section 4.4: the folder itself is open, or a rule below it gives something. */
  reaches(prefix: string): boolean {
    if (this.capabilities(prefix)[0] !== 'deny') return true
    const folder = prefix.split('/').slice(0, -1)
    return this.#rules.some((rule) => {
      const all = this.#same(rule.path).flatMap((one) => one.capabilities)
      if (all.length === 0 || all.includes('deny')) return false
      const segments = rule.path.split('/')
      if (segments.length <= folder.length) return false
      return folder.every((segment, index) => segments[index] === '+' || segments[index] === segment)
    })
  }

  /** Steps 2 to 4. */
  chosen(path: string, lists: boolean): string | null {
    const bare = lists && path.endsWith('/') ? path.replace(/\/$/, '') : null
    const texts = [...new Set(this.#rules.map((rule) => rule.path))]
    const exact = texts.filter((text) => !isPattern(text))
    // "Exact rule (no wildcard) wins. For LIST/SCAN also the path without its trailing slash."
    if (exact.includes(path)) return path
    if (bare !== null && exact.includes(bare)) return bare
    const patterns = texts.filter(isPattern)
    // "LIST/SCAN: step 3 tried with the trailing slash, then without."
    return bestOf(patterns, path) ?? (bare === null ? null : bestOf(patterns, bare))
  }

  #same(path: string): readonly ModelRule[] {
    return this.#rules.filter((rule) => rule.path === path)
  }
}

function isPattern(text: string): boolean {
  return (
    text.endsWith('*') || text.split('/').includes('+') || text.replace(/\*$/, '').split('/').includes('+')
  )
}

/** "the best of: longest plain prefix rule, and all `+` rules that fit"; preferred as (a) to (e) say. */
function bestOf(patterns: readonly string[], path: string): string | null {
  const fitting = patterns.filter((pattern) => regexOf(pattern).test(path))
  const ranked = fitting.map((pattern) => ({
    pattern,
    keys: [
      firstWildcardOf(pattern),
      pattern.endsWith('*') ? 0 : 1,
      -pattern.split('/').filter((segment) => segment === '+').length,
      pattern.length,
    ],
  }))
  ranked.sort((left, right) => {
    for (const [index, key] of left.keys.entries()) {
      const other = right.keys[index] ?? 0
      if (key !== other) return other - key
    }
    return left.pattern < right.pattern ? 1 : -1
  })
  return ranked[0]?.pattern ?? null
}

function regexOf(pattern: string): RegExp {
  const isPrefix = pattern.endsWith('*')
  const body = (isPrefix ? pattern.slice(0, -1) : pattern)
    .split('/')
    // "`+` = exactly one segment"
    .map((segment) => (segment === '+' ? '[^/]*' : segment.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')))
    .join('/')
  return new RegExp(`^${body}${isPrefix ? '' : '$'}`)
}

function firstWildcardOf(pattern: string): number {
  const plus = /(?:^|\/)\+(?:\/|$)/.exec(pattern)
  const at = plus === null ? Number.POSITIVE_INFINITY : plus.index + (plus[0].startsWith('/') ? 1 : 0)
  return Math.min(at, pattern.endsWith('*') ? pattern.length - 1 : Number.POSITIVE_INFINITY)
}

/** "if either is set the request must be wrapped within the range"; merged: "smallest" */
function wrappingFits(rules: readonly ModelRule[], ttl: number | null): boolean {
  const least = (bounds: readonly (number | undefined)[]): number | undefined => {
    const given = bounds.filter((bound) => bound !== undefined && bound > 0)
    return given.length === 0 ? undefined : Math.min(...(given as number[]))
  }
  const min = least(rules.map((rule) => rule.minWrap))
  const max = least(rules.map((rule) => rule.maxWrap))
  if (min === undefined && max === undefined) return true
  if (ttl === null) return false
  return ttl >= (min ?? 0) && ttl <= (max ?? Number.MAX_VALUE)
}

function parametersFit(rules: readonly ModelRule[], data: ModelAct['data']): boolean {
  // "required parameters union": "list; must all be present"; `null` says nothing.
  for (const name of rules.flatMap((rule) => rule.required ?? [])) {
    const values = [data?.[name], data?.[name.toLowerCase()]]
    if (values.every((value) => value === undefined || value === null)) return false
  }
  const sent = Object.entries(data ?? {})
  if (sent.length === 0) return true
  const denied = tableOf(rules.map((rule) => rule.denied))
  const allowed = tableOf(rules.map((rule) => rule.allowed))
  for (const [name, value] of sent) {
    if (denied.has('*')) return false
    const values = denied.get(name.toLowerCase())
    if (values !== undefined && (values.length === 0 || values.some((one) => isLike(value, one))))
      return false
  }
  if (allowed.size === 0) return true
  for (const [name, value] of sent) {
    const values = allowed.get(name.toLowerCase())
    if (values === undefined) {
      // "key `*` = all parameters"
      if (!allowed.has('*')) return false
    } else if (values.length > 0 && !values.some((one) => isExactly(value, one))) return false
  }
  return true
}

/** "allowed/denied parameters union (empty list wins)"; "names case-insensitive" */
function tableOf(
  tables: readonly (Readonly<Record<string, readonly Value[]>> | undefined)[],
): Map<string, Value[]> {
  const merged = new Map<string, Value[]>()
  const anyValue = new Set<string>()
  for (const table of tables) {
    for (const [name, values] of Object.entries(table ?? {})) {
      const lower = name.toLowerCase()
      if (values.length === 0) anyValue.add(lower)
      merged.set(lower, [...(merged.get(lower) ?? []), ...values])
    }
  }
  for (const name of anyValue) merged.set(name, [])
  return merged
}

function isExactly(sent: Value, named: Value): boolean {
  if (typeof sent === 'string' && typeof named === 'string') return globFits(named, sent)
  return JSON.stringify(sent) === JSON.stringify(named)
}

/** What an engine could bend into the same: any part of a list, and every spelling of a number or a truth. */
function isLike(sent: Value, named: Value): boolean {
  if (JSON.stringify(sent) === JSON.stringify(named)) return true
  if (Array.isArray(sent)) return sent.some((part) => isLike(part, named))
  if (sent === null || Array.isArray(named) || named === null) return false
  const text = String(sent)
  if (typeof named === 'string' && globFits(named, text)) return true
  if (typeof named === 'number') return text.trim() !== '' && Number(text) === named
  const truths = new Map([
    ...['1', 't', 'true'].map((word) => [word, true] as const),
    ...['0', 'f', 'false'].map((word) => [word, false] as const),
  ])
  const truth = truths.get(String(named).toLowerCase())
  return truth !== undefined && truths.get(text.toLowerCase()) === truth
}

/** "values may start/end with `*`" */
function globFits(glob: string, text: string): boolean {
  const escaped = (part: string): string => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  if (glob === '*') return true
  const open = glob.startsWith('*') ? '.*' : ''
  const end = glob.endsWith('*') ? '.*' : ''
  const stem = glob.slice(open === '' ? 0 : 1, end === '' ? undefined : -1)
  return new RegExp(`^${open}${escaped(stem)}${end}$`, 's').test(text)
}

/**
 * "caps `limit` on list/scan; without a client limit it is injected; larger or negative -> 403; `limit=max` =
 * the cap; if `limit` is in required_parameters, absence -> 403"; "lowest pagination_limit". 0 is no limit.
 */
function pageFor(rules: readonly ModelRule[], data: ModelAct['data']): number | null | 'refused' {
  const caps = rules.map((rule) => rule.pageLimit ?? 0).filter((cap) => cap > 0)
  const sent = data?.['limit']
  if (caps.length === 0) return sent === 'max' ? 0 : null
  const cap = Math.min(...caps)
  if (sent === 'max') return cap
  const isNumber = typeof sent === 'number' || (typeof sent === 'string' && /^\+?\d*$/.test(sent))
  if (sent !== undefined && sent !== null && !isNumber) return 'refused'
  if (sent === '+') return 'refused'
  const limit = Number(sent ?? 0)
  if (!Number.isInteger(limit) || limit < 0 || limit > cap) return 'refused'
  if (limit > 0) return limit
  const isRequired = rules.some((rule) => rule.required?.some((name) => name.toLowerCase() === 'limit'))
  return isRequired ? 'refused' : cap
}
