import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toHex } from '../../base/encoding.ts'
import { bitString, context, octetString, oid, sequence, time, unsigned, utf8String, yes } from './der.ts'

const at = (text: string): Date => new Date(text)

test('writes what X.690 and RFC 5280 write', () => {
  // X.690 section 8.19.5: the OID { 2 100 3 }; the others by `openssl asn1parse -genstr`.
  const cases: readonly (readonly [Uint8Array, string])[] = [
    [oid('2.100.3'), '0603813403'],
    [oid('1.2.840.10045.4.3.2'), '06082a8648ce3d040302'],
    [unsigned(new Uint8Array([0])), '020100'],
    [unsigned(new Uint8Array([0, 0, 127])), '02017f'],
    [unsigned(new Uint8Array([128])), '02020080'],
    [yes(), '0101ff'],
    [bitString(new Uint8Array([0x80]), 7), '03020780'],
    [octetString(new Uint8Array([1, 2])), '04020102'],
    [utf8String('é'), '0c02c3a9'],
    [sequence(), '3000'],
    [sequence(yes(), yes()), '30060101ff0101ff'],
    [context(2, 'primitive', new Uint8Array([0x61])), '820161'],
    [context(3, 'constructed', sequence()), 'a3023000'],
    [time(at('2049-12-31T23:59:59.999Z')), '170d3439313233313233353935395a'],
    [time(at('2050-01-01T00:00:00.000Z')), '180f32303530303130313030303030305a'],
  ]
  for (const [written, expected] of cases) assert.equal(toHex(written), expected)
})

test('writes a length in the fewest bytes', () => {
  const head = (length: number): string => toHex(octetString(new Uint8Array(length)).subarray(0, 5))
  assert.equal(head(127).slice(0, 4), '047f')
  assert.equal(head(128).slice(0, 6), '048180')
  assert.equal(head(255).slice(0, 6), '0481ff')
  assert.equal(head(256).slice(0, 8), '04820100')
  assert.equal(head(65_536), '0483010000')
})
