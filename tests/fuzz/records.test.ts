import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openEntry } from '../../src/barrier/entry-format.ts'
import { Keyring } from '../../src/barrier/keyring.ts'
import { parseKeyringRecord } from '../../src/barrier/keyring-record.ts'
import { canonicalJson, parseCanonicalJson, type RecordValue } from '../../src/base/canonical-json.ts'
import { toBase64, toHex, utf8 } from '../../src/base/encoding.ts'
import { type ErrorCode, hasCode } from '../../src/base/errors.ts'
import { decodeEntry, decodeState, encodeEntry, encodeState } from '../../src/ceremony/journal/line-format.ts'
import { nodePrimitives } from '../../src/crypto/node/primitives.ts'
import { encodeCustodyRecord, parseCustodyRecord } from '../../src/custody/custody-record.ts'
import { readStatement } from '../../src/custody/statement-reader.ts'
import { readLine } from '../../src/custody/transcript-line.ts'
import { bytesOf, fuzz } from './fuzz.ts'
import { changedRecord, fromHex, VECTORS } from './stored-examples.ts'

const PIECES = [
  ...[
    '"format":1',
    '"format":2',
    '"x":1,',
    '{',
    '}',
    '[',
    ']',
    ',',
    '"',
    '\\',
    '\\n',
    '\\u0000',
    'null',
    '-0',
    '1e3',
  ],
  ...['0', '9007199254740993', 'AAAA', '==', '"shares":[]', '"__proto__":{}', ' ', '\u0000', 'é', '\ufeff'],
]
const STORE_ID = fromHex(VECTORS.inputs.store_id)

/** The way a refusal went; fails for an error that is none of `codes`. */
function refusal(error: unknown, codes: readonly ErrorCode[]): string {
  const code = codes.find((known) => hasCode(error, known))
  assert.ok(code !== undefined && error instanceof Error, `an error of no type: ${error}`)
  return `${code}: ${error.message.replaceAll(/\d+/g, '…')}`
}

/** With a retiring set and retired ones, which the vector does not have. */
function custodyRecord(): { readonly [member: string]: RecordValue } {
  const record = JSON.parse(VECTORS.custody_record)
  const key = (byte: number, length: number): string => toBase64(new Uint8Array(length).fill(byte))
  const retired = [
    { end: 'pending', ended_at: 1, id: key(8, 16), number: 1, public_keys: [key(1, 32), key(2, 32)] },
    { end: 'replaced', ended_at: 0, id: key(9, 16), number: 2, public_keys: [] },
  ]
  return { ...record, retired, retiring: { ...record.live, id: key(7, 16), link: VECTORS.link, number: 1 } }
}

/** One share's key under two numbers. */
function doubled(record: { readonly [member: string]: RecordValue }): RecordValue {
  const live = record['live'] as { readonly shares: readonly { readonly public_key: string }[] }
  const [first] = live.shares
  const shares = live.shares.map((share, index) => ({ ...share, ...first, number: index + 1 }))
  return { ...record, live: { ...live, shares } }
}

test('a custody record is written as it was read, byte for byte, or refused by its own codes', (t) => {
  const example = custodyRecord()
  fuzz(t, {
    examples: [utf8(VECTORS.custody_record), canonicalJson(example), canonicalJson(doubled(example))],
    pieces: PIECES,
    make: (chance) => changedRecord(chance, example),
    check: (input) => {
      try {
        const record = parseCustodyRecord(input)
        assert.equal(toHex(encodeCustodyRecord(record)), toHex(input))
        const { live, retired } = record
        assert.ok(live.threshold >= 1 && live.threshold <= live.shares.length && live.shares.length <= 255)
        return `${live.shares.length} shares, ${retired.length} retired`
      } catch (error) {
        return refusal(error, ['corrupt_store', 'store_newer'])
      }
    },
  })
})

test('a keyring record is one spelling of its parts, or none', (t) => {
  const example = JSON.parse(VECTORS.keyring.record)
  fuzz(t, {
    examples: [utf8(VECTORS.keyring.record)],
    pieces: PIECES,
    make: (chance) => changedRecord(chance, example),
    check: (input) => {
      const record = parseKeyringRecord(input, STORE_ID)
      if (record === null) return 'none'
      const { serial, sealed } = record
      assert.ok(Number.isSafeInteger(serial) && sealed.length >= 12)
      const written = { format: 1, sealed: toBase64(sealed), serial, store_id: toBase64(STORE_ID) }
      assert.equal(toHex(canonicalJson(written)), toHex(input))
      return `serial of ${String(serial).length} digits`
    },
  })
})

test('the keyring behind it is written as it was read, or refused as corrupt', (t) => {
  fuzz(t, {
    examples: [fromHex(VECTORS.keyring.plaintext)],
    pieces: [],
    make: (chance) => {
      const [bytes, at] = [fromHex(VECTORS.keyring.plaintext), 33 + chance.below(21)]
      bytes[at] = chance.oneOf([0, 1, 2, 0x7f, 0x80, 0xff])
      return bytes
    },
    check: (input) => {
      try {
        const { keyring, custodyDigest } = Keyring.decode(nodePrimitives, input)
        using owned = keyring
        using plaintext = owned.encode(custodyDigest)
        assert.equal(plaintext.lend(toHex), toHex(input))
        return `term ${owned.active.term}`
      } catch (error) {
        return refusal(error, ['corrupt_store'])
      }
    },
  })
})

test('an entry opens to what was sealed, or is refused as corrupt, whatever its bytes and its length', (t) => {
  const { key, path, plaintext, stored } = VECTORS.entry
  const aead = nodePrimitives.aeadKey(fromHex(key))
  fuzz(t, {
    examples: [fromHex(stored)],
    pieces: [],
    make: (chance) => chance.bytes(chance.below(64)),
    check: (input) => {
      try {
        const opened = openEntry(aead, { storeId: STORE_ID, path }, input)
        assert.equal(toHex(opened), plaintext)
        assert.equal(toHex(input), stored)
        return 'opened'
      } catch (error) {
        return refusal(error, ['corrupt_entry'])
      }
    },
  })
})

test('a line of a transcript, and a statement, are read or refused as corrupt', (t) => {
  const [hash, id] = ['ab'.repeat(32), 'cd'.repeat(16)]
  const { retiring, retired, live, ...rest } = custodyRecord()
  const { slot, created_at, ...publicSet } = live as { readonly [member: string]: RecordValue }
  const place = { line: 1, previous_line: hash, time: 5 }
  const lines: readonly RecordValue[] = [
    {
      ...{ event: 'opened', ...place, format: 1, statement: 'AAAA', digest: hash, custody_sha256: hash },
      ...{
        serial: 3,
        identity_key: rest['identity_key'] ?? null,
        key_sets: [publicSet],
        previous_transcript: hash,
      },
    },
    { event: 'dealt', ...place, agreed_by: id, dealt: publicSet },
    {
      event: 'consent',
      ...place,
      key_set: id,
      share: 1,
      signature: VECTORS.consent.signature,
      verb: 'agree',
    },
    {
      ...{
        event: 'completed',
        ...place,
        identity_key: rest['identity_key'] ?? null,
        previous_transcript: hash,
      },
      ...{ signature: toBase64(new Uint8Array(64)), serial: 4, agreed_by: id, dealt: publicSet },
    },
  ]
  fuzz(t, {
    examples: [...lines.map(canonicalJson), utf8(VECTORS.statement.bytes)],
    pieces: PIECES,
    make: (chance) => changedRecord(chance, chance.oneOf([...lines, JSON.parse(VECTORS.statement.bytes)])),
    check: (input) => {
      const read = (what: string, act: () => string): string => {
        try {
          return `${what} ${act()}`
        } catch (error) {
          return refusal(error, ['corrupt_store'])
        }
      }
      const line = read('a line', () => readLine(input).event)
      return `${line}; ${read('a statement', () => readStatement(input).kind)}`
    },
  })
})

test('a line of the journal is written as it was read, or is none', (t) => {
  const { sha256 } = nodePrimitives
  const line = encodeEntry({ sha256 }, {
    ...{
      kind: 'rekey',
      event: 'refused',
      ceremony: 'c',
      share: 3,
      source: '192.0.2.1',
      credential: 'nobody',
    },
    ...{ reason: 'share_unknown', sequence: 7, time: 1, until: 2, count: 4 },
  } as Parameters<typeof encodeEntry>[1])
  const state = encodeState({ sha256 }, { turn: 3, handedOver: 2, sealMark: null })
  const summed = (members: RecordValue): Uint8Array => {
    const { sum: _, ...rest } = members as { readonly [member: string]: RecordValue }
    const sum = toHex(sha256(utf8('conclave journal line v1\n'), canonicalJson(rest)).subarray(0, 8))
    const text = Buffer.from(canonicalJson({ ...rest, sum })).toString()
    return bytesOf(`${text.padEnd(511, ' ')}\n`)
  }
  fuzz(t, {
    examples: [line, state],
    pieces: PIECES,
    make: (chance) => {
      const text = Buffer.from(chance.oneIn(2) ? line : state)
        .toString()
        .trimEnd()
      const changed = parseCanonicalJson(changedRecord(chance, JSON.parse(text)))
      return typeof changed === 'object' && changed !== null ? summed(changed) : bytesOf(text)
    },
    check: (input) => {
      const [entry, counters] = [decodeEntry({ sha256 }, input), decodeState({ sha256 }, input)]
      const json = Buffer.from(input)
        .toString()
        .replace(/[ \n]+$/, '')
      if (entry !== null) assert.equal(Buffer.from(encodeEntry({ sha256 }, entry)).toString().trimEnd(), json)
      if (counters !== null) {
        assert.equal(Buffer.from(encodeState({ sha256 }, counters)).toString().trimEnd(), json)
      }
      return `${entry === null ? 'no' : entry.event} entry, ${counters === null ? 'no' : 'a'} state`
    },
  })
})
