import type { Route } from '../logical/backend.ts'
import type { BareMethod, BareRoute } from '../logical/bare-route.ts'
import type { Field, Fields, FieldType } from '../logical/field-table.ts'
import type { JsonOut } from '../logical/json.ts'
import type { Operation } from '../logical/request.ts'
import { ANYTHING } from '../logical/schema.ts'
import { bareResponsesOf, responsesOf } from './openapi-answers.ts'
import { ERRORS } from './openapi-shapes.ts'

type Members = { readonly [member: string]: JsonOut }

/** Where all of it stands. */
const SERVER = '/v1'

/** What a mount answers, and where. */
export interface Described {
  /** Ends in `/`. */
  readonly path: string
  readonly type: string
  readonly routes: readonly Route[]
}

/**
 * An OpenAPI 3.0 document (OAS 3.0.3) of route tables: what the router and the handlers read is what is
 * described. Shapes that mounts of one type share stand in it once.
 */
export function openApi(
  about: { readonly title: string; readonly version: string },
  mounts: readonly Described[],
  bare: readonly BareRoute[],
): Members {
  const schemas = new Map<string, JsonOut>([['Errors', ERRORS]])
  const ids = new Set<string>()
  // The face of before `/v1` has the same names as the one of today, and is described in words.
  const modern = bare.filter(({ path }) => path.startsWith(SERVER))
  const paths: [string, Members][] = modern.map((route) => [
    route.path.slice(SERVER.length),
    barePath(route, ids),
  ])
  for (const mount of mounts) {
    for (const route of mount.routes) {
      const template = `/${mount.path}${templateOf(route.pattern)}`
      paths.push([template, routePath(template, { route, type: mount.type, schemas, ids })])
    }
  }
  paths.sort(([one], [other]) => (one < other ? -1 : 1))
  return {
    openapi: '3.0.2',
    info: { ...about, description: 'The HTTP API, as the route tables of this server have it.' },
    servers: [{ url: SERVER }],
    security: [{ token: [] }],
    paths: Object.fromEntries(paths),
    components: {
      schemas: Object.fromEntries(schemas),
      securitySchemes: { token: { type: 'apiKey', in: 'header', name: 'X-Vault-Token' } },
    },
  }
}

/** `data/*path` is `data/{path}`; that a rest may hold slashes OpenAPI cannot say, and descriptions do. */
function templateOf(pattern: string): string {
  return pattern.replace(/(^|\/)[:*](\w+)/g, '$1{$2}')
}

interface RouteContext {
  readonly route: Route
  readonly type: string
  readonly schemas: Map<string, JsonOut>
  readonly ids: Set<string>
}

const METHODS: readonly (readonly [method: string, operations: readonly Operation[]])[] = [
  ['get', ['read', 'list', 'scan']],
  ['post', ['create', 'update']],
  ['patch', ['patch']],
  ['delete', ['delete']],
]

function routePath(template: string, context: RouteContext): Members {
  const { route } = context
  const methods = METHODS.flatMap(([method, operations]): [string, Members][] => {
    const served = operations.filter((operation) => route.handlers[operation] !== undefined)
    return served.length === 0 ? [] : [[method, operationOf(template, { ...context, method, served })]]
  })
  const parameters = [...route.pattern.matchAll(/(?:^|\/)([:*])(\w+)/g)].map(
    ([, kind, name]): Members => ({
      name: name ?? '',
      in: 'path',
      required: true,
      schema: { type: 'string' },
      ...(kind === '*' ? { description: 'May have several segments.' } : {}),
    }),
  )
  return { ...(parameters.length === 0 ? {} : { parameters }), ...Object.fromEntries(methods) }
}

function operationOf(
  template: string,
  context: RouteContext & { readonly method: string; readonly served: readonly Operation[] },
): Members {
  const { route, type, method, served } = context
  const takesBody = method === 'post' || method === 'patch'
  const query = takesBody ? [] : queryOf(queryFieldsOf(context), served)
  return {
    operationId: idOf(context.ids, `${template}-${method}`),
    summary: route.summary,
    tags: [type],
    ...(route.access === 'public' ? { security: [] } : {}),
    ...(route.access === 'sudo' ? { 'x-vault-sudo': true } : {}),
    ...(query.length === 0 ? {} : { parameters: query }),
    ...(takesBody ? { requestBody: bodyOf(bodyFieldsOf(route), method === 'patch') } : {}),
    responses: responsesOf(context),
  }
}

const WRITES: readonly Operation[] = ['create', 'update', 'patch']

/** A route that also writes has most of its fields for that; what is deleted is told by its path. */
function queryFieldsOf({ route, method }: { readonly route: Route; readonly method: string }): Fields {
  const writes = WRITES.some((operation) => route.handlers[operation] !== undefined)
  return fieldsWhere(route.fields ?? {}, (field) => {
    if (method === 'delete') return field.in === 'both'
    return !writes || field.in !== undefined
  })
}

function bodyFieldsOf({ fields }: Route): Fields | undefined {
  return fields === undefined ? undefined : fieldsWhere(fields, (field) => field.in !== 'query')
}

function fieldsWhere(fields: Fields, holds: (field: Field) => boolean): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, field]) => holds(field)))
}

/** Of a GET that both reads and lists, the query says which. */
function queryOf(fields: Fields, served: readonly Operation[]): readonly Members[] {
  // A secret has no place in a target, which logs along the way may show.
  const shown = Object.entries(fields).filter(([, { type }]) => type !== 'secret')
  const parameters = shown.map(
    ([name, field]): Members => ({
      name,
      in: 'query',
      description: field.description,
      schema: fieldSchema(field.type),
      ...(field.deprecated === true ? { deprecated: true } : {}),
    }),
  )
  const modes = (['list', 'scan'] as const).filter((mode) => served.includes(mode))
  const isFolder = !served.includes('read')
  const switches = modes.map(
    (name): Members => ({
      name,
      in: 'query',
      required: isFolder && modes.length === 1,
      description: name === 'list' ? 'Names directly below the path.' : 'Names at any depth below the path.',
      schema: { type: 'string', enum: ['true'] },
    }),
  )
  return [...switches, ...parameters]
}

function bodyOf(fields: Fields | undefined, isPatch: boolean): Members {
  const schema = fields === undefined ? ANYTHING : fieldsSchema(fields)
  const media = isPatch ? 'application/merge-patch+json' : 'application/json'
  return { content: { [media]: { schema } } }
}

function fieldsSchema(fields: Fields): JsonOut {
  return { type: 'object', properties: Object.fromEntries(Object.entries(fields).map(propertyOf)) }
}

function propertyOf([name, field]: [string, Field]): [string, JsonOut] {
  const schema = fieldSchema(field.type)
  const deprecated = field.deprecated === true ? { deprecated: true } : {}
  return [name, { ...schema, description: field.description, ...deprecated }]
}

const TEXT_LIST = { type: 'array', items: { type: 'string' } } as const

/** The form to prefer; what else is taken stands in surface.md section 1.5. */
const FIELD_SCHEMAS: { readonly [Type in FieldType]: Members } = {
  string: { type: 'string' },
  integer: { type: 'integer' },
  float: { type: 'number' },
  boolean: { type: 'boolean' },
  seconds: { type: 'string', format: 'duration' },
  'signed-seconds': { type: 'string', format: 'duration' },
  strings: TEXT_LIST,
  'comma-strings': TEXT_LIST,
  integers: { type: 'array', items: { type: 'integer' } },
  pairs: { type: 'object', additionalProperties: { type: 'string' } },
  object: { type: 'object', additionalProperties: true },
  time: { type: 'string', format: 'date-time' },
  secret: { type: 'string', format: 'password' },
  any: {},
}

function fieldSchema(type: FieldType): Members {
  return FIELD_SCHEMAS[type]
}

const BARE_METHODS: readonly BareMethod[] = ['GET', 'HEAD', 'PUT', 'POST', 'DELETE']

function barePath(route: BareRoute, ids: Set<string>): Members {
  const methods = BARE_METHODS.filter((method) => route.handlers[method] !== undefined)
  return Object.fromEntries(
    methods.map((method) => [method.toLowerCase(), bareOperation(route, { method, ids })]),
  )
}

function bareOperation(
  route: BareRoute,
  { method, ids }: { readonly method: BareMethod; readonly ids: Set<string> },
): Members {
  const takesBody = method === 'PUT' || method === 'POST'
  return {
    operationId: idOf(ids, `${route.path}-${method.toLowerCase()}`),
    summary: route.summary,
    tags: ['lifecycle'],
    security: [],
    ...(takesBody ? { requestBody: bodyOf(route.fields, false) } : {}),
    responses: bareResponsesOf(route, method),
  }
}

/** Unique in the document, as its section on operations demands. */
function idOf(ids: Set<string>, text: string): string {
  const slug = text.replace(/[^A-Za-z0-9]+/g, '-').replace(/^-|-$/g, '')
  let id = slug
  for (let count = 2; ids.has(id); count++) id = `${slug}-${count}`
  ids.add(id)
  return id
}
