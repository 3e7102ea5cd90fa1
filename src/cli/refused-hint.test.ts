import assert from 'node:assert/strict'
import { test } from 'node:test'
import { refusedHint } from './refused-hint.ts'

const AT = 'http://127.0.0.1:8200/v1/'

test('a refusal is told the very command that says which policy was in its way', () => {
  for (const [method, path, command] of [
    ['DELETE', 'kv/data/app', 'DELETE kv/data/app'],
    ['GET', 'kv/metadata/a/?list=true', 'LIST kv/metadata/a/'],
    ['GET', 'kv/metadata/a/?scan=true', 'SCAN kv/metadata/a/'],
    ['GET', 'kv/data/app?version=2', 'GET kv/data/app'],
    // What a shell would read as something else is not put in front of anybody to copy.
    ['PUT', 'kv/data/a%20b', 'METHOD PATH'],
    ['PUT', 'kv/data/$(id)', 'METHOD PATH'],
  ] as const) {
    const hint = refusedHint({ method, url: AT + path })
    assert.equal(/"conclave policy explain (.+)"/.exec(hint)?.[1], command)
    assert.ok(!hint.includes('-holder'), path)
  }
})

test('a refusal in a ceremony is told that a share will do, and no other', () => {
  for (const path of ['sys/rekey/init', 'sys/rotate/root/init', 'sys/generate-root/attempt']) {
    assert.match(refusedHint({ method: 'PUT', url: AT + path }), /a share will do: see -holder\.$/)
  }
  assert.doesNotMatch(refusedHint({ method: 'PUT', url: `${AT}sys/rotate` }), /share/)
})
