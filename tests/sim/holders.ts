import assert from 'node:assert/strict'
import { fromBase64, fromUtf8 } from '../../src/base/encoding.ts'
import { OperatingError } from '../../src/base/errors.ts'
import { SecretBytes } from '../../src/base/secret-bytes.ts'
import type { Custodian } from '../../src/ceremony/custodian.ts'
import type { Recipient } from '../../src/ceremony/delivery.ts'
import { OTP_LENGTH } from '../../src/ceremony/generate-root.ts'
import type { RekeyTerms } from '../../src/ceremony/rekey.ts'
import type { RekeyAnswer } from '../../src/ceremony/rekey-runner.ts'
import { type SimDelivery, unwrap } from './sim-delivery.ts'
import type { SimStorage } from './sim-storage.ts'
import { ANYBODY, type ShareSet, sharesOf, World } from './world.ts'

const SOURCE = '127.0.0.1'
const OTP = Buffer.alloc(OTP_LENGTH, 'otp')

/** What is dealt, and how; left out: by the modern face, in the clear, verified by a threshold. */
export type Proposed = { readonly shares: number; readonly threshold: number } & Partial<RekeyTerms>

export type Kind = 'rekey' | 'generateRoot'

/** A step that somebody was told has happened: from then on it stands in a transcript. */
export interface Told {
  readonly ceremonyId: string
  /** As the auditor writes it: `opened`, `agree 2`, `dealt`, `completed`. */
  readonly event: string
}

/** What holders stand before: a simulated process, or one on real storage. */
export interface Served {
  readonly custodian: Custodian
  readonly delivery: SimDelivery
}

/**
 * People with shares before a server, which may be replaced by another on the same store. They remember what
 * they were given and what they were told.
 */
export class Holders<Server extends Served = World> {
  world: Server
  /** Every set that was handed out, oldest first. */
  readonly sets: ShareSet[]
  readonly told: Told[] = []
  /** Encoded root tokens that were handed out. */
  readonly tokens: Uint8Array[] = []

  constructor(world: Server, sets: readonly ShareSet[]) {
    this.world = world
    this.sets = [...sets]
  }

  /** The set that was handed out last. */
  get newest(): ShareSet {
    return this.sets.at(-1) ?? []
  }

  /** By whichever set opens: shares of the others are refused on arrival. */
  async unseal(): Promise<void> {
    for (const set of this.sets) {
      for (let number = 1; number <= set.length && !this.world.custodian.isOpen; number++) {
        const refusal = await this.show(set, number).catch(unlessOfAnotherSet)
        if (refusal !== undefined) break
      }
    }
    assert(this.world.custodian.isOpen, 'a set that was handed out opens')
  }

  async propose(proposed: Proposed): Promise<void> {
    const usual = { face: 'modern', verify: 'threshold', recipients: null, backup: false } as const
    const { running } = await this.world.custodian.rekey.start({ ...usual, ...proposed }, ANYBODY)
    this.#note(running?.agreement.ceremonyId, 'opened')
  }

  /** One share of `set` for the running rekey. What its answer hands out is kept. */
  async agree(set: ShareSet, number: number): Promise<RekeyAnswer> {
    const nonce = this.runningId() ?? ''
    const given = { share: shareOf(set, number), nonce, face: 'modern', source: SOURCE } as const
    const answer = await this.world.custodian.rekey.submit(given)
    this.#note(nonce, `agree ${number}`)
    if (answer.complete) {
      this.sets.push(await this.#unpack(answer))
      this.#note(nonce, answer.verificationNonce === null ? 'completed' : 'dealt')
    }
    return answer
  }

  /** One share of the newest set, given back. Resolves to whether that was enough. */
  async giveBack(number: number): Promise<boolean> {
    const { running } = this.world.custodian.rekey.status()
    assert(running?.phase === 'dealt', 'new shares are out')
    const given = { share: shareOf(this.newest, number), face: 'modern', source: SOURCE } as const
    const answer = await this.world.custodian.rekey.verify({ ...given, nonce: running.verificationNonce })
    if (answer.complete) this.#note(running.agreement.ceremonyId, 'completed')
    return answer.complete
  }

  async cancel(kind: Kind = 'rekey'): Promise<void> {
    const id = this.runningId(kind)
    await this.world.custodian[kind].cancel(ANYBODY)
    if (id !== null) this.#note(id, 'cancelled')
  }

  /** A holder who wants it to end, with nothing but a share. Resolves to whether it has. */
  async object(number: number, kind: Kind = 'rekey'): Promise<boolean> {
    const id = this.runningId(kind)
    using share = shareOf(this.sets[0], number)
    const asked = { ...ANYBODY, credential: { by: 'holder', share }, access: 'guarded' } as const
    const ended = await this.world.custodian[kind].cancel(asked)
    if (id !== null) this.#note(id, `cancel ${number}`)
    if (id !== null && ended) this.#note(id, 'cancelled')
    return ended
  }

  /** Seals on request, and opens again. */
  async seal(): Promise<void> {
    await this.world.custodian.seal(SOURCE)
    await this.unseal()
  }

  /** The ceremony that runs, as everybody sees it. */
  runningId(kind: Kind = 'rekey'): string | null {
    return this.world.custodian[kind].status().running?.agreement.ceremonyId ?? null
  }

  /** Whether they were told so, of any ceremony or of this one. */
  wereTold(event: string, ceremonyId?: string): boolean {
    return this.told.some((one) => one.event === event && (ceremonyId ?? one.ceremonyId) === one.ceremonyId)
  }

  /** One share of `set`, given to the server as for an unseal. */
  async show(set: ShareSet, number: number): Promise<void> {
    await this.world.custodian.unseal(shareOf(set, number), SOURCE)
  }

  /** Opens a generation of a root token, under a password or for somebody's key. */
  async proposeToken(recipient: Recipient | null = null): Promise<void> {
    using otp = SecretBytes.copyOf(OTP)
    const hiding =
      recipient === null ? ({ by: 'otp', otp } as const) : ({ by: 'recipient', recipient } as const)
    const { running } = await this.world.custodian.generateRoot.start(hiding, ANYBODY)
    this.#note(running?.agreement.ceremonyId, 'opened')
  }

  /** One share for it. Resolves to whether the token is made. */
  async agreeToken(set: ShareSet, number: number): Promise<boolean> {
    const nonce = this.runningId('generateRoot') ?? ''
    const given = { share: shareOf(set, number), nonce, source: SOURCE }
    const answer = await this.world.custodian.generateRoot.submit(given)
    this.#note(nonce, `agree ${number}`)
    if (!answer.complete) return false
    this.tokens.push(answer.encodedToken.lend((text) => text.slice()))
    this.#note(nonce, 'completed')
    return true
  }

  /** Keys of as many people, by which the simulated delivery wraps. */
  async recipients(count: number): Promise<readonly Recipient[]> {
    const keys = Array.from({ length: count }, (_, index) => Buffer.from(`key ${index}`).toString('base64'))
    return await Promise.all(keys.map((key) => this.world.delivery.recipient(key)))
  }

  #note(ceremonyId: string | undefined, event: string): void {
    assert(ceremonyId !== undefined, 'something runs')
    this.told.push({ ceremonyId, event })
  }

  async #unpack(answer: RekeyAnswer): Promise<ShareSet> {
    assert(answer.complete, 'the answer hands out shares')
    if (answer.parcel.kind === 'clear') return sharesOf(answer)
    return answer.parcel.messages.map(({ message }) => unwrap(message))
  }
}

/** Another process takes over, on the same storage unless another is given, and is opened. */
export async function restart(holders: Holders, storage: SimStorage = holders.world.storage): Promise<void> {
  const { clock, delivery } = holders.world
  // A process of its own has randomness of its own.
  const next = await World.start(storage, `restart ${restarts++}`, clock)
  for (const fingerprint of delivery.broken) next.delivery.broken.add(fingerprint)
  holders.world = next
  await holders.unseal()
}

let restarts = 0

/** The refusal of a share that opens nothing; any other failure is thrown. */
function unlessOfAnotherSet(error: unknown): OperatingError {
  if (error instanceof OperatingError && REFUSALS.has(error.code)) return error
  throw error
}

const REFUSALS: ReadonlySet<string> = new Set(['share_pending', 'share_retired', 'share_unknown'])

/** What the holder of the password reads in an encoded token. */
export function decodeToken(encoded: Uint8Array): string {
  const hidden = fromBase64(fromUtf8(encoded).padEnd(Math.ceil(encoded.length / 4) * 4, '='))
  assert(hidden !== null, 'a token is base64')
  return Buffer.from(hidden.map((byte, index) => byte ^ (OTP[index] ?? 0))).toString()
}

/** A copy that the server may wipe. Shares are numbered from 1. */
function shareOf(set: ShareSet | undefined, number: number): SecretBytes {
  const share = set?.[number - 1]
  assert(share !== undefined, 'the set has this share')
  return SecretBytes.copyOf(share)
}
