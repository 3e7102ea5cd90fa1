import { Ajv } from 'ajv'

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
  readonly components: { readonly schemas: Readonly<Record<string, object>> }
}
type Operation = { readonly responses: Readonly<Record<string, Reply>> }
type PathItem = Readonly<Record<string, Operation>>
type Reply = { readonly content?: { readonly 'application/json': { readonly schema: object } } }

/** Holds answers against an OpenAPI document: which are not as it says. */
export class Conformance {
  readonly #document: Document
  readonly #ajv = new Ajv({ strict: false, validateFormats: false })
  readonly #templates: readonly {
    readonly pattern: RegExp
    readonly item: PathItem
    readonly literal: number
  }[]

  constructor(document: unknown) {
    this.#document = document as Document
    this.#ajv.addSchema({ $id: 'document', ...this.#document })
    this.#templates = Object.entries(this.#document.paths)
      .map(([template, item]) => ({
        pattern: patternOf(`/v1${template}`),
        item,
        // More letters that are no parameter: the more particular template.
        literal: template.replace(/\{\w+\}/g, '').length,
      }))
      .sort((one, other) => other.literal - one.literal)
  }

  /** `null` when the answer is as described. */
  fault({ method, path, query, status, body }: Exchange): string | null {
    const isFolder = method === 'LIST' || method === 'SCAN' || /(?:^|&)(?:list|scan)=/.test(query)
    const sought = isFolder && !path.endsWith('/') ? `${path}/` : path
    const operation = this.#operation(sought, METHODS[method] ?? method.toLowerCase())
    if (operation === undefined) return status >= 400 ? null : `${method} ${path} is not in the document`
    if (method === 'HEAD') return body === null ? null : `${path}: an answer to HEAD has a body`
    const fault = this.#faultOf(operation.responses, status, body)
    return fault === null ? null : `${method} ${path} ${status}: ${fault}`
  }

  /** Of the most particular path that has the method. */
  #operation(path: string, method: string): Operation | undefined {
    const fitting = this.#templates.filter(({ pattern }) => pattern.test(path))
    const found = fitting.find(({ item }) => item[method] !== undefined || isWritten(item, method))
    return found?.item[method] ?? found?.item['put']
  }

  #faultOf(responses: Operation['responses'], status: number, body: unknown): string | null {
    // What is no more there is told in an envelope (surface.md section 0, 4); health speaks by its status.
    const isRefusal = typeof body === 'object' && body !== null && 'errors' in body
    const reply = responses[isRefusal || body === null ? String(status) : '200'] ?? responses['default']
    const schema = reply?.content?.['application/json'].schema
    if (body === null) return schema === undefined || status >= 400 ? null : 'no body where there is one'
    if (schema === undefined) return 'a body where there is none'
    const validate = this.#ajv.compile(absolute(schema))
    return validate(body) ? null : this.#ajv.errorsText(validate.errors)
  }
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
