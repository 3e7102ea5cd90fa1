import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { canonicalJson, type RecordValue } from '../../src/base/canonical-json.ts'
import { toHex } from '../../src/base/encoding.ts'
import { MAX_LIST_PAGE } from '../../src/base/limits.ts'
import type { Custodian } from '../../src/ceremony/custodian.ts'
import type { Session } from '../../src/ceremony/session.ts'
import { nodePrimitives } from '../../src/crypto/node/primitives.ts'

/**
 * Reads the transcripts of an open store as an auditor would, with nothing but docs/storage-format.md and
 * the public keys of the custody record. Written apart from the code that makes them.
 */
export interface Transcript {
  readonly ceremonyId: string
  /** `init`, `unseal`, `rekey` … */
  readonly kind: string
  /** Events, a consent as its verb and the number of its share: `agree 2`. */
  readonly events: readonly string[]
  readonly lines: readonly Line[]
  /** SHA-256 of the newest line, in hex. */
  readonly head: string
}

export interface Line {
  readonly bytes: Buffer
  // biome-ignore lint/suspicious/noExplicitAny: lines have many shapes
  readonly value: any
}

/** An open store: a simulated one, or a real one. */
export interface Inspected {
  readonly custodian: Custodian
  readonly session: Session | null
}

const CLOSINGS = ['completed', 'cancelled', 'expired', 'superseded']
const NOTHING_BEFORE = '0'.repeat(64)
const RUNNING = ['core/ceremonies/rekey', 'core/ceremonies/generate-root']

/** Every transcript of the store, by its ceremony. Fails on one that does not verify. */
export async function audit(world: Inspected): Promise<ReadonlyMap<string, Transcript>> {
  const all = await readTranscripts(world)
  const shareKeys = shareKeysOf(world)
  const identityKeys = identityKeysOf(all)
  await checkOrder(world, all)
  const running = await runningIds(world)
  for (const one of all.values()) {
    const what = `the transcript of ${one.kind} ${one.ceremonyId}`
    checkChain(one, what)
    checkConsents(one, { shareKeys, what })
    if (isClosed(one)) checkClosing(one, { identityKeys, what })
    else assert(running.has(one.ceremonyId), `${what} has no end, and it does not run`)
  }
  return all
}

/** Closing lines are one chain, from init to the head that the store remembers. */
async function checkOrder(world: Inspected, all: ReadonlyMap<string, Transcript>): Promise<void> {
  const stored = await world.session?.barrier.get('core/transcript-head')
  const head = JSON.parse(Buffer.from(stored ?? []).toString())
  let [id, hash] = [head.ceremony_id, base64(head.head).toString('hex')]
  let closed = 0
  for (; id !== null; closed++) {
    const one = all.get(id)
    assert(one !== undefined && one.head === hash, `the chain of transcripts breaks before ${hash}`)
    const closing = one.lines.at(-1)?.value
    ;[id, hash] = [closing.previous_ceremony, closing.previous_transcript]
  }
  assert.equal(hash, NOTHING_BEFORE, 'the chain begins with nothing')
  assert.equal(closed, [...all.values()].filter(isClosed).length, 'every ceremony that ended is in the chain')
}

async function readTranscripts(world: Inspected): Promise<Map<string, Transcript>> {
  const barrier = world.session?.barrier
  assert(barrier !== undefined, 'the store is open')
  const page = { after: '', limit: MAX_LIST_PAGE }
  const all = new Map<string, Transcript>()
  for (const folder of await barrier.list('core/transcripts/', page)) {
    const lines: Line[] = []
    for (const name of await barrier.list(`core/transcripts/${folder}`, page)) {
      const bytes = Buffer.from((await barrier.get(`core/transcripts/${folder}${name}`)) ?? [])
      lines.push({ bytes, value: JSON.parse(bytes.toString()) })
    }
    const ceremonyId = folder.slice(0, -1)
    const statement = JSON.parse(base64(lines[0]?.value.statement).toString())
    assert.equal(statement.ceremony_id, ceremonyId)
    const events = lines.map(({ value }) =>
      value.event === 'consent' ? `${value.verb} ${value.share}` : String(value.event),
    )
    const head = sha256(lines.at(-1)?.bytes ?? Buffer.alloc(0)).toString('hex')
    all.set(ceremonyId, { ceremonyId, kind: statement.kind, events, lines, head })
  }
  return all
}

function checkChain({ lines }: Transcript, what: string): void {
  let previous = NOTHING_BEFORE
  for (const [index, { bytes, value }] of lines.entries()) {
    assert.equal(value.line, index, what)
    assert.equal(value.previous_line, previous, what)
    assert(index === lines.length - 1 || !CLOSINGS.includes(value.event), `${what} goes on after its end`)
    previous = sha256(bytes).toString('hex')
  }
}

function checkConsents(
  { lines }: Transcript,
  with_: { readonly shareKeys: ReadonlyMap<string, Uint8Array>; readonly what: string },
): void {
  const first = lines[0]?.value
  const digest = sha256(Buffer.from('conclave statement v1\n'), base64(first.statement))
  assert.equal(first.digest, digest.toString('hex'), with_.what)
  for (const { value } of lines.filter((line) => line.value.event === 'consent')) {
    const key = with_.shareKeys.get(`${base64(value.key_set).toString('hex')}/${value.share}`)
    const message = Buffer.concat([Buffer.from(`conclave ${value.verb} v1\n`), digest])
    assert(key !== undefined, `${with_.what} has a consent of a share that nobody knows`)
    assert(nodePrimitives.ed25519Verify(key, message, base64(value.signature)), with_.what)
  }
}

/** By the identity that it names, which init had or an install has named. */
function checkClosing(
  { lines }: Transcript,
  with_: { readonly identityKeys: ReadonlySet<string>; readonly what: string },
): void {
  const { signature, ...closing }: Record<string, RecordValue> = lines.at(-1)?.value ?? {}
  const key = String(closing['identity_key'])
  assert(
    with_.identityKeys.has(base64(key).toString('hex')),
    `${with_.what}: nobody vouches for its identity`,
  )
  const message = Buffer.concat([Buffer.from('conclave transcript v1\n'), canonicalJson(closing)])
  assert(nodePrimitives.ed25519Verify(base64(key), message, base64(String(signature))), with_.what)
}

/** The public key of every share that the custody record knows, by set and number. */
function shareKeysOf(world: Inspected): Map<string, Uint8Array> {
  const record = world.custodian.record
  assert(record !== null, 'the store is open')
  const keys = new Map<string, Uint8Array>()
  for (const set of [record.live, record.retiring]) {
    for (const { number, publicKey } of set?.shares ?? []) {
      keys.set(`${toHex(set?.id ?? new Uint8Array())}/${number}`, publicKey)
    }
  }
  for (const set of record.retired) {
    for (const [index, key] of set.publicKeys.entries()) keys.set(`${toHex(set.id)}/${index + 1}`, key)
  }
  return keys
}

/** The identity key of init, and each that the one before it has named. */
function identityKeysOf(all: ReadonlyMap<string, Transcript>): Set<string> {
  const keys = new Set<string>()
  for (const { kind, lines } of all.values()) {
    if (kind === 'init') keys.add(base64(lines[0]?.value.identity_key).toString('hex'))
    const next = lines.at(-1)?.value.next_identity_key
    if (next !== undefined) keys.add(next)
  }
  return keys
}

async function runningIds(world: Inspected): Promise<Set<string>> {
  const ids = new Set<string>()
  for (const path of RUNNING) {
    const stored = await world.session?.barrier.get(path)
    if (stored) ids.add(JSON.parse(Buffer.from(stored).toString()).ceremony_id)
  }
  return ids
}

function isClosed({ lines }: Transcript): boolean {
  return CLOSINGS.includes(lines.at(-1)?.value.event)
}

function base64(text: string): Buffer {
  return Buffer.from(text, 'base64')
}

function sha256(...parts: readonly Uint8Array[]): Buffer {
  const made = createHash('sha256')
  for (const part of parts) made.update(part)
  return made.digest()
}
