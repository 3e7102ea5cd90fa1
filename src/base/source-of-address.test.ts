import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sourceOfAddress } from './source-of-address.ts'

test('an IPv4 address is one source, however a socket writes it', () => {
  for (const address of ['192.0.2.7', '::ffff:192.0.2.7', '::FFFF:192.0.2.7']) {
    assert.equal(sourceOfAddress(address), '192.0.2.7')
  }
})

test('the addresses of one /64 are one source, as one stranger has them all', () => {
  for (const [address, source] of [
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:DB8:1:2::', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['2001:db8:1:2:3::6', '2001:db8:1:2::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['fe80::2%eth1', 'fe80:0:0:0::/64'],
  ] as const) {
    assert.equal(sourceOfAddress(address), source, address)
  }
})

test('the addresses of two /64 are two sources', () => {
  assert.notEqual(sourceOfAddress('2001:db8:0:1::1'), sourceOfAddress('2001:db8:0:2::1'))
  assert.notEqual(sourceOfAddress('2001:db8::1:0:0:1'), sourceOfAddress('2001:db8:0:1::1'))
})
