import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Route } from '../logical/backend.ts'
import { matchMount, matchRoute } from './match.ts'

const route = (pattern: string): Route => ({ pattern, summary: pattern, access: 'token', handlers: {} })
const mounts = (...paths: string[]): ReadonlyMap<string, { path: string }> =>
  new Map(paths.map((path) => [path, { path }]))

test('finds a mount by whole segments: secret/ is not the beginning of secret2/', () => {
  const both = mounts('secret/', 'secret2/')
  assert.equal(matchMount(both, 'secret2/x')?.path, 'secret2/')
  assert.equal(matchMount(both, 'secret/x')?.path, 'secret/')
  assert.equal(matchMount(mounts('secret/'), 'secret2/x'), null)
  assert.equal(matchMount(mounts('secret/'), 'secret2'), null)
  assert.equal(matchMount(mounts('secret/'), 'my/secret/x'), null)
})

test('finds the mount that lies deepest, whatever the order of the table', () => {
  for (const table of [mounts('auth/', 'auth/token/'), mounts('auth/token/', 'auth/')]) {
    assert.equal(matchMount(table, 'auth/token/lookup-self')?.path, 'auth/token/')
    assert.equal(matchMount(table, 'auth/tokens')?.path, 'auth/')
  }
})

test('takes a mount named without its slash for the mount', () => {
  assert.equal(matchMount(mounts('secret/'), 'secret')?.path, 'secret/')
})

test('matches literals, one segment by name, and a rest that may be empty', () => {
  const routes = [route('config'), route('keys/:name'), route('data/*path')]
  assert.deepEqual(matchRoute(routes, 'config')?.parameters, {})
  assert.deepEqual(matchRoute(routes, 'keys/one')?.parameters, { name: 'one' })
  assert.deepEqual(matchRoute(routes, 'data/a/b/')?.parameters, { path: 'a/b/' })
  assert.deepEqual(matchRoute(routes, 'data/')?.parameters, { path: '' })
  assert.deepEqual(matchRoute([route('*path')], '')?.parameters, { path: '' })
})

test('matches no more and no fewer segments than a pattern has', () => {
  const routes = [route('config'), route('keys/:name'), route('data/*path')]
  for (const path of ['', 'config/', 'config/x', 'keys', 'keys/', 'keys/a/b', 'data', 'Config']) {
    assert.equal(matchRoute(routes, path), null, path)
  }
})

test('a rest ends where literal segments follow it', () => {
  const routes = [route('mounts/*path/tune'), route('mounts/*path')]
  assert.deepEqual(matchRoute(routes, 'mounts/a/b/tune')?.parameters, { path: 'a/b' })
  assert.equal(matchRoute(routes, 'mounts/a/b/tune')?.route.pattern, 'mounts/*path/tune')
  assert.equal(matchRoute(routes, 'mounts/tune')?.route.pattern, 'mounts/*path')
  assert.deepEqual(matchRoute(routes, 'mounts/tune/x')?.parameters, { path: 'tune/x' })
  assert.equal(matchRoute([route('mounts/*path/tune')], 'mounts/a/tuned'), null)
})

test('takes the first route that fits', () => {
  const first = matchRoute([route('roles/:name'), route('roles/*rest')], 'roles/admin')
  assert.equal(first?.route.pattern, 'roles/:name')
})
