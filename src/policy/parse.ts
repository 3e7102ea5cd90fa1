import { fromBase64, fromUtf8 } from '../base/encoding.ts'
import { OperatingError } from '../base/errors.ts'
import { parseDocument } from '../hcl/document.ts'
import { type Body, HclError, type Item, type Place, quoted, type Value } from '../hcl/value.ts'
import type { PathRule } from './policy.ts'
import { PolicyFault, readRule, unknownKeys } from './rule.ts'

/** A path block: its path and what stands in its braces. */
interface PathBlock {
  readonly path: string
  readonly body: Body
}

const TOP_LEVEL = new Set(['name', 'path'])

/**
 * The text of a policy that was sent as it is, or in base64 (surface.md section 3.1): what decodes to UTF-8
 * was encoded, since no policy of HCL or JSON is base64.
 */
export function policyText(sent: string): string {
  const bytes = fromBase64(sent.replaceAll(/[\r\n]/g, ''))
  if (bytes === null || bytes.length === 0) return sent
  try {
    return fromUtf8(bytes)
  } catch {
    // Base64 of something else, or a policy by chance: the reader of policies says what is wrong with it.
    return sent
  }
}

/**
 * The rules of a policy in HCL 1 or its JSON form, in their order. Throws `bad_request` in the contract's
 * words, with the line.
 */
export function parsePolicy(text: string): readonly PathRule[] {
  try {
    const body = parseDocument(text, 'policy')
    refuseUnknown(body)
    return body
      .filter(({ name }) => name === 'path')
      .flatMap(blocksOf)
      .map(ruleOf)
  } catch (error) {
    throw asRefusal(error)
  }
}

function ruleOf({ path, body }: PathBlock): PathRule {
  try {
    return readRule(path, body)
  } catch (error) {
    if (!(error instanceof PolicyFault)) throw error
    throw new PolicyFault(`path ${quoted(path)}: ${error.message}`)
  }
}

function refuseUnknown(body: Body): void {
  const unknown = body.filter(({ name }) => !TOP_LEVEL.has(name))
  if (unknown.length > 0) throw new PolicyFault(unknownKeys(unknown))
  const name = body.find((item) => item.name === 'name')
  if (name !== undefined && name.value.kind !== 'text') throw new PolicyFault('"name" is not a text')
}

/** `path "x" { … }`, `path = { "x" = { … } }`, and the forms of JSON. */
function blocksOf(item: Item): readonly PathBlock[] {
  if (item.form === 'attribute') return namedBlocks(item.value)
  const [label, second] = item.labels
  if (label === undefined) return namedBlocks(item.value)
  if (second !== undefined) throw at(second.at, 'a path block has one name')
  return [{ path: label.text, body: item.value.body }]
}

/** An object, or a list of them, whose members are named by their paths. */
function namedBlocks(value: Value): readonly PathBlock[] {
  return objectsOf(value).flatMap((body) =>
    body.flatMap((item) => {
      if (item.form === 'block' && item.labels.length > 0) throw at(item.at, 'a path block has one name')
      return objectsOf(item.value).map((inner): PathBlock => ({ path: item.name, body: inner }))
    }),
  )
}

function objectsOf(value: Value): readonly Body[] {
  const values = value.kind === 'list' ? value.items : [value]
  return values.map((one) => {
    if (one.kind !== 'object') throw at(one.at, 'a path block is written in braces')
    return one.body
  })
}

function at(place: Place, fault: string): HclError {
  return new HclError(place, fault)
}

function asRefusal(error: unknown): unknown {
  if (error instanceof PolicyFault) return refusal(error.message)
  if (!(error instanceof HclError)) return error
  return refusal(`At ${error.at.line}:${error.at.column}: ${error.fault}`)
}

function refusal(fault: string): OperatingError {
  return new OperatingError('bad_request', `failed to parse policy: ${fault}`)
}
