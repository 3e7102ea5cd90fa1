import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { unixMillis } from '../base/clock.ts'
import { toBase64, utf8 } from '../base/encoding.ts'
import { hasCode } from '../base/errors.ts'
import { namesOf } from './capability.ts'
import { parsePolicy, policyText } from './parse.ts'
import type { PathRule } from './policy.ts'

function only(text: string): PathRule {
  const [rule, second] = parsePolicy(text)
  assert.ok(rule !== undefined && second === undefined, 'one rule')
  return rule
}

/** One block on `x` with these lines. */
function block(lines: string): PathRule {
  return only(`path "x" { ${lines} }`)
}

function faultOf(text: string): string {
  try {
    parsePolicy(text)
  } catch (error) {
    assert.ok(hasCode(error, 'bad_request'), String(error))
    return error.message
  }
  return 'it was read'
}

describe('a policy of the contract', () => {
  test('gives what its blocks say, path by path', () => {
    const rules = parsePolicy(
      'path "secret/data/dev/*" { capabilities=["read","create","update","list"] }\n' +
        'path "secret/metadata/*" { capabilities=["list"] }',
    )
    assert.deepEqual(
      rules.map(({ path, capabilities }) => [path, namesOf(capabilities)]),
      [
        ['secret/data/dev/*', ['create', 'list', 'read', 'update']],
        ['secret/metadata/*', ['list']],
      ],
    )
  })

  for (const [form, text] of [
    ['JSON', '{"path":{"a/*":{"capabilities":["read"]}}}'],
    ['JSON with lists of blocks', '{"path":[{"a/*":[{"capabilities":["read"]}]}]}'],
    ['HCL with an object', 'path = { "a/*" = { capabilities = ["read"] } }'],
    ['HCL with a name', 'name = "dev"\npath "a/*" { capabilities = ["read"] }'],
    ['a leading slash', 'path "/a/*" { capabilities = ["read"] }'],
  ] as const) {
    test(`may be written as ${form}`, () => {
      const { path, capabilities } = only(text)
      assert.deepEqual([path, namesOf(capabilities)], ['a/*', ['read']])
    })
  }

  for (const text of [
    'path "a" { policy = "read" }\n',
    '{"path":{"a":{"capabilities":["read"]}}}',
    'path "é" {}',
  ]) {
    test(`may come in base64, also in lines: ${text.trim()}`, () => {
      const encoded = toBase64(utf8(text))
      assert.equal(policyText(encoded), text)
      assert.equal(policyText(`${encoded.slice(0, 8)}\r\n${encoded.slice(8)}\n`), text)
      assert.equal(policyText(text), text)
    })
  }

  test('is itself where it only looks like base64', () => {
    for (const text of ['', '////', 'abc=']) assert.equal(policyText(text), text)
  })

  for (const [word, names] of [
    ['deny', ['deny']],
    ['read', ['list', 'read']],
    ['write', ['create', 'delete', 'list', 'read', 'update']],
    ['sudo', ['create', 'delete', 'list', 'read', 'sudo', 'update']],
  ] as const) {
    test(`may say policy = "${word}"`, () => {
      assert.deepEqual(namesOf(block(`policy = "${word}"`).capabilities), names)
    })
  }

  test('loses all beside a deny', () => {
    const rule = block(
      'capabilities = ["read", "deny", "sudo"] allowed_parameters = { a = [] } pagination_limit = 1',
    )
    assert.deepEqual([namesOf(rule.capabilities), rule.allowed, rule.pageLimit], [['deny'], null, null])
  })

  test('has bounds of every kind', () => {
    const rule = block(`
      comment = "for the tests"
      capabilities = ["create", "list"]
      allowed_parameters = { "A" = ["1", "x*"], "*" = [] }
      denied_parameters { "c" = [1, true, ["x"]] }
      required_parameters = ["Cas"]
      min_wrapping_ttl = 60
      max_wrapping_ttl = "1h"
      mfa_methods = ["m"]
      pagination_limit = 10
      list_scan_response_keys_filter_path = "{{ .path | replace \\"metadata/\\" \\"data/\\" }}{{ .key }}"
      expiration = "2027-01-31T01:00:00+01:00"`)
    assert.deepEqual(rule, {
      path: 'x',
      capabilities: rule.capabilities,
      allowed: new Map([
        ['a', ['1', 'x*']],
        ['*', []],
      ]),
      denied: new Map([['c', [1, true, ['x']]]]),
      required: ['Cas'],
      minWrapTtl: 60,
      maxWrapTtl: 3600,
      mfaMethods: ['m'],
      pageLimit: 10,
      keysFilter: '{{ .path | replace "metadata/" "data/" }}{{ .key }}',
      expires: unixMillis(Date.UTC(2027, 0, 31)),
    })
  })

  test('may have blocks that give nothing, and no block at all', () => {
    assert.deepEqual(namesOf(only('path "x" {}').capabilities), [])
    assert.deepEqual(parsePolicy(''), [])
  })
})

describe("a policy is refused in the contract's words", () => {
  const cases: readonly (readonly [string, string])[] = [
    ['path "x" { capabilities=["fly"] }', 'path "x": invalid capability "fly"'],
    ['path "x" { policy="fly" }', 'path "x": invalid policy "fly"'],
    ['\npaht "x" { }', '1 error occurred:\n\t* invalid key "paht" on line 2\n\n'],
    ['a = 1\nb = 2', '2 errors occurred:\n\t* invalid key "a" on line 1\n\t* invalid key "b" on line 2\n\n'],
    ['path "x" {\n  alowed = 1\n}', 'path "x": 1 error occurred:\n\t* invalid key "alowed" on line 2\n\n'],
    ['path "x/+*" { capabilities=["read"] }', 'path "x/+*": invalid use of wildcards (\'+*\' is forbidden)'],
    ['path "x" {', 'At 1:11: expected a name, and found the end'],
    [
      'path "x" { min_wrapping_ttl = 60 max_wrapping_ttl = 30 }',
      'path "x": max_wrapping_ttl cannot be less than min_wrapping_ttl',
    ],
  ]
  for (const [text, fault] of cases) {
    test(JSON.stringify(text), () => assert.equal(faultOf(text), `failed to parse policy: ${fault}`))
  }
})

describe('a policy is refused where a guess would give or take rights:', () => {
  for (const text of [
    'path "x" { capabilities = "read" }',
    'path "x" { capabilities = [1] }',
    'path "x" { capabilities = ["READ"] }',
    'path "x" { allowed_parameters = { a = "1" } }',
    'path "x" { allowed_parameters = { a = [{}] } }',
    'path "x" { allowed_parameters = { a = [], A = [1] } }',
    'path "x" { denied_parameters { a = [] } denied_parameters { b = [] } }',
    'path "x" { max_wrapping_ttl = "500ms" }',
    'path "x" { max_wrapping_ttl = -5 }',
    'path "x" { max_wrapping_ttl = "soon" }',
    'path "x" { pagination_limit = -1 }',
    'path "x" { pagination_limit = 1.5 }',
    'path "x" { pagination_limit = "ten" }',
    'path "x" { expiration = "tomorrow" }',
    'path "x" { expiration = "2027-01-31" }',
    'path "x" { list_scan_response_keys_filter_path = "{{ .other }}" }',
    'path "x" "y" { capabilities = ["read"] }',
    'path "x/{{identity.entity}}" { capabilities = ["read"] }',
    'path "x/{{identity.entity.id" { capabilities = ["read"] }',
    'path = "x"',
    'name = 1',
    '{"path":{"x":{"capabilities":["read"]},"x":{"capabilities":["deny"]}}}',
  ]) {
    test(text, () => assert.match(faultOf(text), /^failed to parse policy: /))
  }
})
