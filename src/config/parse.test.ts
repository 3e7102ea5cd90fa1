import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { hasCode } from '../base/errors.ts'
import { parseDocument } from '../hcl/document.ts'
import { LISTENER_KEYS, TOP_KEYS, UNIX_LISTENER_KEYS } from './keys.ts'
import { parseConfig } from './parse.ts'

test('whatever values stand behind the known keys: a configuration, or a refusal with its place', () => {
  const scalar = fc.constantFrom<unknown>(
    true,
    0,
    1,
    -1,
    1.5,
    1e300,
    '',
    'open',
    'tls12',
    '24h',
    '127.0.0.1:1',
    'x',
  )
  const value = fc.oneof(
    scalar,
    fc.array(scalar, { maxLength: 2 }),
    fc.constantFrom<unknown>({}, [{}], { a: { b: {} } }),
  )
  const listeners = (type: string, keys: typeof LISTENER_KEYS): fc.Arbitrary<unknown> => {
    const options = { maxKeys: 4, noNullPrototype: true }
    const one = fc.dictionary(fc.constantFrom(...keys.keys()), value, options)
    return fc.oneof(one, fc.array(one, { maxLength: 3 })).map((blocks) => ({ [type]: blocks }))
  }
  const block = fc.oneof(value, listeners('tcp', LISTENER_KEYS), listeners('unix', UNIX_LISTENER_KEYS))
  const top = fc.dictionary(fc.constantFrom(...TOP_KEYS.keys()), value, { maxKeys: 4, noNullPrototype: true })
  let taken = 0
  fc.assert(
    fc.property(top, block, (settings, listener) => {
      const body = parseDocument(JSON.stringify({ ...settings, listener }), 'c.json', 'json')
      try {
        const { config } = parseConfig(body, { storage: { type: 'inmem' }, address: null, selfSigned: false })
        assert.ok(config.listeners.length > 0)
        taken++
      } catch (error) {
        if (!hasCode(error, 'config_invalid')) throw error
        assert.match(error.message, /^c\.json:1:\d+: /)
      }
    }),
    { numRuns: 5000, seed: 10 },
  )
  assert.ok(taken > 50, `${taken} were taken`)
})
