import assert from 'node:assert/strict'
import { BlockList, isIPv6 } from 'node:net'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { isNetwork, liesIn, networksInBoth } from './cidr.ts'

test('an address lies in the networks that hold it', () => {
  const cases: readonly (readonly [string, string, boolean])[] = [
    ['10.0.0.0/8', '10.255.255.255', true],
    ['10.0.0.0/8', '11.0.0.0', false],
    ['192.0.2.1', '192.0.2.1', true],
    ['192.0.2.1', '192.0.2.2', false],
    ['192.0.2.130/25', '192.0.2.200', true],
    ['192.0.2.130/25', '192.0.2.127', false],
    ['0.0.0.0/0', '255.255.255.255', true],
    ['0.0.0.0/0', '::1', false],
    ['2001:db8::/32', '2001:db8:ffff::1', true],
    ['2001:db8::/32', '2001:db9::', false],
    ['2001:db8::/33', '2001:db8:8000::', false],
    ['::/0', '::1', true],
    ['::/0', '10.0.0.1', false],
    ['fe80::/10', 'fe80::1%eth0', true],
    ['::1', '0:0:0:0:0:0:0:1', true],
  ]
  for (const [network, address, lies] of cases) {
    assert.equal(liesIn([network], address), lies, `${address} in ${network}`)
  }
})

test('an IPv4 address within IPv6 is that IPv4 address, on either side', () => {
  for (const address of ['::ffff:10.1.2.3', '::ffff:a01:203', '0:0:0:0:0:ffff:10.1.2.3']) {
    assert.ok(liesIn(['10.0.0.0/8'], address), address)
    assert.ok(liesIn(['::ffff:10.0.0.0/104'], address), address)
    assert.equal(liesIn(['11.0.0.0/8'], address), false)
  }
  assert.ok(liesIn(['::ffff:10.0.0.0/104'], '10.1.2.3'))
  assert.equal(liesIn(['::10.0.0.0/104'], '10.1.2.3'), false)
})

test('of networks in two lists the inner ones are in both, as they were written', () => {
  const both: readonly (readonly [string, string, string])[] = [
    ['10.0.0.0/8', '10.1.0.0/16', '10.1.0.0/16'],
    ['10.1.2.3', '10.0.0.0/8,::/0', '10.1.2.3'],
    ['10.1.2.3/16', '10.1.0.0/17', '10.1.0.0/17'],
    ['10.0.0.0/8', '11.0.0.0/8', ''],
    ['0.0.0.0/0', '::/0', ''],
    ['::ffff:10.0.0.0/104', '10.1.0.0/16', '10.1.0.0/16'],
    ['10.0.0.0/9,10.128.0.0/9', '10.0.0.0/8', '10.0.0.0/9,10.128.0.0/9'],
    ['2001:db8::/32', '2001:db8:1::/48,2001:db9::1', '2001:db8:1::/48'],
  ]
  for (const [one, other, inner] of both) {
    const asList = (text: string): string[] => text.split(',')
    assert.equal(networksInBoth(asList(one), asList(other)).join(), inner, `${one} and ${other}`)
    assert.equal(networksInBoth(asList(other), asList(one)).join(), inner, `${other} and ${one}`)
  }
})

test('an address lies in the networks of both lists exactly where it lies in one of each', () => {
  // Few bits that differ, so that networks hold each other often.
  const address = fc.tuple(fc.constantFrom('10.0.', '10.128.', '::', '::ffff:10.0.'), fc.nat(3), fc.nat(255))
  const text = address.map(([start, third, last]) =>
    start === '::' ? `::${third}:${last}` : `${start}${third}.${last}`,
  )
  const network = fc
    .tuple(text, fc.nat(32))
    .map(([at, free]) => `${at}/${(at.includes(':') ? 128 : 32) - free}`)
  const networks = fc.array(network, { maxLength: 6 })
  const agrees = fc.property(networks, networks, text, (some, others, at) => {
    const both = networksInBoth(some, others)
    assert.equal(liesIn(both, at), liesIn(some, at) && liesIn(others, at))
  })
  void fc.assert(agrees, { numRuns: 5000 })
})

test('what is no address lies nowhere', () => {
  for (const address of [
    '',
    'unix',
    '10.0.0',
    '10.0.0.256',
    '010.0.0.1',
    '1.2.3.4.5',
    ':::',
    '1::2::3',
    'g::',
  ]) {
    assert.equal(liesIn(['0.0.0.0/0', '::/0'], address), false, address)
  }
})

test('what is no network is none', () => {
  const networks = [
    '10.0.0.0/8',
    '10.0.0.1',
    '::/0',
    '::1',
    '::ffff:1.2.3.4/128',
    '1:2:3:4:5:6:7::',
    '::2:3:4:5:6:7:8',
  ]
  for (const text of networks) assert.ok(isNetwork(text), text)
  for (const text of [
    ...[
      '',
      '10.0.0.0/',
      '10.0.0.0/33',
      '10.0.0.0/-1',
      '10.0.0.0/8/8',
      '10.0.0.0 /8',
      '/8',
      '::/129',
      'localhost',
    ],
    ...[
      '1:2:3:4:5:6:7:8::',
      '1:2:3:4:5:6:7',
      ':1:2:3:4:5:6:7:8',
      '12345::',
      '1.2.3.4::',
      '::1%eth0/64',
      '1:::2',
    ],
  ]) {
    assert.equal(isNetwork(text), false, text)
  }
})

// The list of Node.js, which rooms may not ask, says the same of each family.
test('agrees with the block list of Node.js', () => {
  const v4 = fc.record({ network: fc.ipV4(), address: fc.ipV4(), bits: fc.nat(32) })
  const v6 = fc.record({ network: fc.ipV6(), address: fc.ipV6(), bits: fc.nat(128) })
  const isMapped = (text: string): boolean => /f{4}:/i.test(text)
  const agrees = fc.property(fc.oneof(v4, v6), ({ network, address, bits }) => {
    fc.pre(!isMapped(network) && !isMapped(address))
    const list = new BlockList()
    const family = isIPv6(network) ? 'ipv6' : 'ipv4'
    list.addSubnet(network, bits, family)
    assert.equal(liesIn([`${network}/${bits}`], address), list.check(address, family))
  })
  void fc.assert(agrees, { numRuns: 3000 })
})
