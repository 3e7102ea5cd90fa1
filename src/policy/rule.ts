import { unixMillis } from '../base/clock.ts'
import { type Body, type Item, quoted, type Value } from '../hcl/value.ts'
import { parseSeconds } from '../logical/duration.ts'
import { type CapabilitySet, DENY, isCapability, NO_CAPABILITY, setOf } from './capability.ts'
import { templateFault } from './identity-template.ts'
import { parseKeysFilter } from './keys-filter.ts'
import type { ParameterTable, ParameterValue } from './parameter.ts'
import { type Limits, NO_LIMITS, type PathRule } from './policy.ts'

/** What is wrong with a policy, in words for its author. */
export class PolicyFault extends Error {
  override name = 'PolicyFault'
}

/** A rule while it is read. */
type Draft = { -readonly [Key in keyof PathRule]: PathRule[Key] }

/** What the old `policy` key stood for. */
const OLD_POLICIES: ReadonlyMap<string, CapabilitySet> = new Map([
  ['deny', DENY],
  ['read', setOf(['read', 'list'])],
  ['write', setOf(['create', 'read', 'update', 'delete', 'list'])],
  ['sudo', setOf(['create', 'read', 'update', 'delete', 'list', 'sudo'])],
])

/** Every key of a path block (surface.md section 3.2), in the order in which faults of theirs are told. */
const KEYS: Readonly<Record<string, (draft: Draft, value: Value) => void>> = {
  comment: (_, value) => void text(value),
  policy: (draft, value) => {
    const given = OLD_POLICIES.get(text(value))
    if (given === undefined) throw new PolicyFault(`invalid policy ${quoted(text(value))}`)
    draft.capabilities |= given
  },
  capabilities: (draft, value) => {
    for (const name of texts(value)) {
      if (!isCapability(name)) throw new PolicyFault(`invalid capability ${quoted(name)}`)
      draft.capabilities |= setOf([name])
    }
  },
  allowed_parameters: (draft, value) => {
    draft.allowed = parameters(value)
  },
  denied_parameters: (draft, value) => {
    draft.denied = parameters(value)
  },
  required_parameters: (draft, value) => {
    draft.required = texts(value)
  },
  min_wrapping_ttl: (draft, value) => {
    draft.minWrapTtl = seconds(value, 'min_wrapping_ttl')
  },
  max_wrapping_ttl: (draft, value) => {
    draft.maxWrapTtl = seconds(value, 'max_wrapping_ttl')
  },
  mfa_methods: (draft, value) => {
    draft.mfaMethods = texts(value)
  },
  pagination_limit: (draft, value) => {
    draft.pageLimit = wholeNumber(value, 'pagination_limit')
  },
  expiration: (draft, value) => {
    draft.expires = unixMillis(time(value))
  },
  list_scan_response_keys_filter_path: (draft, value) => {
    draft.keysFilter = keysFilter(value)
  },
}

/** Reads a path block. Throws `PolicyFault`, and `HclError` with a place for a value of the wrong kind. */
export function readRule(path: string, body: Body): PathRule {
  const byName = new Map<string, Item>()
  for (const item of body) {
    if (byName.has(item.name)) throw new PolicyFault(`${quoted(item.name)} stands there twice; keep one`)
    byName.set(item.name, item)
  }
  refuseUnknown(body)
  const draft: Draft = {
    ...NO_LIMITS,
    path: path.startsWith('/') ? path.slice(1) : path,
    capabilities: NO_CAPABILITY,
    expires: null,
  }
  refusePath(draft.path)
  for (const [name, read] of Object.entries(KEYS)) {
    const item = byName.get(name)
    if (item !== undefined) read(draft, item.value)
  }
  return finished(draft)
}

function finished(draft: Draft): PathRule {
  const { minWrapTtl, maxWrapTtl } = draft
  if (minWrapTtl !== null && maxWrapTtl !== null && maxWrapTtl < minWrapTtl) {
    throw new PolicyFault('max_wrapping_ttl cannot be less than min_wrapping_ttl')
  }
  // `deny` erases the rest: what limits a grant means nothing where nothing is granted.
  if ((draft.capabilities & DENY) === 0) return draft
  const bare: Limits = NO_LIMITS
  return { ...draft, ...bare, capabilities: DENY }
}

function refuseUnknown(body: Body): void {
  const unknown = body.filter(({ name }) => !Object.hasOwn(KEYS, name))
  if (unknown.length > 0) throw new PolicyFault(unknownKeys(unknown))
}

/** As the peers list several errors. */
export function unknownKeys(items: readonly Item[]): string {
  const lines = items.map(({ name, at }) => `\t* invalid key ${quoted(name)} on line ${at.line}\n`)
  const count = lines.length === 1 ? '1 error' : `${lines.length} errors`
  return `${count} occurred:\n${lines.join('')}\n`
}

function refusePath(path: string): void {
  if (path.includes('+*')) throw new PolicyFault("invalid use of wildcards ('+*' is forbidden)")
  const fault = templateFault(path)
  if (fault !== null) throw new PolicyFault(`failed to validate policy templating: ${fault}`)
}

function text(value: Value): string {
  if (value.kind !== 'text') throw wrong(value, 'a text')
  return value.text
}

function texts(value: Value): readonly string[] {
  if (value.kind !== 'list') throw wrong(value, 'a list of texts')
  return value.items.map(text)
}

/** Names in lower case, since they are matched without regard to case; an empty table is none. */
function parameters(value: Value): ParameterTable | null {
  const table = new Map<string, readonly ParameterValue[]>()
  const objects = value.kind === 'list' ? value.items : [value]
  for (const object of objects) {
    if (object.kind !== 'object') throw wrong(object, 'an object of lists')
    for (const { name, value: values } of object.body) {
      if (values.kind !== 'list') throw wrong(values, 'a list of values')
      const lower = name.toLowerCase()
      if (table.has(lower))
        throw new PolicyFault(`the parameter ${quoted(name)} stands there twice; keep one`)
      table.set(lower, values.items.map(parameterValue))
    }
  }
  return table.size === 0 ? null : table
}

function parameterValue(value: Value): ParameterValue {
  switch (value.kind) {
    case 'text':
      return value.text
    case 'number':
      return value.number
    case 'boolean':
      return value.boolean
    case 'list':
      return value.items.map(parameterValue)
    default:
      throw wrong(value, 'a text, a number, true, false or a list')
  }
}

/** Whole seconds; 0 is no bound. Less than a second would be none as well, and is refused. */
function seconds(value: Value, name: string): number | null {
  const given = value.kind === 'number' ? String(value.number) : text(value)
  const parsed = parseSeconds(given)
  const isZero = /^0+[a-z]*$/.test(given) || given === ''
  if (parsed === null || parsed < 0 || (parsed === 0 && !isZero)) {
    throw new PolicyFault(`error parsing ${name}: it is a length of time in whole seconds, such as "90s"`)
  }
  return parsed === 0 ? null : parsed
}

/** 0 is no bound. */
function wholeNumber(value: Value, name: string): number | null {
  const number = value.kind === 'number' ? value.number : Number(/^\d+$/.exec(text(value))?.[0])
  if (!Number.isSafeInteger(number) || number < 0)
    throw new PolicyFault(`${name} is not a whole number from 0`)
  return number === 0 ? null : number
}

function time(value: Value): number {
  const given = text(value)
  const shape = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/
  const parsed = shape.test(given) ? Date.parse(given) : Number.NaN
  if (Number.isFinite(parsed)) return parsed
  throw new PolicyFault('invalid expiration time: it is written as RFC 3339, such as "2027-01-31T00:00:00Z"')
}

function keysFilter(value: Value): string | null {
  const template = text(value)
  if (template === '') return null
  if (parseKeysFilter(template) !== null) return template
  throw new PolicyFault(
    'list_scan_response_keys_filter_path is no template that is known: {{ .path }}, {{ .key }}, behind "|" ' +
      'replace, trimPrefix, trimSuffix, lowercase, uppercase',
  )
}

function wrong(value: Value, wanted: string): PolicyFault {
  return new PolicyFault(`on line ${value.at.line}, expected ${wanted}`)
}
