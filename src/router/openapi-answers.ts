import type { Route } from '../logical/backend.ts'
import type { BareMethod, BareRoute } from '../logical/bare-route.ts'
import type { JsonOut } from '../logical/json.ts'
import type { Operation } from '../logical/request.ts'
import { either, NOTHING, nullable, type Schema, TEXTS } from '../logical/schema.ts'
import { AUTH, WRAP_INFO } from './openapi-shapes.ts'

type Members = { readonly [member: string]: JsonOut }

/** An operation whose answers are described. */
export interface Answering {
  readonly route: Route
  /** Of the mount. */
  readonly type: string
  /** Operations of the route that one method stands for. */
  readonly served: readonly Operation[]
  /** Of the document; the answer's is put here. */
  readonly schemas: Map<string, JsonOut>
}

const NO_CONTENT: Members = { description: 'Done.' }
const ERRORS_SCHEMA: Members = { $ref: '#/components/schemas/Errors' }
const FAILURE: Members = {
  description: 'Refused, or failed.',
  content: { 'application/json': { schema: ERRORS_SCHEMA } },
}
const LINES: Members = {
  description: 'Text, line by line, until the connection ends.',
  content: { 'text/plain': { schema: { type: 'string' } } },
}

/** `responses` of an operation behind the router (surface.md section 1.2). */
export function responsesOf({ route, type, served, schemas }: Answering): Members {
  if (route.form === 'lines') return { 200: LINES, default: FAILURE }
  const answers = served.flatMap((operation) => route.answers?.[operation] ?? [])
  const [data = NOTHING, ...others] = answers
  const answer = others.length === 0 ? data : either(...answers)
  const schema = reference(
    schemas,
    `${type}${nameOf(route.pattern)}${served[0] ?? ''}`,
    route.form === 'bare' ? answer : envelopeOf(answer),
  )
  const isWrite = served.some((operation) => !['read', 'list', 'scan'].includes(operation))
  return {
    200: answerOf(schema),
    ...(isWrite ? { 202: goingOn(schema), 204: NO_CONTENT } : {}),
    404: goneOf(schema),
    default: FAILURE,
  }
}

/** The same of a route outside of it, which has no envelope (key-lifecycle.md section 1.1). */
export function bareResponsesOf({ answers, anyStatus }: BareRoute, method: BareMethod): Members {
  const schema = answers?.[method]
  if (schema === undefined) return { 204: NO_CONTENT, default: FAILURE }
  const answer = answerOf(schema)
  // What several people cancel is cancelled once enough of them asked for it.
  const cancelled = method === 'DELETE' ? { 202: answer, 204: NO_CONTENT } : {}
  const anyhow = anyStatus === true ? anyStatusOf(schema) : {}
  return { 200: answer, ...cancelled, ...anyhow, default: FAILURE }
}

/** By the ranges that OAS 3.0.3 section 4.7.16 has. */
function anyStatusOf(schema: Schema): Members {
  const either = { anyOf: [schema, ERRORS_SCHEMA] }
  const answer = {
    description: 'An answer, or a refusal.',
    content: { 'application/json': { schema: either } },
  }
  return { '2XX': answer, '4XX': answer, '5XX': answer }
}

/** Mounts of one type share what is the same; what is not gets a name of its own. */
function reference(schemas: Map<string, JsonOut>, wanted: string, schema: JsonOut): Members {
  const text = JSON.stringify(schema)
  let name = wanted
  for (let count = 2; JSON.stringify(schemas.get(name) ?? schema) !== text; count++)
    name = `${wanted}_${count}`
  schemas.set(name, schema)
  return { $ref: `#/components/schemas/${name}` }
}

function answerOf(schema: JsonOut): Members {
  return { description: 'An answer.', content: { 'application/json': { schema } } }
}

function goingOn(schema: JsonOut): Members {
  const description = 'It goes on behind the answer, which is empty where there is nothing to add.'
  return { ...answerOf(schema), description }
}

/** What is no more is told in an envelope, and what KV 2 has elsewhere (surface.md section 0, 4). */
function goneOf(schema: Members): Members {
  return {
    description: 'Nothing is there; or what was is no more, and the answer says what is known of it.',
    content: {
      'application/json': { schema: { anyOf: [ERRORS_SCHEMA, schema] } },
    },
  }
}

/** surface.md section 1.1. `data` is `null` where an answer is wrapped, or has warnings alone. */
function envelopeOf(answer: Schema): JsonOut {
  const properties = {
    request_id: { type: 'string' },
    lease_id: { type: 'string' },
    renewable: { type: 'boolean' },
    lease_duration: { type: 'integer' },
    data: nullable(answer),
    wrap_info: nullable(WRAP_INFO),
    warnings: nullable(TEXTS),
    auth: nullable(AUTH),
  }
  return { type: 'object', required: Object.keys(properties), properties }
}

function nameOf(pattern: string): string {
  return `_${pattern.replace(/[^A-Za-z0-9]+/g, '_')}_`
}
