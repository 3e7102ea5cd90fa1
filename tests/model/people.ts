import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { sameBytes, toBase64, utf8 } from '../../src/base/encoding.ts'
import { OperatingError } from '../../src/base/errors.ts'
import { SecretBytes } from '../../src/base/secret-bytes.ts'
import type { Asked } from '../../src/ceremony/access.ts'
import type { Recipient } from '../../src/ceremony/delivery.ts'
import type { Parcel } from '../../src/ceremony/parcel.ts'
import { SimDelivery, unwrap } from '../sim/sim-delivery.ts'
import { Crashed } from '../sim/sim-storage.ts'
import type { ShareSet, World } from '../sim/world.ts'
import type { Act, ShareRef, Shown } from './act.ts'

/** What somebody got for an answer. */
export interface Observed {
  /** `!code` is a refusal. */
  readonly answer: string
  readonly shares: ShareSet | null
  /** Of a ceremony that was started. */
  readonly nonce: string | null
}

const SHARE_BYTES = 33
const DIGEST_BYTES = 32
const TOKEN = 'hvs.simulated-generated-root'
const PASSWORD = 'otp of as many characters !!'
const NEVER = '00000000-0000-4000-8000-000000000000'
const MACHINE = '127.0.0.1'
const PATHS = { rekey: 'sys/rekey/init', generation: 'sys/generate-root/attempt' } as const

const plain = (answer: string): Observed => ({ answer, shares: null, nonce: null })
const complete = (shares: ShareSet): Observed => ({ answer: 'complete', shares, nonce: null })

/** Everybody outside the server: the shares that they hold, the names that they read, what they then do. */
export class People {
  readonly #recipients: readonly Recipient[]
  /** By the number of the set in the model. */
  readonly #shares = new Map<number, ShareSet>()
  readonly #names = new Map<number, string>()

  private constructor(recipients: readonly Recipient[]) {
    this.#recipients = recipients
  }

  static async gather(): Promise<People> {
    const delivery = new SimDelivery()
    const keys = [1, 2, 3, 4, 5].map((number) => toBase64(utf8(`public key ${number}`)))
    return new People(await Promise.all(keys.map((key) => delivery.recipient(key))))
  }

  /** The recipient whose encryption can be made to fail. */
  get fingerprint(): string {
    return this.#recipients[0]!.fingerprint
  }

  sharesOf(set: number): ShareSet | null {
    return this.#shares.get(set) ?? null
  }

  receive(set: number, shares: ShareSet): void {
    const held = this.#shares.get(set)
    if (held !== undefined) assert.deepEqual(shares, held, 'an answer that is given again is the same')
    this.#shares.set(set, shares)
  }

  /** Remembers what the server calls a ceremony. No name is ever given twice. */
  name(number: number, name: string): void {
    const known = this.#names.get(number)
    if (known === undefined) {
      assert(![...this.#names.values()].includes(name), `the nonce ${name} is there for the second time`)
      this.#names.set(number, name)
    } else assert.equal(name, known, 'a ceremony keeps its nonce')
  }

  nameOf(number: number): string | null {
    return this.#names.get(number) ?? null
  }

  /**
   * Does it. What belongs into the server's queue is there when this returns; a failure that is neither an
   * `OperatingError` nor the end of the process is thrown.
   */
  async act(world: World, act: Act): Promise<Observed> {
    try {
      return await this.#act(world, act)
    } catch (error) {
      if (error instanceof OperatingError) return plain(`!${error.code}`)
      if (error instanceof Crashed || world.fatal !== null) return plain('the process has died')
      throw error
    }
  }

  async #act(world: World, act: Act): Promise<Observed> {
    const { custodian } = world
    switch (act.do) {
      case 'init': {
        const terms = { shares: act.shares, threshold: act.threshold, recipients: null, tokenRecipient: null }
        using answer = await custodian.init(terms, MACHINE)
        return complete(this.#open(answer.parcel))
      }
      case 'give':
        return await this.#give(world, act)
      case 'start':
        return { answer: 'done', shares: null, nonce: await this.#start(world, act) }
      case 'cancel': {
        const desk = act.kind === 'rekey' ? custodian.rekey : custodian.generateRoot
        return plain((await desk.cancel(this.#asked(act, act.kind))) ? 'ended' : 'counted')
      }
      case 'restart verification':
        await custodian.rekey.restartVerification('modern', this.#asked(act, 'rekey'))
        return plain('done')
      case 'reset': {
        const share = act.share && this.#share(act.share)
        await custodian.resetUnseal({ source: act.source, direct: true, access: act.access, share })
        return plain('done')
      }
      case 'acknowledge':
        custodian.rekey.acknowledge(this.nameOf(act.ceremony) ?? NEVER)
        await custodian.settled()
        return plain('done')
      case 'seal':
        await custodian.seal(MACHINE)
        return plain('done')
      case 'restart':
        if (act.how === 'clean') await custodian.stop()
        return plain('done')
      case 'wait':
        world.clock.advance(act.ms)
        await new Promise(setImmediate)
        return plain('done')
      case 'write':
        if (world.session === null) return plain('!sealed')
        await world.put('data/written', String(act.value))
        return plain('done')
      case 'rotate':
        if (world.session === null) return plain('!sealed')
        await world.session.change({ term: 'new', entries: [] })
        return plain('done')
      case 'break recipient':
        if (act.broken) world.delivery.broken.add(this.fingerprint)
        else world.delivery.broken.delete(this.fingerprint)
        return plain('done')
    }
  }

  async #give(world: World, act: Extract<Act, { do: 'give' }>): Promise<Observed> {
    const { rekey, generateRoot } = world.custodian
    const share = this.#share(act.share)
    const nonce = this.nameOf(act.nonce) ?? NEVER
    const { face, source } = act
    switch (act.to) {
      case 'unseal':
        await world.custodian.unseal(share, source)
        return plain('done')
      case 'rekey': {
        const answer = await rekey.submit({ share, face, source, nonce: face === 'original' ? null : nonce })
        if (!answer.complete) return plain(answer.repeated ? 'repeated' : 'counted')
        using parcel = answer.parcel
        return complete(this.#open(parcel))
      }
      case 'verify': {
        const answer = await rekey.verify({
          share,
          nonce,
          source,
          face: face === 'original' ? 'modern' : face,
        })
        return plain(answer.complete ? 'complete' : 'counted')
      }
      case 'generation': {
        const answer = await generateRoot.submit({ share, nonce, source })
        if (!answer.complete) return plain('counted')
        using token = answer.encodedToken
        const text = token.lend((bytes) => Buffer.from(bytes).toString())
        assert.equal(this.#uncover(text, answer.running.recipient !== null), TOKEN)
        return plain('complete')
      }
    }
  }

  async #start(world: World, act: Extract<Act, { do: 'start' }>): Promise<string> {
    const { rekey, generateRoot } = world.custodian
    const { shares, wrapped } = act.terms
    const asked = this.#asked(act, act.kind)
    if (act.kind === 'rekey') {
      const recipients = wrapped ? this.#recipients.slice(0, shares) : null
      const { running } = await rekey.start({ ...act.terms, recipients, backup: wrapped }, asked)
      return running!.agreement.ceremonyId
    }
    using otp = SecretBytes.take(utf8(PASSWORD))
    const hiding = wrapped
      ? ({ by: 'recipient', recipient: this.#recipients[0]! } as const)
      : ({ by: 'otp', otp } as const)
    const { running } = await generateRoot.start(hiding, asked)
    return running!.agreement.ceremonyId
  }

  #asked(act: { shown: Shown; access: Asked['access'] }, kind: 'rekey' | 'generation'): Asked {
    const { shown, access } = act
    const credential =
      typeof shown === 'string' ? { by: shown } : { by: 'holder' as const, share: this.#share(shown) }
    return { credential, access, source: MACHINE, path: PATHS[kind] }
  }

  #share({ set, share, spoilt }: ShareRef): SecretBytes {
    const bytes = this.#shares.get(set)?.[share]
    if (spoilt === 'foreign' || bytes === undefined)
      return SecretBytes.take(new Uint8Array(SHARE_BYTES).fill(7))
    if (spoilt === 'short') return SecretBytes.copyOf(bytes.subarray(0, 16))
    const copy = bytes.slice()
    if (spoilt === 'mistyped') copy[share] = copy[share]! ^ 0x10
    return SecretBytes.take(copy)
  }

  /** Reads the shares that came, each message with the key of its recipient. */
  #open(parcel: Parcel): ShareSet {
    if (parcel.kind === 'clear') return parcel.shares.map((share) => share.lend((bytes) => bytes.slice()))
    return parcel.messages.map(({ message, fingerprint }, index) => {
      const recipient = this.#recipients[index]!
      assert.equal(fingerprint, recipient.fingerprint)
      return this.#read(message, recipient)
    })
  }

  #read(message: Uint8Array, recipient: Recipient): Uint8Array {
    const digest = createHash('sha256').update(recipient.key).digest()
    assert(sameBytes(message.subarray(0, DIGEST_BYTES), digest), 'the message is for another recipient')
    return new Uint8Array(unwrap(message))
  }

  #uncover(text: string, wrapped: boolean): string {
    const hidden = Buffer.from(text, 'base64')
    if (wrapped) return hidden.subarray(DIGEST_BYTES).toString()
    return Buffer.from(hidden.map((byte, index) => byte ^ PASSWORD.charCodeAt(index))).toString()
  }
}
