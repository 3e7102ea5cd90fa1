import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseAddress, redirectTarget } from './address.ts'
import { TransportError } from './errors.ts'

test('reads the addresses that people write', () => {
  const plain = parseAddress('http://127.0.0.1:8200/')
  assert.deepEqual([plain.text, plain.secure, plain.port], ['http://127.0.0.1:8200', false, 8200])
  const proxied = parseAddress('https://vault.example.org/team/')
  assert.deepEqual([proxied.prefix, proxied.port], ['/team', 443])
  assert.equal(parseAddress('http://[::1]:8200').host, '::1')
  assert.equal(parseAddress('unix:///run/conclave.sock').socketPath, '/run/conclave.sock')
})

test('refuses what is no address, and never repeats a password in it', () => {
  for (const text of ['', '127.0.0.1:8200', 'ftp://host', 'unix://relative', 'http://u:hidden@host']) {
    assert.throws(
      () => parseAddress(text),
      (error) => error instanceof TransportError && !error.message.includes('hidden'),
      text,
    )
  }
})

test('follows no redirect from https to http', () => {
  const secure = parseAddress('https://one:8200')
  assert.equal(redirectTarget(secure, '/v1/sys/seal', 'http://two:8200/v1/sys/seal'), null)
  assert.equal(redirectTarget(secure, '/v1/sys/seal', 'https://two:8200/v1/x?y=1')?.path, '/v1/x?y=1')
})
