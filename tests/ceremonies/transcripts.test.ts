import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { canonicalJson, type RecordValue } from '../../src/base/canonical-json.ts'
import { toHex } from '../../src/base/encoding.ts'
import { SecretBytes } from '../../src/base/secret-bytes.ts'
import { nodePrimitives } from '../../src/crypto/node/primitives.ts'
import { SimStorage } from '../sim/sim-storage.ts'
import { ANYBODY, World } from '../sim/world.ts'

interface Line {
  readonly bytes: Buffer
  // biome-ignore lint/suspicious/noExplicitAny: lines have many shapes
  readonly value: any
}

const hash = (...parts: Uint8Array[]): Buffer => {
  const made = createHash('sha256')
  for (const part of parts) made.update(part)
  return made.digest()
}
const base64 = (text: string): Buffer => Buffer.from(text, 'base64')

/** Every transcript of the store, by its ceremony. */
async function transcripts(world: World): Promise<Map<string, Line[]>> {
  const { barrier } = world.session!
  const all = new Map<string, Line[]>()
  for (const folder of await barrier.list('core/transcripts/', { after: '', limit: 1000 })) {
    const lines: Line[] = []
    for (const name of await barrier.list(`core/transcripts/${folder}`, { after: '', limit: 1000 })) {
      const bytes = Buffer.from((await barrier.get(`core/transcripts/${folder}${name}`))!)
      lines.push({ bytes, value: JSON.parse(bytes.toString()) })
    }
    all.set(folder.slice(0, -1), lines)
  }
  return all
}

/**
 * Checks one transcript as an auditor would, with nothing but docs/storage-format.md. Returns its last hash.
 */
function verify(lines: readonly Line[], publicKeys: ReadonlyMap<string, string>): string {
  let previous = '0'.repeat(64)
  for (const [index, { bytes, value }] of lines.entries()) {
    assert.equal(value.line, index)
    assert.equal(value.previous_line, previous)
    previous = hash(bytes).toString('hex')
  }
  const [first] = lines
  const statement = base64(first!.value.statement)
  const digest = hash(Buffer.from('conclave statement v1\n'), statement)
  assert.equal(first!.value.digest, digest.toString('hex'))
  for (const { value } of lines.filter((line) => line.value.event === 'consent')) {
    const key = publicKeys.get(`${base64(value.key_set).toString('hex')}/${value.share}`)
    const message = Buffer.concat([Buffer.from(`conclave ${value.verb} v1\n`), digest])
    assert(nodePrimitives.ed25519Verify(Buffer.from(key!, 'hex'), message, base64(value.signature)))
  }
  // The keys of the sets that it names stand in the first line, those of a new one in the last.
  const sets = [...first!.value.key_sets, lines.at(-1)!.value.dealt].filter((set) => set !== undefined)
  for (const set of sets) {
    for (const share of set.shares) {
      const key = publicKeys.get(`${base64(set.id).toString('hex')}/${share.number}`)
      assert.equal(base64(share.public_key).toString('hex'), key)
    }
  }
  const { signature, ...closing } = lines.at(-1)!.value as {
    signature: string
    identity_key: string
    [member: string]: RecordValue
  }
  assert.equal(closing.identity_key, first!.value.identity_key)
  const message = Buffer.concat([Buffer.from('conclave transcript v1\n'), canonicalJson(closing)])
  assert(nodePrimitives.ed25519Verify(base64(first!.value.identity_key), message, base64(signature)))
  return previous
}

test('init, unseal, rekey and retirement leave a chain of transcripts that verifies with no key but public ones', async () => {
  const world = await World.start(new SimStorage(), 'transcripts')
  const publicKeys = new Map<string, string>()
  const remember = (): void => {
    const { live } = world.custodian.record!
    for (const share of live.shares)
      publicKeys.set(`${toHex(live.id)}/${share.number}`, toHex(share.publicKey))
  }
  const keys = await world.init(3, 2)
  remember()
  await world.unseal(keys)
  await world.startRekey({ shares: 3, threshold: 2 })
  const id = world.custodian.rekey.status().running!.agreement.ceremonyId
  await world.giveAll(keys)
  remember()
  await world.acknowledge(id)
  const all = await transcripts(world)
  const kinds = new Map(
    [...all].map(([, lines]) => [JSON.parse(base64(lines[0]!.value.statement).toString()).kind, lines]),
  )
  assert.deepEqual([...kinds.keys()].sort(), ['init', 'rekey', 'retire', 'unseal'])
  let head = '0'.repeat(64)
  let previous: string | null = null
  for (const kind of ['init', 'unseal', 'rekey', 'retire']) {
    const lines = kinds.get(kind)!
    assert.equal(lines[0]!.value.previous_transcript, head, `${kind} follows the one before`)
    assert.equal(lines.at(-1)!.value.previous_transcript, head)
    assert.equal(lines.at(-1)!.value.previous_ceremony, previous)
    previous = JSON.parse(base64(lines[0]!.value.statement).toString()).ceremony_id
    head = verify(lines, publicKeys)
  }
  const events = (kind: string): string[] => kinds.get(kind)!.map((line) => line.value.event)
  assert.deepEqual(events('init'), ['opened', 'completed'])
  assert.deepEqual(events('unseal'), ['opened', 'consent', 'consent', 'completed'])
  assert.deepEqual(events('rekey'), ['opened', 'consent', 'consent', 'completed'])
  assert.deepEqual(events('retire'), ['opened', 'completed'])
  // The identity key is made new at each install, and the old one names it.
  const next = kinds.get('rekey')!.at(-1)!.value.next_identity_key
  assert.equal(base64(kinds.get('retire')![0]!.value.identity_key).toString('hex'), next)
})

test('a cancelled and an expired rekey leave a signed end, and no share is in any line', async () => {
  const world = await World.start(new SimStorage(), 'ends')
  const keys = await world.init(3, 2)
  await world.unseal(keys)
  await world.startRekey({ shares: 3, threshold: 2 })
  await world.give(keys[0]!)
  await world.custodian.rekey.cancel(ANYBODY)
  await world.startRekey({ shares: 3, threshold: 2 })
  world.clock.advance(25 * 60 * 60 * 1000)
  await world.startRekey({ shares: 3, threshold: 2 })
  const all = [...(await transcripts(world)).values()]
  const ends = all.map((lines) => lines.at(-1)!.value.event).sort()
  assert.deepEqual(ends, ['cancelled', 'completed', 'completed', 'expired', 'opened'])
  const text = all
    .flat()
    .map(({ bytes }) => bytes.toString())
    .join('\n')
  for (const key of keys) {
    assert(
      !text.includes(Buffer.from(key).toString('hex')) && !text.includes(Buffer.from(key).toString('base64')),
    )
  }
})

test('what time has ended was cancelled by nobody, whoever closes it: a cancel, a seal, an install', async () => {
  const world = await World.start(new SimStorage(), 'late ends')
  let keys = await world.init(3, 2)
  await world.unseal(keys)
  const closings: Record<string, (id: string) => Promise<void>> = {
    cancel: async () => void (await world.custodian.rekey.cancel(ANYBODY)),
    seal: async () => {
      await world.custodian.seal(ANYBODY.source)
      await world.unseal(keys)
    },
  }
  for (const [what, close] of Object.entries(closings)) {
    await world.startRekey({ shares: 3, threshold: 2 })
    const id = world.custodian.rekey.status().running?.agreement.ceremonyId ?? ''
    await world.give(keys[0]!)
    world.clock.advance(25 * 60 * 60 * 1000)
    assert.equal(world.custodian.rekey.status().running, null)
    await close(id)
    assert.equal((await transcripts(world)).get(id)?.at(-1)?.value.event, 'expired', what)
  }
  using otp = SecretBytes.take(Buffer.alloc(28, 'x'))
  const { running } = await world.custodian.generateRoot.start({ by: 'otp', otp }, ANYBODY)
  const id = running?.agreement.ceremonyId ?? ''
  world.clock.advance(25 * 60 * 60 * 1000)
  keys = await world.rekey(keys, { shares: 3, threshold: 2 })
  assert.equal((await transcripts(world)).get(id)?.at(-1)?.value.event, 'expired', 'install')
})
