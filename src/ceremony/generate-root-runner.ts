import type { PlainWrite } from '../barrier/barrier.ts'
import { GENERATE_ROOT_OTP_PATH } from '../barrier/paths.ts'
import { assert } from '../base/assert.ts'
import { OperatingError } from '../base/errors.ts'
import type { SecretBytes } from '../base/secret-bytes.ts'
import type { Consent } from '../custody/consent.ts'
import { base64Of } from '../custody/share-digits.ts'
import { otpDigest } from '../custody/statement.ts'
import type { TranscriptHead } from '../custody/transcript.ts'
import { agree, cancelProgressOf, object, progressOf } from './agreement.ts'
import type { Recipient } from './delivery.ts'
import {
  GENERATION_FORMAT,
  GENERATION_LEDGER,
  hideToken,
  otpWrite,
  parseOtp,
  type RunningGeneration,
} from './generate-root.ts'
import { wipeWrites } from './identity.ts'
import type { JudgedShare } from './judge.ts'
import { CeremonyLedger, type Ending } from './ledger.ts'
import { openCeremony, type Shown, type ShownShare, sign } from './opening.ts'
import type { CeremonyPorts } from './ports.ts'
import { factsOf } from './rekey-statement.ts'
import type { Session } from './session.ts'
import { readCeremony } from './stored-ceremony.ts'

/** How the new token reaches who asks for it. The password stays with the caller. */
export type TokenHiding =
  | { readonly by: 'otp'; readonly otp: SecretBytes }
  | { readonly by: 'recipient'; readonly recipient: Recipient }

export interface GenerationStatus {
  readonly running: RunningGeneration | null
  readonly progress: number
  readonly required: number
  readonly cancels: { readonly progress: number; readonly required: number }
}

/** A recognised share for the running generation. */
export interface GenerationSubmission {
  readonly share: SecretBytes
  readonly judged: JudgedShare
  readonly nonce: string
}

export type GenerationAnswer =
  | { readonly complete: false }
  /** The hidden token in base64, as ASCII that the caller owns. */
  | { readonly complete: true; readonly encodedToken: SecretBytes; readonly running: RunningGeneration }

/** A token that nobody knows yet, and what makes it known to the server. */
export interface NewRootToken {
  readonly token: SecretBytes
  readonly writes: readonly PlainWrite[]
}

/**
 * Makes a root token by a quorum of the live set (key-lifecycle.md section 7). Every method runs in the
 * ceremony queue; a method that throws has changed nothing.
 */
export class GenerateRootRunner {
  readonly #ports: CeremonyPorts
  readonly #session: Session
  readonly #ledger: CeremonyLedger<RunningGeneration>

  private constructor(ports: CeremonyPorts, session: Session, ledger: CeremonyLedger<RunningGeneration>) {
    this.#ports = ports
    this.#session = session
    this.#ledger = ledger
  }

  /** Goes on with the generation that was running when the store was last open. */
  static async resume(ports: CeremonyPorts, session: Session): Promise<GenerateRootRunner> {
    const resumed = await readCeremony(ports.primitives, session.barrier, {
      format: GENERATION_FORMAT,
      record: session.record,
      onDamaged: () => ports.log.warn('the stored root generation cannot be read and is dropped'),
    })
    const ledger = new CeremonyLedger(ports, session, { kind: GENERATION_LEDGER, resumed })
    return new GenerateRootRunner(ports, session, ledger)
  }

  status(): GenerationStatus {
    const { running } = this.#ledger
    const required = this.#session.record.live.threshold
    if (running === null) return { running, progress: 0, required, cancels: { progress: 0, required: 0 } }
    const { agreement } = running
    return { running, ...progressOf(agreement), cancels: cancelProgressOf(agreement) }
  }

  /** Throws `ceremony_running`, `ceremony_limit`, `share_other_set` for a holder of a retiring set. */
  async start(proposal: { readonly hiding: TokenHiding; readonly shown: Shown }): Promise<void> {
    await this.#closeExpired()
    if (this.#ledger.running !== null) {
      throw new OperatingError('ceremony_running', 'root generation already in progress for this namespace')
    }
    // Who is in no quorum of it could neither agree to it nor cancel what he opened.
    const { shown } = proposal
    if (shown.by === 'holder' && shown.judged.role !== 'live') throw this.#notLive(shown.judged)
    const { primitives } = this.#ports
    const { hiding } = proposal
    const recipient = hiding.by === 'recipient' ? hiding.recipient : null
    const { agreement, draft, besides } = await openCeremony(this.#ports, this.#session, {
      kind: 'generate-root',
      sets: [this.#session.record.live],
      deal: null,
      token: (ceremonyId) =>
        hiding.by === 'otp'
          ? { kind: 'otp', otpSha256: hiding.otp.lend((otp) => otpDigest(primitives, ceremonyId, otp)) }
          : factsOf(primitives, hiding.recipient),
      shown: proposal.shown,
    })
    const password = hiding.by === 'otp' ? [otpWrite(hiding.otp)] : []
    try {
      await this.#ledger.open({ agreement, recipient }, draft, [...besides, ...password])
    } finally {
      wipeWrites(password)
    }
  }

  /** Ends what is running; nothing running is fine. Whether the caller may was asked before. */
  async cancel(): Promise<void> {
    await this.#close(this.#ledger.end('cancelled'))
  }

  /** As `RekeyRunner.object`. */
  async object(holder: ShownShare): Promise<boolean> {
    await this.#closeExpired()
    const { running } = this.#ledger
    if (running === null) return true
    const consent = sign(this.#ports, running.agreement, { ...holder, verb: 'cancel' })
    const counted = object(running.agreement, consent)
    if (counted.type === 'foreign_set') throw this.#notLive(holder.judged)
    if (counted.type === 'repeated') return false
    const draft = this.#ledger.draft().consent(consent)
    if (counted.type === 'counted') {
      await this.#ledger.store({ ...running, agreement: counted.agreement }, draft)
      return false
    }
    await this.#close(this.#ledger.endWith(draft.close(this.#session, 'cancelled', {})))
    return true
  }

  /**
   * What ends it in a commit of somebody else's: an explicit seal, an install; behind `previous`, where that
   * is closed in the same commit.
   */
  end(event: 'cancelled' | 'superseded', previous: TranscriptHead | null = null): Ending | null {
    return this.#ledger.end(event, previous)
  }

  /** Refuses what no share could move, before anybody judges one. */
  async admit(nonce: string): Promise<RunningGeneration> {
    await this.#closeExpired()
    const { running } = this.#ledger
    if (running === null) throw new OperatingError('ceremony_not_running', 'no root generation in progress')
    const { ceremonyId } = running.agreement
    if (nonce === ceremonyId) return running
    throw new OperatingError(
      'nonce_mismatch',
      `incorrect nonce supplied; nonce for this root generation operation is "${ceremonyId}"`,
    )
  }

  /**
   * Counts a recognised share, and makes the token with the one that makes the quorum. Throws as `admit`
   * does, `share_duplicate`, `share_other_set`; and what storage or delivery throws, after which the holder
   * gives the same share again.
   */
  async submit(
    submission: GenerationSubmission,
    newRootToken: () => NewRootToken,
  ): Promise<GenerationAnswer> {
    const running = await this.admit(submission.nonce)
    const consent = sign(this.#ports, running.agreement, { ...submission, verb: 'agree' })
    const counted = agree(running.agreement, consent)
    switch (counted.type) {
      case 'foreign_set':
        throw this.#notLive(submission.judged)
      case 'repeated':
        throw new OperatingError(
          'share_duplicate',
          'given key has already been provided during this generation operation',
        )
      case 'counted': {
        const draft = this.#ledger.draft().consent(consent)
        await this.#ledger.store({ ...running, agreement: counted.agreement }, draft)
        return { complete: false }
      }
      case 'enough':
        return await this.#complete(running, consent, newRootToken())
    }
  }

  /** Hides the token first: what cannot be read by anybody is never made. */
  async #complete(running: RunningGeneration, last: Consent, made: NewRootToken): Promise<GenerationAnswer> {
    using token = made.token
    const encodedToken = await this.#hide(running, token)
    try {
      this.#session.expectOpen()
      const draft = this.#ledger
        .draft()
        .consent(last)
        .close(this.#session, 'completed', { serial: this.#session.record.serial })
      const ending = this.#ledger.endWith(draft)
      await this.#session.commitEntries([...ending.writes, ...made.writes])
      ending.forget()
      this.#ports.log.info('root token made', { ceremony: running.agreement.ceremonyId })
      return { complete: true, encodedToken, running }
    } catch (error) {
      encodedToken[Symbol.dispose]()
      throw error
    }
  }

  async #hide({ recipient }: RunningGeneration, token: SecretBytes): Promise<SecretBytes> {
    if (recipient !== null) return base64Of(await this.#ports.delivery.encrypt(recipient, token))
    using otp = parseOtp(await this.#session.barrier.get(GENERATE_ROOT_OTP_PATH))
    return hideToken(token, otp)
  }

  async #closeExpired(): Promise<void> {
    if (this.#ledger.hasExpired) await this.#close(this.#ledger.end('expired'))
  }

  async #close(ending: Ending | null): Promise<void> {
    if (ending === null) return
    await this.#session.commitEntries(ending.writes)
    ending.forget()
  }

  #notLive({ number, set }: JudgedShare): OperatingError {
    const { live } = this.#session.record
    assert(set.id !== live.id, 'a generation names the live set')
    return new OperatingError(
      'share_other_set',
      `this is share ${number} of key set ${set.number}, which a rekey is replacing; a root token is made ` +
        `by the holders of key set ${live.number}. It was not counted, and nobody else has to start again`,
      { detail: { set: set.number } },
    )
  }
}
