import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Operation } from '../../src/logical/request.ts'
import { type Acl, ROOT_ACL } from '../../src/policy/acl.ts'
import type { Act } from '../../src/policy/act.ts'
import { type Explanation, explain } from '../../src/policy/explain.ts'
import { aclFrom, decide, objectOf } from './sets.ts'

const MOUNTS = [
  { path: 'secret/', type: 'kv', options: { version: '2' } },
  { path: 'kv/', type: 'kv', options: { version: '1' } },
  { path: 'sys/', type: 'system', options: {} },
]

function ask(acl: Acl, operation: Operation, path: string, besides: Partial<Act> = {}): Explanation {
  const act = { operation, path, sudo: false, data: null, wrapTtl: null, ...besides }
  return explain(acl, [act], { mounts: MOUNTS, whose: 'the policies of this token' })
}

describe('a refused request is told', () => {
  test('that no rule fits, and the block that would do', () => {
    const told = ask(aclFrom('path "a" { capabilities = ["read"] }'), 'read', 'kv/app')
    assert.deepEqual(told, {
      allowed: false,
      operation: 'read',
      rule: null,
      policies: [],
      missing: ['read'],
      reason: 'no rule of the policies of this token fits the path',
      patch: 'path "kv/app" {\n  capabilities = ["read"]\n}\n',
      hints: [],
    })
  })

  test('which rule decided and what it does not give; the block for the path keeps what it gave', () => {
    const told = ask(aclFrom('path "kv/*" { capabilities = ["read"] }'), 'update', 'kv/app')
    assert.equal(told.reason, 'path "kv/*" of the policy "p1" does not give update')
    assert.deepEqual([told.rule, told.policies, told.missing], ['kv/*', ['p1'], ['update']])
    assert.equal(told.patch, 'path "kv/app" {\n  capabilities = ["read", "update"]\n}\n')
  })

  test('that sudo is missing as well', () => {
    const told = ask(aclFrom('path "sys/raw" { capabilities = ["read"] }'), 'read', 'sys/raw', { sudo: true })
    assert.deepEqual(told.missing, ['sudo'])
    assert.equal(told.patch, 'path "sys/raw" {\n  capabilities = ["sudo"]\n}\n')
  })

  test('who denies it, and that nothing can be added to a deny on the very path', () => {
    const exact = ask(aclFrom('path "kv/app" { capabilities = ["deny"] }'), 'read', 'kv/app')
    assert.equal(exact.reason, 'path "kv/app" is denied by the policy "p1"')
    assert.equal(exact.patch, null)
    const wider = ask(aclFrom('path "kv/*" { capabilities = ["deny"] }'), 'read', 'kv/app')
    assert.equal(wider.patch, 'path "kv/app" {\n  capabilities = ["read"]\n}\n')
  })

  test('to add to a rule with limits itself, so that the limits stay', () => {
    const acl = aclFrom('path "kv/*" { capabilities = ["read"] denied_parameters = { "x" = [] } }')
    assert.equal(ask(acl, 'update', 'kv/app').patch, 'path "kv/*" {\n  capabilities = ["update"]\n}\n')
  })

  const limited = aclFrom(`
    path "kv/*" {
      capabilities = ["update", "read", "list"]
      allowed_parameters = { "a" = ["1"] }
      denied_parameters = { "d" = [] }
      required_parameters = ["a"]
      pagination_limit = 5
    }
    path "w" { capabilities = ["read"] min_wrapping_ttl = 60 max_wrapping_ttl = 90 }
    path "x" { capabilities = ["read"] min_wrapping_ttl = 60 }`)
  for (const [act, reason] of [
    ['update kv/app {"a":"2"}', 'does not allow the parameter "a", or the value that it has'],
    ['update kv/app {"a":"1","b":1}', 'does not allow the parameter "b", or the value that it has'],
    ['update kv/app {"a":"1","d":1}', 'denies the parameter "d", or the value that it has'],
    ['update kv/app', 'asks for the parameter "a"'],
    ['list kv/app/ {"limit":"6"}', 'takes a limit from 1 to 5, or max'],
    ['read w', 'asks for a wrapped answer, of at least 60 s and at most 90 s'],
    ['read x', 'asks for a wrapped answer, of at least 60 s'],
  ] as const) {
    test(`what else the rule asks: ${act}`, () => {
      const [operation = '', path = '', data] = act.split(' ')
      const told = ask(limited, operation as Operation, path, {
        data: data === undefined ? null : objectOf(data),
      })
      assert.equal(told.reason.replace(/^path "[^"]+" /, ''), reason)
      assert.deepEqual(told.missing, [])
    })
  }
})

test('an allowed request is told what gave it', () => {
  const acl = aclFrom('path "kv/*" { capabilities = ["read", "sudo"] }')
  const told = ask(acl, 'read', 'kv/app', { sudo: true })
  assert.deepEqual([told.reason, told.patch, told.hints], ['path "kv/*" gives read and sudo', null, []])
  assert.equal(ask(ROOT_ACL, 'read', 'kv/app').reason, 'the policy "root" gives everything')
  assert.equal(ask(acl, 'help', 'x').reason, 'help is open to every valid token')
})

describe('the smallest patch', () => {
  for (const rules of [
    '',
    'path "kv/*" { capabilities = ["read", "list"] }',
    'path "+/*" { capabilities = ["deny"] }',
  ]) {
    test(`allows the request, and takes nothing away, beside ${rules === '' ? 'nothing' : rules}`, () => {
      for (const act of ['update kv/app', 'read kv/app', 'list kv/app/']) {
        const [operation = '', path = ''] = act.split(' ')
        const { patch } = ask(aclFrom(rules), operation as Operation, path)
        const patched = aclFrom(rules, patch ?? '')
        assert.equal(decide(patched, act).allowed, true, act)
        for (const given of aclFrom(rules)
          .capabilities(path)
          .filter((one) => one !== 'deny')) {
          assert.ok(patched.capabilities(path).includes(given), given)
        }
      }
    })
  }

  test('for a parameter allows it', () => {
    const rules = 'path "kv/*" { capabilities = ["update"] allowed_parameters = { "a" = [] } }'
    const { patch } = ask(aclFrom(rules), 'update', 'kv/x', { data: objectOf('{"b":1}') })
    assert.equal(decide(aclFrom(rules, patch ?? ''), 'update kv/x {"a":1,"b":1}').allowed, true)
  })

  for (const path of ['kv/a*', 'kv/+/b', 'kv/{{identity.entity.id}}']) {
    test(`is none for ${path}, which would be a pattern in a policy`, () => {
      assert.equal(ask(aclFrom(), 'read', path).patch, null)
    })
  }
})

const NOTHING = 'matches nothing on a KV v2 mount; did you mean'

describe('somebody who forgot the folder of a KV v2 path is told so', () => {
  test('where it is missing in a rule', () => {
    const acl = aclFrom('path "secret/app/*" { capabilities = ["read", "list"] }')
    assert.deepEqual(ask(acl, 'read', 'secret/data/app/db').hints, [
      `path "secret/app/*" of policy "p1" ${NOTHING} "secret/data/app/*"?`,
    ])
    assert.deepEqual(ask(acl, 'list', 'secret/metadata/app/').hints, [
      `path "secret/app/*" of policy "p1" ${NOTHING} "secret/metadata/app/*"?`,
    ])
  })
  test('where it is missing in the path', () => {
    assert.deepEqual(ask(aclFrom(), 'read', 'secret/app').hints, [
      'nothing is at this path of a KV v2 mount; did you mean "secret/data/app"?',
    ])
    assert.deepEqual(ask(aclFrom(), 'list', 'secret/app/').hints, [
      'nothing is at this path of a KV v2 mount; did you mean "secret/metadata/app/"?',
    ])
  })
  test('and the patch is for the path that was meant', () => {
    const patch = (operation: Operation, path: string, rules = ''): string | null =>
      ask(aclFrom(rules), operation, path).patch
    assert.equal(patch('read', 'secret/app'), 'path "secret/data/app" {\n  capabilities = ["read"]\n}\n')
    assert.equal(
      patch('list', 'secret/app/'),
      'path "secret/metadata/app/" {\n  capabilities = ["list"]\n}\n',
    )
    assert.equal(
      patch('update', 'secret/app'),
      'path "secret/data/app" {\n  capabilities = ["create", "update"]\n}\n',
    )
    const given = 'path "secret/data/*" { capabilities = ["read"] }'
    assert.equal(patch('read', 'secret/app', given), null, 'allowed there already')
    assert.equal(
      patch('delete', 'secret/app', given),
      'path "secret/data/app" {\n  capabilities = ["delete", "read"]\n}\n',
    )
  })
  for (const rule of ['secret/data/other/*', 'secret/other/*', 'secret/+/app', 'kv/app/*', 'secret/dat*']) {
    test(`and not about ${rule}`, () => {
      const acl = aclFrom(`path "${rule}" { capabilities = ["list"] }`)
      assert.deepEqual(ask(acl, 'read', 'secret/data/app/db').hints, [])
    })
  }
})
