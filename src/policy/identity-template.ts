import { OperatingError } from '../base/errors.ts'

/** Whom a token stands for, as far as paths of policies may speak of it (surface.md section 3.4). */
export interface Subject {
  readonly entity: {
    readonly id: string
    readonly name: string
    readonly metadata: Readonly<Record<string, string>>
    /** By the accessor of the auth mount. */
    readonly aliases: Readonly<Record<string, SubjectAlias>>
  }
  readonly groups: readonly SubjectGroup[]
}

export interface SubjectAlias {
  readonly id: string
  readonly name: string
  readonly metadata: Readonly<Record<string, string>>
  readonly customMetadata: Readonly<Record<string, string>>
}

export interface SubjectGroup {
  readonly id: string
  readonly name: string
  readonly metadata: Readonly<Record<string, string>>
}

/** What a value may hold; without leave it is one segment of a path, and no wildcard. */
export interface TemplateLeave {
  readonly slashes: boolean
  readonly wildcards: boolean
}

type Resolve = (subject: Subject) => string | undefined

const ENTITY = /^identity\.entity\.(id|name|metadata\.(?<key>.+))$/
const ALIAS = /^identity\.entity\.aliases\.(?<accessor>[^.]+)\.(id|name|metadata\.(?<key>.+))$/
const ALIAS_CUSTOM = /^identity\.entity\.aliases\.(?<accessor>[^.]+)\.custom_metadata\.(?<key>.+)$/
const LINE_BREAK = /[\n\r\u2028\u2029]/
const GROUP = /^identity\.groups\.(?<by>ids|names)\.(?<which>.+?)\.(id|name|metadata\.(?<key>.+))$/

export function isTemplate(path: string): boolean {
  return path.includes('{{') || path.includes('}}')
}

/** What is wrong with a template, in words; `null` when it can be filled for somebody. */
export function templateFault(path: string): string | null {
  for (const part of partsOf(path)) {
    if (part.isName && resolverOf(part.text) === null) return `the template {{${part.text}}} is not known`
    if (!part.isName && isTemplate(part.text)) return 'a template has no beginning or no end'
  }
  return null
}

/**
 * The path with its templates filled; `null` when a value is missing, so that the rule is nothing to this
 * subject. Throws `permission_denied` for a value that would reach further than its place: to leave the rule
 * out would leave out a `deny` as well.
 */
export function fillTemplate(path: string, subject: Subject | null, leave: TemplateLeave): string | null {
  if (!isTemplate(path)) return path
  if (subject === null) return null
  const filled: string[] = []
  for (const part of partsOf(path)) {
    const value = part.isName ? resolverOf(part.text)?.(subject) : part.text
    if (value === undefined || (part.isName && value === '')) return null
    if (part.isName) refuseReach(value, leave)
    filled.push(value)
  }
  return filled.join('')
}

interface Part {
  readonly isName: boolean
  readonly text: string
}

/** By looking for each brace once: a regular expression looks for the end of every beginning anew. */
function partsOf(path: string): readonly Part[] {
  const parts: Part[] = []
  let at = 0
  for (;;) {
    const begin = path.indexOf('{{', at)
    const end = begin === -1 ? -1 : path.indexOf('}}', begin + 2)
    if (end === -1) return [...parts, { isName: false, text: path.slice(at) }]
    parts.push({ isName: false, text: path.slice(at, begin) })
    parts.push({ isName: true, text: path.slice(begin + 2, end).trim() })
    at = end + 2
  }
}

function resolverOf(name: string): Resolve | null {
  if (LINE_BREAK.test(name)) return null
  const entity = ENTITY.exec(name)
  if (entity !== null) return (subject) => member(entity, subject.entity)
  const alias = ALIAS.exec(name)
  if (alias !== null) return (subject) => member(alias, aliasOf(alias, subject))
  const custom = ALIAS_CUSTOM.exec(name)
  if (custom !== null) {
    return (subject) => {
      const found = aliasOf(custom, subject)
      return member(custom, found && { ...found, metadata: found.customMetadata })
    }
  }
  const group = GROUP.exec(name)
  if (group === null) return null
  return ({ groups }) => {
    const { by, which } = group.groups ?? {}
    return member(
      group,
      groups.find(({ id, name: own }) => (by === 'ids' ? id : own) === which),
    )
  }
}

function aliasOf(match: RegExpExecArray, { entity }: Subject): SubjectAlias | undefined {
  const accessor = match.groups?.['accessor'] ?? ''
  return Object.hasOwn(entity.aliases, accessor) ? entity.aliases[accessor] : undefined
}

/** What the end of the name asks of it. */
function member(match: RegExpExecArray, of: SubjectGroup | undefined): string | undefined {
  if (of === undefined) return undefined
  const key = match.groups?.['key']
  if (key !== undefined) return Object.hasOwn(of.metadata, key) ? of.metadata[key] : undefined
  return match[0].endsWith('.id') ? of.id : of.name
}

function refuseReach(value: string, { slashes, wildcards }: TemplateLeave): void {
  const reaches = (!slashes && value.includes('/')) || (!wildcards && /[*+]/.test(value))
  if (reaches) {
    throw new OperatingError(
      'permission_denied',
      'a value of the identity behind this token has a slash or a wildcard, which no policy lets it have',
    )
  }
}
