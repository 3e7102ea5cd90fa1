import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isLoopback, parseAddress, parseHostName } from './address.ts'

test('reads host and port, IPv6 in brackets, and no host as all of them', () => {
  assert.deepEqual(parseAddress('127.0.0.1:8200'), { host: '127.0.0.1', port: 8200 })
  assert.deepEqual(parseAddress('[::1]:0'), { host: '::1', port: 0 })
  assert.deepEqual(parseAddress(':8200'), { host: '0.0.0.0', port: 8200 })
})

test('refuses what is no address', () => {
  for (const text of [
    '',
    'localhost',
    '8200',
    '::1:8200',
    'a:65536',
    'a:b',
    'http://a:1',
    '[a]:1',
    'a:1:2',
  ]) {
    assert.equal(parseAddress(text), null, text)
  }
})

test('knows what stays on this machine', () => {
  assert.deepEqual(['localhost', '::1', '127.0.0.1', '127.9.9.9'].map(isLoopback), [true, true, true, true])
  assert.deepEqual(['0.0.0.0', '::', '128.0.0.1', '127.0.0.1.example.com', ''].map(isLoopback), [
    ...[false, false, false, false, false],
  ])
})

test('reads names of hosts in lower case, without the dot at the end', () => {
  assert.deepEqual(['Vault.Example.COM', 'a', 'x-1.example.', '10.0.0.1'].map(parseHostName), [
    ...['vault.example.com', 'a', 'x-1.example', '10.0.0.1'],
  ])
  for (const text of [
    '',
    '.',
    'a..b',
    '-a',
    'a-',
    'a_b',
    'a:8200',
    'https://a',
    '*.a',
    'a b',
    'a'.repeat(64),
  ]) {
    assert.equal(parseHostName(text), null, text)
  }
  assert.equal(parseHostName('a.'.repeat(127))?.length, 253)
  assert.equal(parseHostName('a.'.repeat(128)), null)
})
