import { Ajv, type ValidateFunction } from 'ajv'

/** One exchange with a server, as a client saw it. */
export interface Exchange {
  readonly method: string
  /** Of the request target, for example `/v1/sys/mounts`. */
  readonly path: string
  readonly query: string
  readonly status: number
  /** As parsed from JSON; `null` where there was none. */
  readonly body: unknown
}

type Document = {
  readonly paths: Readonly<Record<string, PathItem>>
  readonly components: { readonly schemas: Readonly<Record<string, Envelope>> }
}
/** Of which only this is looked into. */
type Envelope = { readonly properties?: { readonly data?: { readonly maxProperties?: number } } }
type Operation = { readonly responses: Readonly<Record<string, Reply>> }
type PathItem = Readonly<Record<string, Operation>>
type Reply = { readonly content?: { readonly 'application/json'?: { readonly schema: object } } }

/** Holds answers against an OpenAPI document: which are not as it says. */
export class Conformance {
  readonly #validators = new Map<object, ValidateFunction>()
  readonly #schemas: Document['components']['schemas']
  readonly #ajv = new Ajv({ strict: false, validateFormats: false })
  readonly #templates: readonly {
    readonly pattern: RegExp
    readonly item: PathItem
    readonly literal: number
  }[]

  constructor(document: unknown) {
    const { paths, components } = document as Document
    this.#schemas = components.schemas
    // Shapes alone: what stands beside them in a document has other rules.
    this.#ajv.addSchema(closed({ $id: 'document', components }) as object)
    this.#templates = Object.entries(paths)
      .map(([template, item]) => ({
        pattern: patternOf(`/v1${template}`),
        item,
        // More letters that are no parameter: the more particular template.
        literal: template.replace(/\{\w+\}/g, '').length,
      }))
      .sort((one, other) => other.literal - one.literal)
  }

  /** `null` when the answer is as described. */
  fault(exchange: Exchange): string | null {
    const { method, path, query, status, body } = exchange
    const isFolder = method === 'LIST' || method === 'SCAN' || /(?:^|&)(?:list|scan)=/.test(query)
    const sought = isFolder && !path.endsWith('/') ? `${path}/` : path
    const fitting = this.#templates.filter(({ pattern }) => pattern.test(sought))
    const operation = operationOf(fitting, METHODS[method] ?? method.toLowerCase())
    // A path is sought also where it was refused: a name that we should know, or misspelt, is found by it.
    const isRefusedMethod = operation === undefined && fitting.length > 0 && status >= 400
    if (operation === undefined && !isRefusedMethod) return `${method} ${path} is not in the document`
    if (method === 'HEAD') return body === null ? null : `${path}: an answer to HEAD has a body`
    const fault = this.#faultOf(operation?.responses ?? REFUSED, status, body)
    return fault === null ? null : `${method} ${path} ${status}: ${fault}`
  }

  #validatorOf(schema: object): ValidateFunction {
    const known = this.#validators.get(schema)
    if (known !== undefined) return known
    const made = this.#ajv.compile(absolute(closed(schema) as object))
    this.#validators.set(schema, made)
    return made
  }

  /** A shape without data: that something was done is all there is to say. */
  #mayBeEmpty(schema: { readonly $ref?: string }): boolean {
    const envelope = this.#schemas[schema.$ref?.split('/').at(-1) ?? '']
    return envelope?.properties?.data?.maxProperties === 0
  }

  #faultOf(responses: Operation['responses'], status: number, body: unknown): string | null {
    const range = responses[`${Math.floor(status / 100)}XX`]
    const reply = responses[status] ?? range ?? (status < 400 ? undefined : responses['default'])
    if (reply === undefined) return 'a status that is not in the document'
    const schema = reply.content?.['application/json']?.schema
    // Without a word: what KV 2 does not find to patch, and what goes on behind the answer.
    const mayBeSilent = schema === undefined || status >= 400 || status === 202
    if (body === null) return mayBeSilent ? null : 'no body where there is one'
    if (schema === undefined) return 'a body where there is none'
    const validate = this.#validatorOf(schema)
    if (!validate(body)) return this.#ajv.errorsText(validate.errors)
    const isEmpty = status === 200 && saysNothing(body) && !this.#mayBeEmpty(schema)
    return isEmpty ? 'an envelope with nothing in it' : null
  }
}

/** `data` may be absent where an answer is wrapped or has warnings alone, and is nowhere else. */
function saysNothing(body: unknown): boolean {
  const { request_id, lease_id, data, wrap_info, warnings, auth } = body as Record<string, unknown>
  const others = [data, wrap_info, warnings, auth]
  return request_id !== undefined && lease_id === '' && others.every((member) => member === null)
}

/**
 * The same shapes without room for members that have no name there: a client may be told more one day, but
 * what is told today stands in the document. An envelope has room: members of `data` may stand beside it.
 */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed)
  if (typeof schema !== 'object' || schema === null) return schema
  const members = Object.fromEntries(Object.entries(schema).map(([name, value]) => [name, closed(value)]))
  const { properties, additionalProperties } = schema as Record<string, unknown>
  const isShape = typeof properties === 'object' && properties !== null
  const isEnvelope = isShape && 'request_id' in properties
  return isShape && additionalProperties === undefined && !isEnvelope
    ? { ...members, additionalProperties: false }
    : members
}

/** Of the most particular path that has the method. */
function operationOf(fitting: readonly { readonly item: PathItem }[], method: string): Operation | undefined {
  const found = fitting.find(({ item }) => item[method] !== undefined || isWritten(item, method))
  return found?.item[method] ?? found?.item['put']
}

/** Of a method that a path does not have. */
const REFUSED: Operation['responses'] = {
  default: { content: { 'application/json': { schema: { $ref: '#/components/schemas/Errors' } } } },
}

/** The routes of the lifecycle have PUT and POST apart. */
function isWritten(item: PathItem, method: string): boolean {
  return method === 'post' && item['put'] !== undefined
}

const METHODS: Readonly<Record<string, string>> = { LIST: 'get', SCAN: 'get', HEAD: 'get', PUT: 'post' }

function patternOf(template: string): RegExp {
  const escaped = template.replace(/[.*+?^$()|[\]\\]/g, '\\$&')
  return new RegExp(`^${escaped.replace(/\{\w+\}/g, '.*')}/?$`)
}

/** References of the document, as seen from outside of it. */
function absolute(schema: object): object {
  const text = JSON.stringify(schema).replaceAll('"$ref":"#/', '"$ref":"document#/')
  return JSON.parse(text)
}
