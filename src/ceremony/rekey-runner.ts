import type { PlainWrite } from '../barrier/barrier.ts'
import { REKEY_PATH } from '../barrier/paths.ts'
import { assert } from '../base/assert.ts'
import { unixMillis } from '../base/clock.ts'
import { sameBytes, toHex, uuidFrom } from '../base/encoding.ts'
import { OperatingError } from '../base/errors.ts'
import { CEREMONY_EXPIRY_MS } from '../base/limits.ts'
import type { SecretBytes } from '../base/secret-bytes.ts'
import { type Consent, consentWithShare } from '../custody/consent.ts'
import { encodeStatement, statementDigest } from '../custody/statement.ts'
import {
  type ChainState,
  type Closing,
  closingLine,
  consentLine,
  openingLine,
  type TranscriptLine,
} from '../custody/transcript.ts'
import { deal } from './deal.ts'
import { type InstallFacts, installNewSet } from './install.ts'
import type { JudgedShare } from './judge.ts'
import { KeptAnswer } from './kept-answer.ts'
import type { DealParameters } from './parameters.ts'
import type { CeremonyPorts } from './ports.ts'
import {
  isExpired,
  NO_REKEY,
  progressOf,
  type RekeyFace,
  type RekeyState,
  type RekeyTerms,
  type RunningRekey,
  step,
} from './rekey.ts'
import { readRekey, rekeyWrite } from './rekey-store.ts'
import { dropRetiring, type Evidence } from './retire.ts'
import type { Session } from './session.ts'
import { headWrite, lineWrite, readHead } from './transcripts.ts'

/** What a face asks for when it opens a rekey. Parameters were checked before. */
export interface RekeyProposal extends DealParameters {
  readonly face: RekeyFace
  readonly credential: RekeyTerms['credential']
}

/** A share that was recognised, for the running rekey. */
export interface RekeySubmission {
  readonly share: SecretBytes
  readonly judged: JudgedShare
  readonly face: RekeyFace
  /** `null` on the face that has none. */
  readonly nonce: string | null
  readonly source: string
}

export interface RekeyStatus {
  readonly running: RunningRekey | null
  readonly progress: number
  readonly required: number
}

export type RekeyAnswer =
  | { readonly complete: false; readonly repeated: boolean }
  /** The shares are the caller's own, to be wiped once they are out. */
  | { readonly complete: true; readonly ceremonyId: string; readonly shares: readonly SecretBytes[] }

/**
 * Does what the rekey machine decides, on one open store. Every method runs in the ceremony queue, one at a
 * time; a method that throws has changed nothing.
 */
export class RekeyRunner implements Disposable {
  readonly #ports: CeremonyPorts
  readonly #session: Session
  #state: RekeyState
  #chain: ChainState | null
  #kept: KeptAnswer | null = null

  private constructor(
    ports: CeremonyPorts,
    session: Session,
    resumed: { readonly rekey: RunningRekey; readonly chain: ChainState } | null,
  ) {
    this.#ports = ports
    this.#session = session
    this.#state = resumed?.rekey ?? NO_REKEY
    this.#chain = resumed?.chain ?? null
  }

  /** Goes on with the rekey that was running when the store was last open. */
  static async resume(ports: CeremonyPorts, session: Session): Promise<RekeyRunner> {
    const onDamaged = (): void => ports.log.warn('the stored rekey cannot be read and is dropped')
    const resumed = await readRekey(ports.primitives, session.barrier, { record: session.record, onDamaged })
    return new RekeyRunner(ports, session, resumed)
  }

  status(): RekeyStatus {
    const running = this.#running()
    if (running === null) return { running, progress: 0, required: this.#session.record.live.threshold }
    return { running, ...progressOf(running) }
  }

  /** Throws `ceremony_running`. */
  async start(proposal: RekeyProposal): Promise<void> {
    await this.#closeExpired()
    const terms = this.#terms(proposal)
    const { state, outcome } = step(this.#state, { type: 'opened', terms })
    if (outcome.type === 'already_running' || state.phase === 'idle') {
      throw new OperatingError('ceremony_running', 'rekey already in progress')
    }
    const opening = openingLine(this.#ports.primitives, terms.opened, {
      statement: terms.statement,
      digest: terms.digest,
      custodyDigest: this.#session.custodyDigest,
      serial: this.#session.record.serial,
      identityKey: this.#session.identity.publicKey,
      previousHead: await readHead(this.#session.barrier),
    })
    const rekey = rekeyWrite({ rekey: state, chain: opening.next })
    await this.#session.commitEntries([rekey, lineWrite(terms.ceremonyId, opening)])
    this.#state = state
    this.#chain = opening.next
    this.#ports.log.info('rekey opened', { ceremony: terms.ceremonyId, shares: terms.shares })
  }

  /** Cancels what is running; nothing running is fine. */
  async cancel(): Promise<void> {
    await this.#close('cancelled')
  }

  /** The write-outs of an explicit seal, to be committed with it. */
  closingEntries(): readonly PlainWrite[] {
    const running = this.#running()
    return running === null ? [] : this.#closing(running, 'cancelled')
  }

  /**
   * Refuses what no share could move, before anybody judges one. An answer that is still kept may be asked
   * for again. Throws `ceremony_not_running`, `ceremony_other_face`, `nonce_mismatch`.
   */
  async admit(request: Pick<RekeySubmission, 'face' | 'nonce'>): Promise<void> {
    await this.#closeExpired()
    if (this.#state.phase === 'idle' && this.#kept !== null && !this.#kept.isOver) return
    this.#expectRunning(request)
  }

  /**
   * Counts a recognised share, and completes the rekey with the one that makes the quorum.
   *
   * Throws `ceremony_not_running`, `ceremony_other_face`, `nonce_mismatch`, `share_unknown`; and what storage
   * throws, after which the holder gives the same share again.
   */
  async submit(submission: RekeySubmission): Promise<RekeyAnswer> {
    const again = this.#answerAgain(submission)
    if (again !== null) return again
    const running = this.#expectRunning(submission)
    const { terms } = running
    const { setId, consent } = this.#consentTo(terms, submission)
    const { state, outcome } = step(running, { type: 'agreed', consent })
    switch (outcome.type) {
      case 'repeated':
        return { complete: false, repeated: true }
      case 'counted':
        assert(state.phase === 'collecting', 'a counted consent keeps the rekey running')
        await this.#store(state, consent)
        return { complete: false, repeated: false }
      case 'quorum':
        return await this.#complete(running, { submission, setId, consents: outcome.consents })
      default:
        throw new OperatingError('share_unknown', 'this share is of a set that this rekey does not name')
    }
  }

  /**
   * Takes the evidence that the answer of `ceremonyId` has arrived, and drops the retiring set. A failure
   * leaves both sets; the next evidence tries again.
   */
  async acknowledge(ceremonyId: string): Promise<void> {
    const kept = this.#kept
    if (kept === null || kept.isOver || kept.completer.ceremonyId !== ceremonyId) return
    await this.#drop({ unsealKey: kept.unsealKey, evidence: 'acknowledged', rekeyId: ceremonyId })
  }

  /** The live set has proven itself by an unseal: drops the retiring one. */
  async proven(unsealKey: SecretBytes): Promise<void> {
    await this.#drop({ unsealKey, evidence: 'proven', rekeyId: null })
  }

  /** Wipes the kept answer. */
  [Symbol.dispose](): void {
    this.#kept?.[Symbol.dispose]()
    this.#kept = null
  }

  async #drop(evidence: Omit<Evidence, 'superseded'>): Promise<void> {
    const { retiring } = this.#session.record
    if (retiring === null) return
    // A rekey that names the retiring set ends in the commit that retires it.
    const superseded =
      this.#state.phase === 'collecting' &&
      this.#state.terms.quorums.some((quorum) => sameBytes(quorum.setId, retiring.id))
        ? { ceremonyId: this.#state.terms.ceremonyId, chain: this.#expectChain() }
        : null
    await dropRetiring(this.#ports, this.#session, { ...evidence, superseded })
    this[Symbol.dispose]()
    if (superseded === null) return
    this.#state = NO_REKEY
    this.#chain = null
  }

  #running(): RunningRekey | null {
    if (this.#state.phase === 'idle' || isExpired(this.#state, this.#ports.clock.now())) return null
    return this.#state
  }

  async #closeExpired(): Promise<void> {
    if (this.#state.phase === 'collecting' && this.#running() === null) await this.#close('expired')
  }

  async #close(how: 'cancelled' | 'expired'): Promise<void> {
    if (this.#state.phase === 'idle') return
    const { terms } = this.#state
    await this.#session.commitEntries(this.#closing(this.#state, how))
    this.#state = NO_REKEY
    this.#chain = null
    this.#ports.log.info(`rekey ${how}`, { ceremony: terms.ceremonyId })
  }

  #closing(rekey: RunningRekey, event: Closing['event']): readonly PlainWrite[] {
    const closing = this.#closingLine(this.#expectChain(), { event, facts: {} })
    return [lineWrite(rekey.terms.ceremonyId, closing), headWrite(closing), { op: 'delete', key: REKEY_PATH }]
  }

  #terms(proposal: RekeyProposal): RekeyTerms {
    const { record } = this.#session
    const sets = [record.live, record.retiring].filter((set) => set !== null)
    const opened = this.#ports.clock.now()
    const expires = unixMillis(opened + CEREMONY_EXPIRY_MS)
    const ceremonyId = uuidFrom(this.#ports.entropy.bytes(16))
    const { shares, threshold, face, credential } = proposal
    const statement = encodeStatement({
      kind: 'rekey',
      ceremonyId,
      storeId: record.storeId,
      keySets: sets,
      opened,
      expires,
      deal: { shares, threshold, flow: 'direct', delivery: 'clear to the request that completes it' },
    })
    const digest = statementDigest(this.#ports.primitives, statement)
    const quorums = sets.map((set) => ({ setId: set.id, threshold: set.threshold }))
    return { ceremonyId, shares, threshold, face, credential, statement, digest, opened, expires, quorums }
  }

  #answerAgain(submission: RekeySubmission): RekeyAnswer | null {
    const kept = this.#kept
    if (this.#state.phase !== 'idle' || kept === null || !kept.belongsTo(submission.judged, submission))
      return null
    return { complete: true, ceremonyId: kept.completer.ceremonyId, shares: kept.copyShares() }
  }

  #expectRunning(submission: Pick<RekeySubmission, 'face' | 'nonce'>): RunningRekey {
    const running = this.#running()
    if (running === null) {
      const text = submission.face === 'original' ? 'no rekey in progress' : 'no barrier rekey in progress'
      throw new OperatingError('ceremony_not_running', text)
    }
    if (submission.face === 'original' && running.terms.face !== 'original') {
      throw new OperatingError(
        'ceremony_other_face',
        'the running rekey was opened at /v1/sys/rekey/init: give shares there, with its nonce',
      )
    }
    if (submission.nonce !== null && submission.nonce !== running.terms.ceremonyId) {
      throw new OperatingError(
        'nonce_mismatch',
        `incorrect nonce supplied; nonce for this rekey operation is "${running.terms.ceremonyId}"`,
      )
    }
    return running
  }

  #consentTo(terms: RekeyTerms, submission: RekeySubmission): { setId: Uint8Array; consent: Consent } {
    const { judged, share } = submission
    const holder = { share, setId: judged.set.id, shareNumber: judged.number }
    const act = { verb: 'agree', digest: terms.digest } as const
    return { setId: judged.set.id, consent: consentWithShare(this.#ports.primitives, act, holder) }
  }

  async #store(state: RunningRekey, consent: Consent): Promise<void> {
    const line = this.#consentLine(this.#expectChain(), consent)
    const rekey = rekeyWrite({ rekey: state, chain: line.next })
    await this.#session.commitEntries([rekey, lineWrite(state.terms.ceremonyId, line)])
    this.#state = state
    this.#chain = line.next
    const { progress, required } = progressOf(state)
    this.#ports.log.info('rekey share counted', { progress, required, share: consent.shareNumber })
  }

  /**
   * Deals, proves, installs, and only then answers. Fails as a whole: then the last consent was not given.
   */
  async #complete(
    running: RunningRekey,
    quorum: {
      readonly submission: RekeySubmission
      readonly setId: Uint8Array
      readonly consents: readonly Consent[]
    },
  ): Promise<RekeyAnswer> {
    const { terms } = running
    const last = quorum.consents.at(-1)
    assert(last !== undefined, 'a quorum has consents')
    const dealt = deal(this.#ports, terms)
    try {
      await installNewSet(this.#ports, this.#session, {
        deal: dealt,
        agreedBy: quorum.setId,
        entries: (facts) => this.#completion(terms.ceremonyId, last, facts),
      })
    } catch (error) {
      dealt[Symbol.dispose]()
      throw error
    }
    this[Symbol.dispose]()
    const { source } = quorum.submission
    const completer = {
      ceremonyId: terms.ceremonyId,
      setId: last.setId,
      shareNumber: last.shareNumber,
      source,
    }
    this.#kept = new KeptAnswer(this.#ports, dealt, completer)
    this.#state = NO_REKEY
    this.#chain = null
    this.#ports.log.info('rekey installed', {
      ceremony: terms.ceremonyId,
      set: this.#session.record.live.number,
    })
    return { complete: true, ceremonyId: terms.ceremonyId, shares: this.#kept.copyShares() }
  }

  #completion(ceremonyId: string, last: Consent, facts: InstallFacts): readonly PlainWrite[] {
    const consent = this.#consentLine(this.#expectChain(), last)
    const closing = this.#closingLine(consent.next, {
      event: 'completed',
      facts: {
        agreed_by: toHex(last.setId),
        key_set: facts.setNumber,
        next_identity_key: toHex(facts.identity.publicKey),
        serial: facts.serial,
      },
    })
    return [
      lineWrite(ceremonyId, consent),
      lineWrite(ceremonyId, closing),
      headWrite(closing),
      { op: 'delete', key: REKEY_PATH },
    ]
  }

  #consentLine(chain: ChainState, consent: Consent): TranscriptLine {
    return consentLine(this.#ports.primitives, chain, { time: this.#ports.clock.now(), consent })
  }

  #closingLine(chain: ChainState, closing: Omit<Closing, 'time'>): TranscriptLine {
    const identitySeed = this.#session.identity.seed
    return closingLine(this.#ports.primitives, chain, {
      ...closing,
      time: this.#ports.clock.now(),
      identitySeed,
    })
  }

  #expectChain(): ChainState {
    assert(this.#chain !== null, 'a running rekey has a transcript')
    return this.#chain
  }
}
