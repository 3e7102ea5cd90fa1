import { type UnixMillis, unixMillis } from '../../src/base/clock.ts'
import { utf8 } from '../../src/base/encoding.ts'
import type { JsonObject } from '../../src/logical/json.ts'
import { readJson } from '../../src/logical/json-reader.ts'
import type { Operation } from '../../src/logical/request.ts'
import type { Acl, Decision } from '../../src/policy/acl.ts'
import { compileAcl } from '../../src/policy/compile.ts'
import { parsePolicy } from '../../src/policy/parse.ts'
import type { Policy } from '../../src/policy/policy.ts'

export const SIM_START: UnixMillis = unixMillis(1_764_000_000_000)

/** Policies named `p1`, `p2`, … in HCL, as one ACL. */
export function aclFrom(...texts: readonly string[]): Acl {
  return compileAcl(texts.map(policyFrom), SIM_START, null).acl
}

export function policyFrom(text: string, index: number): Policy {
  return {
    name: `p${index + 1}`,
    rules: parsePolicy(text),
    leave: { slashes: false, wildcards: false },
    expires: null,
  }
}

/** An act as it comes from a request: `POST kv/w {"a":"1"}` is `update kv/w {"a":"1"}`. */
export function decide(acl: Acl, act: string, besides: { wrapTtl?: number; sudo?: boolean } = {}): Decision {
  const [operation = '', path = '', ...data] = act.split(' ')
  return acl.decide({
    operation: operation as Operation,
    path,
    sudo: besides.sudo ?? false,
    data: data.length === 0 ? null : objectOf(data.join(' ')),
    wrapTtl: besides.wrapTtl ?? null,
  })
}

export function objectOf(json: string): JsonObject {
  const node = readJson(utf8(json), { maxDepth: 10, maxStrings: 1000 })
  if (node.kind !== 'object') throw new Error('data is an object')
  return node
}
