/**
 * The shape of a value, as OpenAPI 3.0 has it (OAS 3.0.3 section 4.7.24): of what a route answers. Data, so
 * that the document and the tests read the same.
 */
export type Schema =
  | { readonly type: 'string'; readonly enum?: readonly string[]; readonly nullable?: true }
  | { readonly type: 'integer' | 'number' | 'boolean'; readonly nullable?: true }
  | { readonly type: 'array'; readonly items: Schema; readonly nullable?: true }
  | ObjectSchema
  /** One of these. */
  | { readonly anyOf: readonly Schema[] }

export type ObjectSchema = {
  readonly type: 'object'
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  /** Of members that are not named; `true`: anything. Without it there are none. */
  readonly additionalProperties?: Schema | true
  /** 0: it is empty. */
  readonly maxProperties?: 0
  readonly nullable?: true
}

export const TEXT = { type: 'string' } as const
export const WHOLE = { type: 'integer' } as const
export const NUMBER = { type: 'number' } as const
export const TRUTH = { type: 'boolean' } as const
/** An object of which nothing is promised: what users stored. */
export const ANYTHING = { type: 'object', additionalProperties: true } as const
/** No data at all. */
export const NOTHING = { type: 'object', maxProperties: 0 } as const
export const TEXTS = listOf(TEXT)
export const TEXT_MAP = mapOf(TEXT)

export function listOf(items: Schema): Schema {
  return { type: 'array', items }
}

export function mapOf(additionalProperties: Schema): ObjectSchema {
  return { type: 'object', additionalProperties }
}

export function nullable(schema: Schema): Schema {
  return 'anyOf' in schema ? either(...schema.anyOf.map(nullable)) : { ...schema, nullable: true }
}

/** Its value is as one of them says. */
export function either(...schemas: readonly Schema[]): Schema {
  return { anyOf: schemas }
}

/** An object with all of `properties`, and maybe some of `optional`. */
export function shape(
  properties: Readonly<Record<string, Schema>>,
  optional: Readonly<Record<string, Schema>> = {},
): ObjectSchema {
  const required = Object.keys(properties)
  return {
    type: 'object',
    properties: { ...properties, ...optional },
    ...(required.length === 0 ? {} : { required }),
  }
}

/** The answer of every list. */
export const KEYS = shape({ keys: TEXTS })
