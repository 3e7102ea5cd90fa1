import assert from 'node:assert/strict'
import { test } from 'node:test'
import { refusedHint } from './refused-hint.ts'

const AT = 'http://127.0.0.1:8200/v1/'
/** What a server says to a token that it knows, and to one that it does not (surface.md section 0, 2). */
const MAY_NOT = '1 error occurred:\n\t* permission denied\n\n'
const UNKNOWN = 'permission denied'

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
    const hint = refusedHint({ method, url: AT + path }, MAY_NOT)
    assert.equal(/"conclave policy explain (.+)"/.exec(hint)?.[1], command)
    assert.ok(!hint.includes('-holder'), path)
  }
})

test('a refusal in a ceremony is told that a share will do, and no other', () => {
  for (const path of ['sys/rekey/init', 'sys/rotate/root/init', 'sys/generate-root/attempt']) {
    assert.match(refusedHint({ method: 'PUT', url: AT + path }, UNKNOWN), /a share will do: see -holder\.$/)
  }
  assert.doesNotMatch(refusedHint({ method: 'PUT', url: `${AT}sys/rotate` }, UNKNOWN), /share/)
})

test('whoever has no good token is told so, and not to ask which policy was in the way', () => {
  const hint = refusedHint({ method: 'GET', url: `${AT}sys/mounts` }, UNKNOWN)
  assert.match(hint, /^There was no token, or none that is good: .* Log in with "conclave login"/)
  assert.doesNotMatch(hint, /policy explain/)
})
