import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { unixMillis } from '../../src/base/clock.ts'
import { ROOT_ACL } from '../../src/policy/acl.ts'
import { compileAcl } from '../../src/policy/compile.ts'
import { aclFrom, decide, policyFrom, SIM_START } from './sets.ts'

/** The policy of the transcripts "policy params" of surface.md. */
const PARAMS = aclFrom(`
  path "kv/w/*" {
    capabilities = ["create", "update"]
    allowed_parameters = { "a" = ["1", "x*"] "b" = [] }
    required_parameters = ["a"]
  }
  path "kv/l/" { capabilities = ["list"] pagination_limit = 1 }
  path "kv/+/s" { capabilities = ["read"] min_wrapping_ttl = 30 max_wrapping_ttl = 300 }
  path "kv/q/d*" { capabilities = ["deny"] }
`)

describe('as in the transcripts, parameters', () => {
  for (const [act, allowed] of [
    ['create kv/w/1 {"a":"1"}', true],
    ['update kv/w/1 {"a":"xyz","b":"any"}', true],
    ['update kv/w/1 {"a":"2"}', false],
    ['update kv/w/1 {"b":"2"}', false],
    ['update kv/w/1 {"a":"1","c":"1"}', false],
    ['update kv/w/1', false],
    ['update kv/w/1 {"a":null}', false],
    ['update kv/w/1 {"A":"1"}', false],
    ['update kv/w/1 {"a":"1","B":"2"}', true],
    ['update kv/w/1 {"a":1}', false],
    ['update kv/w/1 {"a":["1"]}', false],
  ] as const) {
    test(`${allowed ? 'allow' : 'refuse'} ${act}`, () => assert.equal(decide(PARAMS, act).allowed, allowed))
  }

  for (const [ttl, allowed] of [
    [undefined, false],
    [29, false],
    [30, true],
    [60, true],
    [300, true],
    [600, false],
  ] as const) {
    test(`${allowed ? 'allow' : 'refuse'} an answer wrapped for ${ttl ?? 'no time'}`, () => {
      const besides = ttl === undefined ? {} : { wrapTtl: ttl }
      assert.equal(decide(PARAMS, 'read kv/q/s', besides).allowed, allowed)
    })
  }

  test('are not judged on a list and a delete, which have none to judge', () => {
    const acl = aclFrom('path "a/*" { capabilities = ["list", "delete"] denied_parameters = { "*" = [] } }')
    assert.equal(decide(acl, 'list a/b/ {"after":"x"}').allowed, true)
    assert.equal(decide(acl, 'delete a/b {"x":"y"}').allowed, true)
  })
})

describe('what is denied of a parameter is denied in every spelling that an engine may read alike:', () => {
  const acl = aclFrom(`path "a" {
    capabilities = ["update"]
    denied_parameters = { "n" = [0], "s" = ["root", "ad*"], "t" = [true], "gone" = [] }
  }`)
  for (const data of [
    ...[
      '{"n":0}',
      '{"n":"0"}',
      '{"n":"0.0"}',
      '{"n":[0]}',
      '{"n":["0"]}',
      '{"n":[[0]]}',
      '{"N":0}',
      '{"n":0e5}',
    ],
    ...['{"s":"root"}', '{"s":["x","root"]}', '{"s":"admin"}', '{"S":["admin"]}'],
    ...[
      '{"t":true}',
      '{"t":"true"}',
      '{"t":"1"}',
      '{"t":1}',
      '{"t":"T"}',
      '{"gone":1}',
      '{"gone":null}',
      '{"Gone":""}',
    ],
  ]) {
    test(data, () => assert.equal(decide(acl, `update a ${data}`).allowed, false))
  }
  for (const data of [
    '{"n":1}',
    '{"n":null}',
    '{"s":"user"}',
    '{"t":false}',
    '{"t":"no"}',
    '{"other":0}',
    '{}',
  ]) {
    test(`and ${data} is not`, () => assert.equal(decide(acl, `update a ${data}`).allowed, true))
  }
})

describe('what is allowed of a parameter is allowed in the one spelling that the policy has:', () => {
  const acl = aclFrom(
    'path "a" { capabilities = ["update"] allowed_parameters = { "n" = [1], "t" = [true] } }',
  )
  for (const data of [
    '{"n":"1"}',
    '{"n":1.0}',
    '{"n":1e0}',
    '{"n":[1]}',
    '{"n":true}',
    '{"t":"true"}',
    '{"n":null}',
  ]) {
    test(`not ${data}`, () => assert.equal(decide(acl, `update a ${data}`).allowed, false))
  }
  for (const data of ['{"n":1}', '{"t":true}', '{"N":1}']) {
    test(data, () => assert.equal(decide(acl, `update a ${data}`).allowed, true))
  }
})

describe('a list gets no longer page than its policy lets it have (GH-3518):', () => {
  const acl = aclFrom(
    'path "kv/l/" { capabilities = ["list", "scan"] pagination_limit = 10 }',
    'path "kv/free/" { capabilities = ["list"] }',
    'path "kv/must/" { capabilities = ["list"] pagination_limit = 10 required_parameters = ["limit"] }',
  )
  for (const [data, limit] of [
    ['', 10],
    ['{"after":"x"}', 10],
    ['{"limit":"0"}', 10],
    ['{"limit":0}', 10],
    ['{"limit":""}', 10],
    ['{"limit":null}', 10],
    ['{"limit":"max"}', 10],
    ['{"limit":"1"}', 1],
    ['{"limit":1}', 1],
    ['{"limit":"10"}', 10],
  ] as const) {
    test(`${data === '' ? 'none asked for' : data} becomes ${limit}`, () => {
      for (const operation of ['list', 'scan']) {
        const { allowed, pageLimit } = decide(acl, `${operation} kv/l/ ${data}`.trim())
        assert.deepEqual({ allowed, pageLimit }, { allowed: true, pageLimit: limit })
      }
    })
  }
  for (const value of [
    '"11"',
    '11',
    '"-1"',
    '-1',
    '"NaN"',
    '1e309',
    '"1e309"',
    '"1.5"',
    '[1]',
    '["5","7"]',
    'true',
    '"MAX"',
    '{}',
    '" 1"',
    '"0x5"',
  ]) {
    test(`{"limit":${value}} is refused`, () => {
      assert.equal(decide(acl, `list kv/l/ {"limit":${value}}`).allowed, false)
    })
  }
  test('where nothing caps it, max is everything, and all else is left as it is', () => {
    assert.equal(decide(acl, 'list kv/free/ {"limit":"max"}').pageLimit, 0)
    assert.equal(decide(acl, 'list kv/free/ {"limit":"-1"}').pageLimit, null)
    assert.equal(
      ROOT_ACL.decide({ operation: 'list', path: 'a/', sudo: true, data: null, wrapTtl: null }).pageLimit,
      null,
    )
  })
  test('where it is required, none and 0 are refused, and max is not', () => {
    assert.equal(decide(acl, 'list kv/must/').allowed, false)
    assert.equal(decide(acl, 'list kv/must/ {"limit":"0"}').allowed, false)
    assert.equal(decide(acl, 'list kv/must/ {"limit":"max"}').pageLimit, 10)
  })
})

describe('of all rules that fit, one decides:', () => {
  const wins = (stronger: string, weaker: string, path: string): void => {
    test(`${stronger} before ${weaker} for ${path}`, () => {
      const acl = aclFrom(
        `path "${stronger}" { capabilities = ["read"] }`,
        `path "${weaker}" { capabilities = ["update"] }`,
      )
      // Also what the weaker one would have given is not given.
      assert.equal(decide(acl, `read ${path}`).allowed, true)
      assert.equal(decide(acl, `update ${path}`).allowed, false)
    })
  }
  wins('kv/q/s', 'kv/q/*', 'kv/q/s')
  wins('kv/q/*', 'kv/+/s', 'kv/q/s')
  wins('kv/q/*', 'kv/*', 'kv/q/s')
  wins('a/+', 'a/*', 'a/b')
  wins('a/+/c', 'a/+/c*', 'a/b/c')
  wins('a/+/c/+', 'a/+/+/d', 'a/b/c/d')
  wins('a/+/c/d', 'a/+/+/d', 'a/b/c/d')
  wins('a/+/cd*', 'a/+/c*', 'a/b/cde')
  wins('a/b/+/d', 'a/+/c/d', 'a/b/c/d')

  test('none of them, and nothing is allowed', () => {
    const acl = aclFrom('path "a/+" { capabilities = ["read"] }')
    for (const path of ['a', 'a/b/c', 'b/a', 'a/b/']) assert.equal(decide(acl, `read ${path}`).allowed, false)
  })

  test('a + inside of a segment and a * inside of a path are characters', () => {
    const acl = aclFrom(
      'path "a+b/c" { capabilities = ["read"] }',
      'path "a/*/c" { capabilities = ["read"] }',
    )
    assert.equal(decide(acl, 'read a+b/c').allowed, true)
    assert.equal(decide(acl, 'read axb/c').allowed, false)
    assert.equal(decide(acl, 'read a/*/c').allowed, true)
    assert.equal(decide(acl, 'read a/b/c').allowed, false)
  })
})

describe('a list', () => {
  test('is judged by the path with and without its slash', () => {
    for (const path of ['secret/metadata', 'secret/metadata/', 'secret/+', '+/metadata', 'secret/meta*']) {
      const acl = aclFrom(`path "${path}" { capabilities = ["list", "scan"] }`)
      assert.equal(decide(acl, 'list secret/metadata/').allowed, true, path)
      assert.equal(decide(acl, 'scan secret/metadata/').allowed, true, path)
    }
  })

  test('does not slip past a deny on a prefix below what it may list (GHSA-xp3c-3jw3-4vcr)', () => {
    const acl = aclFrom(`
      path "foo/metadata/*" { capabilities = ["list", "scan"] }
      path "foo/metadata/private/*" { capabilities = ["deny"] }
    `)
    for (const operation of ['list', 'scan']) {
      assert.equal(decide(acl, `${operation} foo/metadata/private/`).allowed, false)
      assert.equal(decide(acl, `${operation} foo/metadata/private/my-app/`).allowed, false)
      assert.equal(decide(acl, `${operation} foo/metadata/public/`).allowed, true)
    }
  })

  test('carries the first filter of its keys', () => {
    const filter = (template: string): string =>
      `path "m/*" { capabilities = ["list"] list_scan_response_keys_filter_path = "${template}" }`
    const acl = aclFrom(
      'path "m/*" { capabilities = ["read"] }',
      filter('a/{{ .key }}'),
      filter('b/{{ .key }}'),
    )
    assert.equal(decide(acl, 'list m/x/').keysFilter, 'a/{{ .key }}')
    assert.equal(decide(acl, 'read m/x').keysFilter, null)
  })
})

describe('rules on one path text', () => {
  test('give together what each gives, and say who gave it', () => {
    const acl = aclFrom(
      'path "a" { capabilities = ["read"] }',
      'path "a" { capabilities = ["update", "read"] }',
    )
    assert.deepEqual(acl.capabilities('a'), ['read', 'update'])
    assert.deepEqual(decide(acl, 'update a').granting, [{ policy: 'p2', path: 'a' }])
    assert.deepEqual(
      decide(acl, 'read a').granting.map(({ policy }) => policy),
      ['p1', 'p2'],
    )
  })

  test('are denied by one of them, wherever it stands', () => {
    const open = 'path "a" { capabilities = ["read", "sudo"] allowed_parameters = { "x" = [] } }'
    const denied = 'path "a" { capabilities = ["deny"] }'
    for (const acl of [aclFrom(open, denied), aclFrom(denied, open), aclFrom(`${open}\n${denied}`)]) {
      assert.deepEqual(acl.capabilities('a'), ['deny'])
      assert.equal(decide(acl, 'read a').allowed, false)
    }
  })

  test('whose wrapping times exclude each other allow nothing', () => {
    const acl = aclFrom(
      'path "a" { capabilities = ["read"] min_wrapping_ttl = 300 }',
      'path "a" { capabilities = ["read"] max_wrapping_ttl = 60 }',
    )
    for (const wrapTtl of [30, 60, 200, 300]) assert.equal(decide(acl, 'read a', { wrapTtl }).allowed, false)
  })
})

describe('a protected path', () => {
  const acl = aclFrom('path "a" { capabilities = ["read"] }', 'path "b" { capabilities = ["read", "sudo"] }')
  test('asks for sudo besides', () => {
    assert.deepEqual(decide(acl, 'read a', { sudo: true }).missing, ['sudo'])
    assert.equal(decide(acl, 'read b', { sudo: true }).allowed, true)
    assert.deepEqual(decide(acl, 'update b', { sudo: true }).missing, ['update'])
  })
})

test('help is open to every valid token', () => {
  assert.equal(decide(aclFrom(), 'help a').allowed, true)
})

describe('the policy root', () => {
  const acl = compileAcl(
    [policyFrom('path "*" { capabilities = ["deny"] }', 0), { ...policyFrom('', 1), name: 'root' }],
    SIM_START,
    null,
  ).acl
  test('gives everything, whatever stands beside it', () => {
    assert.equal(decide(acl, 'delete a', { sudo: true }).allowed, true)
    assert.deepEqual(acl.capabilities('a'), ['root'])
    assert.equal(acl.reaches('a/'), true)
    assert.equal(acl.resultant().isRoot, true)
  })
  test('is nothing but its exact name', () => {
    for (const name of ['Root', 'ROOT', ' root', 'root ', 'root\0', 'r\u043eot']) {
      const other = compileAcl([{ ...policyFrom('', 0), name }], SIM_START, null).acl
      assert.deepEqual(other.capabilities('a'), ['deny'])
    }
  })
})

describe('what has expired', () => {
  const later = new Date(SIM_START + 1000).toISOString()
  const policy = policyFrom(
    `
    path "a" { capabilities = ["deny"] expiration = "${later}" }
    path "a" { capabilities = ["read"] }`,
    0,
  )
  test('counts until its time, and from then on not at all', () => {
    const before = compileAcl([policy], unixMillis(SIM_START + 999), null)
    const after = compileAcl([policy], unixMillis(SIM_START + 1000), null)
    assert.deepEqual([before.acl.capabilities('a'), before.until], [['deny'], SIM_START + 1000])
    assert.deepEqual([after.acl.capabilities('a'), after.until], [['read'], null])
  })
  test('as a whole policy gives nothing', () => {
    const whole = compileAcl([{ ...policy, expires: SIM_START }], SIM_START, null)
    assert.deepEqual(whole.acl.capabilities('a'), ['deny'])
  })
})

describe('whether a token reaches anything below a mount', () => {
  for (const [path, reaches] of [
    ['secret/data/app', true],
    ['secret/data/*', true],
    ['secret/*', true],
    ['sec*', true],
    ['+/data/app', true],
    ['secret/+/app', true],
    ['+/*', true],
    ['secret', true],
    ['secret2/data', false],
    ['kv/data/app', false],
    ['+', true],
    ['kv/+', false],
  ] as const) {
    test(`${path}: ${reaches}`, () => {
      assert.equal(aclFrom(`path "${path}" { capabilities = ["read"] }`).reaches('secret/'), reaches)
      assert.equal(aclFrom(`path "${path}" { capabilities = ["deny"] }`).reaches('secret/'), false)
      assert.equal(aclFrom(`path "${path}" { capabilities = [] }`).reaches('secret/'), false)
    })
  }
})

test('a thousand policies on a token decide as one by one', () => {
  const texts = Array.from(
    { length: 1000 },
    (_, index) =>
      `path "secret/data/team-${index}/*" { capabilities = ["read"] }
       path "kv/+/t${index}" { capabilities = ["list"] }`,
  )
  const acl = aclFrom(...texts)
  assert.deepEqual(decide(acl, 'read secret/data/team-999/x').granting, [
    { policy: 'p1000', path: 'secret/data/team-999/*' },
  ])
  assert.equal(decide(acl, 'list kv/x/t500/').allowed, true)
  assert.equal(decide(acl, 'read secret/data/team-1000/x').allowed, false)
})
