import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SeededEntropy } from '../../tests/sim/seeded-entropy.ts'
import { unixMillis } from '../base/clock.ts'
import { fromUtf8, utf8 } from '../base/encoding.ts'
import { hasCode } from '../base/errors.ts'
import { SILENT_METER } from '../base/meter.ts'
import { SecretBytes } from '../base/secret-bytes.ts'
import { nodePrimitives } from '../crypto/node/primitives.ts'
import { NoncePool } from '../crypto/nonce-pool.ts'
import { AEAD_KEY_BYTES } from '../crypto/primitives.ts'
import { MemoryBackend } from '../physical/memory/memory-backend.ts'
import { ReadCache } from '../physical/read-cache.ts'
import { Barrier } from './barrier.ts'
import { DecodedView } from './decoded-view.ts'
import { Keyring } from './keyring.ts'

/** A view of texts behind a storage that keeps what was read, and how often it decoded something. */
async function openView(): Promise<{
  readonly barrier: Barrier
  readonly view: DecodedView<{ readonly text: string }>
  readonly decoded: string[]
}> {
  const entropy = new SeededEntropy('decoded')
  const key = SecretBytes.take(entropy.bytes(AEAD_KEY_BYTES))
  const keyring = Keyring.create(nodePrimitives, key, unixMillis(0)).withOperations(100)
  const barrier = new Barrier({
    storage: new ReadCache(new MemoryBackend(), { bytes: 10_000, valueBytes: 1000 }, () => true),
    storeId: entropy.bytes(16),
    keyring,
    nonces: new NoncePool(entropy),
    used: 0,
    reserve: async () => assert.fail('there is room'),
    meter: SILENT_METER,
  })
  const decoded: string[] = []
  const view = new DecodedView(barrier, 'data/', (plaintext) => {
    const text = fromUtf8(plaintext)
    decoded.push(text)
    return { text }
  })
  return { barrier, view, decoded }
}

test('an entry is decoded once as long as it does not change, and anew when it does', async () => {
  const { barrier, view, decoded } = await openView()
  assert.equal(await view.get('app'), null)
  await barrier.commit([{ op: 'put', key: 'data/app', value: utf8('one') }])
  assert.deepEqual([await view.get('app'), await view.get('app')], [{ text: 'one' }, { text: 'one' }])
  await barrier.commit([{ op: 'put', key: 'data/app', value: utf8('two') }])
  assert.deepEqual([await view.get('app'), await view.get('app')], [{ text: 'two' }, { text: 'two' }])
  assert.deepEqual(decoded, ['one', 'two'])
  await barrier.commit([{ op: 'delete', key: 'data/app' }])
  assert.equal(await view.get('app'), null)
})

test('behind a closed barrier nothing is told of what was decoded before', async () => {
  const { barrier, view } = await openView()
  await barrier.commit([{ op: 'put', key: 'data/app', value: utf8('one') }])
  await view.get('app')
  barrier.close()
  await assert.rejects(view.get('app'), (error) => hasCode(error, 'sealed'))
})
