import assert from 'node:assert/strict'
import { createHash, createPrivateKey, createPublicKey, hkdfSync, type KeyObject, verify } from 'node:crypto'
import { canonicalJson, type RecordValue } from '../../src/base/canonical-json.ts'
import type { World } from '../sim/world.ts'
import type { People } from './people.ts'
import type { Holder, Model, Past } from './state.ts'

const PREFIX = 'core/transcripts/'
const ZEROS = '0'.repeat(64)
// RFC 8410: what stands before the 32 bytes of an Ed25519 key.
const PRIVATE_HEAD = Buffer.from('302e020100300506032b657004220420', 'hex')
const PUBLIC_HEAD = Buffer.from('302a300506032b6570032100', 'hex')

// biome-ignore lint/suspicious/noExplicitAny: lines have many shapes
type Line = any

/** What time has ended, and what a seal could not store, is closed by whoever comes next. */
const LATE: ReadonlyMap<Past['end'] | null, readonly (string | null)[]> = new Map([
  ['expired', ['expired', null]],
  ['left over', ['cancelled', 'expired', null]],
])

/** A transcript as far as it was read. */
interface Transcript {
  lines: number
  head: string
  digest: Buffer
  readonly agreed: string[]
  end: string | null
}

/**
 * Reads every line once, with nothing but docs/storage-format.md and the shares that people hold: each line
 * names the one before, each first line a closing before it, consents and closings are signed; and who
 * agreed, and how it ended, is what the model says.
 */
export class TranscriptAudit {
  readonly #transcripts = new Map<string, Transcript>()
  /** All closing lines, each by the hash of the one before. */
  readonly #closings = new Map<string, { readonly own: string; readonly line: Line }>()
  /** Hashes of those that are chained, from init on. */
  readonly #chain = new Set([ZEROS])
  #head = ZEROS
  /** The identity key in base64: the first, or the one that it has named as the next. */
  #identity: string | null = null
  readonly #read = new Set<string>()
  /** Key-set ids in hex, by the number of the set. */
  readonly #setNumbers = new Map<string, number>()
  readonly #people: People

  constructor(people: People) {
    this.#people = people
  }

  /** Reads, through `copy`, which is open, the lines among these keys that are new. */
  async read(copy: World, stored: Iterable<string>): Promise<void> {
    const keys = [...stored].filter((key) => key.startsWith(PREFIX)).sort()
    const found = new Set(keys)
    for (const key of this.#read) assert(found.has(key), `the line ${key} is gone`)
    const fresh: { key: string; bytes: Buffer; line: Line }[] = []
    for (const key of keys) {
      if (this.#read.has(key)) continue
      const bytes = Buffer.from((await copy.session!.barrier.get(key))!)
      const line: Line = JSON.parse(bytes.toString())
      fresh.push({ key, bytes, line })
    }
    for (const one of fresh) this.#follow(one)
    for (;;) {
      const next = this.#closings.get(this.#head)
      if (next === undefined) break
      this.#checkClosing(next.line)
      this.#head = next.own
      this.#chain.add(next.own)
    }
    assert.equal(this.#chain.size - 1, this.#closings.size, 'closing lines are one chain, from init on')
    for (const { line } of fresh) {
      if (line.event !== 'opened') continue
      assert(this.#chain.has(line.previous_transcript), 'a transcript names a closing before it')
    }
  }

  #follow({ key, bytes, line }: { key: string; bytes: Buffer; line: Line }): void {
    this.#read.add(key)
    const id = key.slice(PREFIX.length, key.lastIndexOf('/'))
    const transcript = this.#transcripts.get(id) ?? this.#opened(id, line)
    assert.equal(key.slice(-5), String(transcript.lines).padStart(5, '0'), `${key} follows`)
    assert.equal(line.line, transcript.lines, `${key} has its number`)
    assert.equal(line.previous_line, transcript.head, `${key} names the line before`)
    assert.equal(transcript.end, null, `${key} stands behind the end`)
    transcript.lines++
    transcript.head = sha256(bytes).toString('hex')
    if (line.dealt !== undefined) this.#setNumbers.set(idOf(line.dealt.id), line.dealt.number)
    if (line.event === 'consent') this.#consent(transcript, line)
    if (line.event === 'consent' || !('signature' in line)) return
    transcript.end = line.event
    const { previous_transcript: previous } = line
    assert(!this.#closings.has(previous), 'two closing lines name the same one before them')
    this.#closings.set(previous, { own: transcript.head, line })
  }

  #opened(id: string, line: Line): Transcript {
    assert.equal(line.event, 'opened')
    this.#identity ??= line.identity_key
    const statement = Buffer.from(line.statement, 'base64')
    const digest = sha256('conclave statement v1\n', statement)
    assert.equal(line.digest, digest.toString('hex'))
    const stated = JSON.parse(statement.toString())
    assert.equal(stated.ceremony_id, id)
    for (const set of line.key_sets) this.#setNumbers.set(idOf(set.id), set.number)
    const opened: Transcript = { lines: 0, head: ZEROS, digest, agreed: [], end: null }
    this.#transcripts.set(id, opened)
    return opened
  }

  #consent(transcript: Transcript, { key_set, share, signature, verb }: Line): void {
    const id = Buffer.from(key_set, 'base64')
    const number = this.#setNumbers.get(id.toString('hex'))
    assert(number !== undefined, 'a consent is of a set that its transcript names')
    const held = this.#people.sharesOf(number)?.[share - 1]
    assert(held !== undefined, `share ${share} of set ${number} agreed, and nobody has it`)
    const message = Buffer.concat([Buffer.from(`conclave ${verb} v1\n`), transcript.digest])
    const good = verify(null, message, publicKeyOf(held, id), Buffer.from(signature, 'base64'))
    assert(good, `a consent of share ${share} of set ${number} does not verify`)
    if (verb === 'agree') transcript.agreed.push(holderText({ set: number, share: share - 1 }))
  }

  #checkClosing({ signature, ...closing }: Line): void {
    const { identity_key, next_identity_key } = closing
    assert.equal(identity_key, this.#identity, 'a closing is signed by the identity key of its time')
    const message = Buffer.concat([
      Buffer.from('conclave transcript v1\n'),
      canonicalJson(closing as Record<string, RecordValue>),
    ])
    const identity = publicKey(Buffer.from(String(identity_key), 'base64'))
    assert(verify(null, message, identity, Buffer.from(signature, 'base64')), 'a closing does not verify')
    if (next_identity_key === undefined) return
    this.#identity = Buffer.from(next_identity_key, 'hex').toString('base64')
  }

  /** What the transcripts of ceremonies whose nonce is known say, and the model does not. */
  differences(m: Model): readonly string[] {
    const running = [m.rekey, m.generation].flatMap((one) => (one === null ? [] : [{ ...one, end: null }]))
    return [...m.past, ...running].flatMap(({ id, agreed, end }) => {
      const name = this.#people.nameOf(id)
      if (name === null) return []
      const transcript = this.#transcripts.get(name)
      const seen = `${transcript?.agreed.toSorted().join(' ')} ${transcript?.end}`
      const who = agreed.map(holderText).toSorted().join(' ')
      const wanted = (LATE.get(end) ?? [end]).map((one) => `${who} ${one}`)
      return wanted.includes(seen) ? [] : [`the transcript of ${id} says ${seen}, expected ${wanted[0]}`]
    })
  }
}

const idOf = (base64: string): string => Buffer.from(base64, 'base64').toString('hex')

const holderText = ({ set, share }: Holder): string => `${set}/${share}`

function sha256(...parts: readonly (string | Uint8Array)[]): Buffer {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest()
}

function publicKey(raw: Uint8Array): KeyObject {
  return createPublicKey({ key: Buffer.concat([PUBLIC_HEAD, raw]), format: 'der', type: 'spki' })
}

const KEYS = new WeakMap<Uint8Array, KeyObject>()

function publicKeyOf(share: Uint8Array, setId: Uint8Array): KeyObject {
  const known = KEYS.get(share)
  if (known !== undefined) return known
  const seed = Buffer.from(hkdfSync('sha256', share, setId, 'conclave share key v1', 32))
  const privateKey = createPrivateKey({
    key: Buffer.concat([PRIVATE_HEAD, seed]),
    format: 'der',
    type: 'pkcs8',
  })
  const made = createPublicKey(privateKey)
  KEYS.set(share, made)
  return made
}
