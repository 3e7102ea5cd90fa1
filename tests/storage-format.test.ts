import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { openEntry, sealEntry } from '../src/barrier/entry-format.ts'
import { Keyring } from '../src/barrier/keyring.ts'
import { keyringKey, openKeyring, parseKeyringRecord, sealKeyring } from '../src/barrier/keyring-record.ts'
import { unixMillis } from '../src/base/clock.ts'
import { toHex, utf8 } from '../src/base/encoding.ts'
import { SecretBytes } from '../src/base/secret-bytes.ts'
import { nodePrimitives } from '../src/crypto/node/primitives.ts'
import { consentWithShare } from '../src/custody/consent.ts'
import { encodeCustodyRecord, parseCustodyRecord } from '../src/custody/custody-record.ts'
import { nodeStatement } from '../src/custody/node.ts'
import { sharePublicKey } from '../src/custody/share-key.ts'
import { encodeStatement, statementDigest } from '../src/custody/statement.ts'
import { openLink, openSlot, sealLink, sealSlot } from '../src/seal/shamir/slot.ts'

/**
 * docs/storage-format.md against vectors that another program made from it. A failure here means that stores
 * which exist could not be read any more: mend the code, never the vectors.
 */
const { vectors } = JSON.parse(
  readFileSync(new URL('./vectors/storage-format.json', import.meta.url), 'utf8'),
)
const bytes = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'))
const secret = (hex: string): SecretBytes => SecretBytes.take(bytes(hex))
const { inputs } = vectors
const storeId = bytes(inputs.store_id)
const setId = bytes(inputs.set_id)
const nonce = bytes(inputs.nonce)

test('slot', () => {
  const keys = { unsealKey: secret(inputs.unseal_key), rootKey: secret(inputs.root_key), nonce }
  assert.equal(toHex(sealSlot(nodePrimitives, { storeId, setId }, keys)), vectors.slot)
  const opened = openSlot(
    nodePrimitives,
    { storeId, setId },
    { slot: bytes(vectors.slot), unsealKey: keys.unsealKey },
  )
  assert.equal(opened?.lend(toHex), inputs.root_key)
})

test('link', () => {
  const place = { storeId, retiringId: bytes(inputs.retiring_id), liveId: setId }
  const keys = { oldRootKey: secret(inputs.retiring_root_key), rootKey: secret(inputs.root_key), nonce }
  assert.equal(toHex(sealLink(nodePrimitives, place, keys)), vectors.link)
  const opened = openLink(nodePrimitives, place, { link: bytes(vectors.link), oldRootKey: keys.oldRootKey })
  assert.equal(opened?.lend(toHex), inputs.root_key)
})

test('share keys, of a share and of the one share of 1 of 1', () => {
  assert.equal(toHex(sharePublicKey(nodePrimitives, secret(inputs.share), setId)), vectors.share_public_key)
  const one = sharePublicKey(nodePrimitives, secret(inputs.share_1_of_1), setId)
  assert.equal(toHex(one), vectors.share_public_key_1_of_1)
})

test('entry', () => {
  const { path, term, key, plaintext, stored } = vectors.entry
  const aead = nodePrimitives.aeadKey(bytes(key))
  assert.equal(toHex(sealEntry({ aead, term, nonce }, { storeId, path }, bytes(plaintext))), stored)
  assert.equal(toHex(openEntry(aead, { storeId, path }, bytes(stored))), plaintext)
})

test('keyring and its record', () => {
  const { plaintext, custody_digest, record, serial, path } = vectors.keyring
  const { keyring, custodyDigest } = Keyring.decode(nodePrimitives, bytes(plaintext))
  assert.equal(toHex(custodyDigest), custody_digest)
  assert.deepEqual(
    [keyring.active.term, keyring.active.operations, keyring.term(1)?.operations],
    [2, 5, 16_777_216],
  )
  assert.equal(keyring.encode(custodyDigest).lend(toHex), plaintext)
  const aead = keyringKey(nodePrimitives, secret(inputs.root_key), storeId)
  const place = { storeId, path, serial }
  assert.equal(Buffer.from(sealKeyring({ aead, nonce }, place, secret(plaintext))).toString(), record)
  const parsed = parseKeyringRecord(utf8(record), storeId)
  assert.equal(toHex(openKeyring(aead, place, parsed!.sealed)!), plaintext)
})

test('statement, digest and consent', () => {
  const statement = encodeStatement({
    kind: 'rekey',
    ceremonyId: '11111111-2222-4333-8444-555555555555',
    storeId,
    keySets: [{ id: setId, number: 2 }],
    opened: unixMillis(1_764_000_000_000),
    expires: unixMillis(1_764_086_400_000),
    deal: {
      shares: 5,
      threshold: 3,
      flow: 'direct',
      verify: 'none',
      backup: false,
      delivery: 'clear to the request that completes it',
    },
  })
  assert.equal(Buffer.from(statement).toString(), vectors.statement.bytes)
  const digest = statementDigest(nodePrimitives, statement)
  assert.equal(toHex(digest), vectors.statement.digest)
  const holder = { share: secret(inputs.share), setId, shareNumber: 1 }
  const { signature } = consentWithShare(nodePrimitives, { verb: 'agree', digest }, holder)
  assert.equal(toHex(signature), vectors.consent.signature)
})

test('node certificate', () => {
  const { signing, exchange, identity_seed, certificate } = vectors.node
  const message = nodeStatement(storeId, { signingKey: bytes(signing), exchangeKey: bytes(exchange) })
  assert.equal(toHex(nodePrimitives.ed25519Sign(bytes(identity_seed), message)), certificate)
})

test('custody record: read, written byte for byte, and refused with one more member', () => {
  const record = parseCustodyRecord(utf8(vectors.custody_record))
  assert.equal(Buffer.from(encodeCustodyRecord(record)).toString(), vectors.custody_record)
  const more = vectors.custody_record.replace('"format":1', '"extra":1,"format":1')
  assert.throws(() => parseCustodyRecord(utf8(more)), { code: 'corrupt_store' })
})
