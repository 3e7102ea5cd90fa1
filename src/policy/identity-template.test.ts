import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { hasCode } from '../base/errors.ts'
import { fillTemplate, type Subject, templateFault } from './identity-template.ts'

const SUBJECT: Subject = {
  entity: {
    id: 'e-1',
    name: 'alice',
    metadata: { team: 'red', path: 'a/b', star: '*' },
    aliases: {
      auth_userpass_1: { id: 'a-1', name: 'al', metadata: { k: 'v' }, customMetadata: { c: 'd' } },
    },
  },
  groups: [{ id: 'g-1', name: 'ops', metadata: { floor: '3' } }],
}
const STRICT = { slashes: false, wildcards: false }

function fill(name: string, leave = STRICT): string | null {
  return fillTemplate(`x/{{ ${name} }}/y`, SUBJECT, leave)
}

describe('a path of a policy speaks of the identity behind the token:', () => {
  for (const [name, value] of [
    ['identity.entity.id', 'e-1'],
    ['identity.entity.name', 'alice'],
    ['identity.entity.metadata.team', 'red'],
    ['identity.entity.aliases.auth_userpass_1.id', 'a-1'],
    ['identity.entity.aliases.auth_userpass_1.name', 'al'],
    ['identity.entity.aliases.auth_userpass_1.metadata.k', 'v'],
    ['identity.entity.aliases.auth_userpass_1.custom_metadata.c', 'd'],
    ['identity.groups.ids.g-1.name', 'ops'],
    ['identity.groups.names.ops.id', 'g-1'],
    ['identity.groups.names.ops.metadata.floor', '3'],
    ['identity.groups.ids.g-1.metadata.floor', '3'],
  ] as const) {
    test(name, () => assert.equal(fill(name), `x/${value}/y`))
  }

  test('nothing of it counts for a token without one', () => {
    assert.equal(fillTemplate('x/{{identity.entity.id}}', null, STRICT), null)
    assert.equal(fillTemplate('x/y', null, STRICT), 'x/y')
  })

  for (const name of [
    'identity.entity.metadata.none',
    'identity.entity.metadata.toString',
    'identity.entity.aliases.none.id',
    'identity.entity.aliases.auth_userpass_1.metadata.none',
    'identity.entity.aliases.auth_userpass_1.custom_metadata.none',
    'identity.groups.names.none.id',
    'identity.groups.names.ops.metadata.none',
  ]) {
    test(`a block is left out when there is no ${name}`, () => assert.equal(fill(name), null))
  }

  for (const name of ['identity.entity.metadata.path', 'identity.entity.metadata.star']) {
    test(`a value that would reach further than its place is refused: ${name}`, () => {
      assert.throws(
        () => fill(name),
        (error) => hasCode(error, 'permission_denied'),
      )
    })
  }

  test('unless the policy lets it', () => {
    assert.equal(fill('identity.entity.metadata.path', { slashes: true, wildcards: false }), 'x/a/b/y')
    assert.equal(fill('identity.entity.metadata.star', { slashes: false, wildcards: true }), 'x/*/y')
  })

  for (const path of [
    '{{identity.entity.secret}}',
    '{{entity.id}}',
    '{{}}',
    'a/{{',
    'a/}}',
    '{{identity.entity.metadata.}}',
  ]) {
    test(`there is no template ${path}`, () => assert.notEqual(templateFault(path), null))
  }
})

test('a line break within braces is no part of a known name', () => {
  for (const name of [
    'identity.entity.aliases.a\nb.id',
    'identity.entity.\nid',
    'identity.entity.metadata.\r',
  ]) {
    assert.match(templateFault(`secret/{{${name}}}`) ?? '', /is not known$/)
  }
})

test('braces within braces belong to the name, from the first beginning to the first end', () => {
  assert.equal(
    templateFault('{{{{identity.entity.id}}'),
    'the template {{{{identity.entity.id}} is not known',
  )
  assert.equal(templateFault('{{identity.entity.id}}}}'), 'a template has no beginning or no end')
  assert.equal(templateFault('{{identity.entity.id}}/{{'), 'a template has no beginning or no end')
  assert.equal(templateFault('a{{ identity.entity.id }}b{{identity.entity.name}}c'), null)
})
