import { assert } from '../base/assert.ts'
import { sameBytes, uuidFrom } from '../base/encoding.ts'
import { OperatingError } from '../base/errors.ts'
import { ANSWER_KEPT_MS } from '../base/limits.ts'
import { type SecretBytes, wipeAll } from '../base/secret-bytes.ts'
import type { Consent } from '../custody/consent.ts'
import { type CustodyRecord, withoutSet, withRetired } from '../custody/custody-record.ts'
import type { Closing } from '../custody/transcript.ts'
import { cancelProgressOf, progressOf } from './agreement.ts'
import { deal } from './deal.ts'
import type { JudgedShare } from './judge.ts'
import { type Completer, KeptAnswer } from './kept-answer.ts'
import { CeremonyLedger, type Ending } from './ledger.ts'
import { openCeremony, type Shown, type ShownShare, sign } from './opening.ts'
import { backupWrites, copyParcel, type Parcel, pack } from './parcel.ts'
import type { CeremonyPorts } from './ports.ts'
import {
  type CollectingRekey,
  type DealtRekey,
  NO_REKEY,
  type RekeyFace,
  type RekeyTerms,
  type RunningRekey,
  step,
} from './rekey.ts'
import {
  type CompletionPlace,
  installDirect,
  installReturned,
  type Made,
  type OtherCeremonies,
  storePending,
} from './rekey-completion.ts'
import { dealTermsOf } from './rekey-statement.ts'
import { REKEY_FORMAT, REKEY_LEDGER } from './rekey-store.ts'
import * as refuse from './rekey-texts.ts'
import { RekeyVerifier, requiredOf } from './rekey-verifier.ts'
import { dropRetiring, type Evidence } from './retire.ts'
import type { Session } from './session.ts'
import { readCeremony } from './stored-ceremony.ts'
import type { TranscriptDraft } from './transcripts.ts'

/** What a face asks for when it opens a rekey. Parameters were checked before. */
export interface RekeyProposal extends RekeyTerms {
  readonly shown: Shown
}

/** A share for the running rekey. */
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
  /** New shares that were given back, of how many. */
  readonly verification: { readonly progress: number; readonly required: number }
  readonly cancels: { readonly progress: number; readonly required: number }
}

export type RekeyAnswer =
  | { readonly complete: false; readonly repeated: boolean }
  /** The caller wipes the parcel once it is out. */
  | {
      readonly complete: true
      readonly ceremonyId: string
      readonly parcel: Parcel
      readonly backup: boolean
      /** What the new shares are given back under; `null` when they are live. */
      readonly verificationNonce: string | null
    }

export interface VerifyAnswer {
  readonly complete: boolean
  /** Nothing has changed: the share was in already, or, when complete, its end is told again. */
  readonly repeated: boolean
  readonly ceremonyId: string
  readonly nonce: string
  readonly shareNumber: number
}

interface Verified extends Pick<VerifyAnswer, 'ceremonyId' | 'nonce'> {
  readonly setId: Uint8Array
  readonly until: number
}

/**
 * Does what the rekey machine decides, on one open store. Every method runs in the ceremony queue, one at a
 * time; a method that throws has changed nothing.
 */
export class RekeyRunner implements Disposable {
  readonly #ports: CeremonyPorts
  readonly #session: Session
  readonly #ledger: CeremonyLedger<RunningRekey>
  readonly #place: CompletionPlace
  readonly #verifier: RekeyVerifier
  #kept: KeptAnswer | null = null
  /** The newest verification that ended, while somebody may still ask. No secret in it. */
  #verified: Verified | null = null

  private constructor(place: CompletionPlace) {
    this.#ports = place.ports
    this.#session = place.session
    this.#ledger = place.ledger
    this.#place = place
    this.#verifier = new RekeyVerifier(place.ports)
  }

  /** Goes on with the rekey that was running when the store was last open. */
  static async resume(ports: CeremonyPorts, session: Session, others: OtherCeremonies): Promise<RekeyRunner> {
    const onDamaged = (): void => ports.log.warn('the stored rekey cannot be read and is dropped')
    const resumed = await readCeremony(ports.primitives, session.barrier, {
      format: REKEY_FORMAT,
      record: session.record,
      onDamaged,
    })
    const ledger = new CeremonyLedger(ports, session, { kind: REKEY_LEDGER, resumed })
    return new RekeyRunner({ ports, session, ledger, others })
  }

  status(): RekeyStatus {
    const { running } = this.#ledger
    const none = { progress: 0, required: 0 }
    const live = { progress: 0, required: this.#session.record.live.threshold }
    if (running === null) return { running, ...live, verification: none, cancels: none }
    const cancels = cancelProgressOf(running.agreement)
    if (running.phase === 'collecting') {
      return { running, ...progressOf(running.agreement), verification: none, cancels }
    }
    const verification = { progress: this.#verifier.progress, required: requiredOf(running) }
    return { running, ...live, verification, cancels }
  }

  /** Throws `ceremony_running`, `ceremony_limit`. */
  async start({ shown, ...terms }: RekeyProposal): Promise<void> {
    await this.#closeExpired()
    if (this.#ledger.running !== null) throw refuse.alreadyRunning(terms.face)
    const { record } = this.#session
    const { agreement, draft, besides } = await openCeremony(this.#ports, this.#session, {
      kind: 'rekey',
      sets: [record.live, record.retiring].filter((set) => set !== null),
      deal: dealTermsOf(this.#ports.primitives, terms),
      shown,
    })
    const { state } = step(NO_REKEY, { type: 'opened', terms, agreement })
    assert(state.phase === 'collecting', 'an idle machine opens')
    await this.#ledger.open(state, draft, besides)
  }

  /** Ends what is running; nothing running is fine. Whether the caller may was asked before. */
  async cancel(): Promise<void> {
    await this.#close('cancelled')
  }

  /**
   * A holder wants it to end. Resolves to whether it has: it takes the opener alone while nobody else has
   * joined, or n - t + 1 holders. Throws `share_unknown` for a set that it does not name.
   */
  async object(holder: ShownShare): Promise<boolean> {
    await this.#closeExpired()
    const { running } = this.#ledger
    if (running === null) return true
    const consent = sign(this.#ports, running.agreement, { ...holder, verb: 'cancel' })
    const { state, outcome } = step(running, { type: 'objected', consent })
    if (outcome.type === 'repeated') return false
    if (outcome.type === 'counted') {
      await this.#storeRunning(state, this.#ledger.draft().consent(consent))
      return false
    }
    if (outcome.type !== 'enough') throw foreignSet()
    await this.#close('cancelled', this.#ledger.draft().consent(consent))
    return true
  }

  /** What an explicit seal commits to end the rekey; the second part changes the custody record. */
  closing(): { readonly ending: Ending | null; readonly record: Partial<CustodyRecord> } {
    return { ending: this.#ledger.end('cancelled'), record: this.#recordWithoutPending() }
  }

  /**
   * Refuses what no share could move, before anybody judges one. An answer that is still kept may be asked
   * for again. Throws `ceremony_not_running`, `ceremony_other_face`, `nonce_mismatch`.
   */
  async admit(request: Pick<RekeySubmission, 'face' | 'nonce'>): Promise<void> {
    await this.#closeExpired()
    if (this.#mayAnswerAgain(request)) return
    this.#expectCollecting(request)
  }

  /**
   * Counts a recognised share, and completes with the one that makes the quorum.
   *
   * Throws `ceremony_not_running`, `ceremony_other_face`, `nonce_mismatch`, `share_unknown`; and what storage
   * or delivery throws, after which the holder gives the same share again.
   */
  async submit(submission: RekeySubmission): Promise<RekeyAnswer> {
    const again = this.#answerAgain(submission)
    if (again !== null) return again
    const running = this.#expectCollecting(submission)
    const consent = sign(this.#ports, running.agreement, { ...submission, verb: 'agree' })
    const { state, outcome } = step(running, { type: 'agreed', consent })
    switch (outcome.type) {
      case 'repeated':
        return { complete: false, repeated: true }
      case 'counted':
        await this.#storeRunning(state, this.#ledger.draft().consent(consent))
        this.#ports.log.info('rekey share counted', { share: consent.shareNumber })
        return { complete: false, repeated: false }
      case 'enough':
        return await this.#complete(running, { submission, consents: outcome.consents })
      default:
        throw foreignSet()
    }
  }

  /**
   * A new share is given back. `share` stays with the caller; `judge` says what it is when it is no new one.
   *
   * Throws `ceremony_not_running`, `nonce_mismatch`, `share_other_set`, and as `judge` does.
   */
  async verify(
    returned: { readonly share: SecretBytes; readonly nonce: string; readonly face: RekeyFace },
    judge: (share: SecretBytes) => JudgedShare,
  ): Promise<VerifyAnswer> {
    const verified = this.#verifiedAgain(returned, judge)
    if (verified !== null) return verified
    const running = await this.admitVerification(returned)
    const { verificationNonce: nonce, agreement, pending } = running
    const { ceremonyId } = agreement
    const outcome = this.#verifier.give(running, returned.share, judge)
    const { number: shareNumber } = outcome
    const repeated = outcome.type === 'repeated'
    if (outcome.type !== 'enough') return { complete: false, repeated, ceremonyId, nonce, shareNumber }
    using unsealKey = outcome.unsealKey
    await installReturned(this.#place, running, { unsealKey, proofs: outcome.proofs })
    this.#verifier.reset()
    this.#forgetAnswer()
    this.#logInstalled(running)
    const until = this.#ports.clock.monotonic() + ANSWER_KEPT_MS
    this.#verified = { ceremonyId, nonce, setId: pending.id, until }
    return { complete: true, repeated, ceremonyId, nonce, shareNumber }
  }

  /** The end of a verification, for who lost that answer: a share of the set that it made live. */
  #verifiedAgain(
    returned: { readonly share: SecretBytes; readonly nonce: string },
    judge: (share: SecretBytes) => JudgedShare,
  ): VerifyAnswer | null {
    const verified = this.#verified
    if (verified === null || returned.nonce !== verified.nonce) return null
    if (this.#ports.clock.monotonic() > verified.until) return null
    const { set, role, number: shareNumber } = judge(returned.share)
    if (role !== 'live' || !sameBytes(set.id, verified.setId)) return null
    const { ceremonyId, nonce } = verified
    return { complete: true, repeated: true, ceremonyId, nonce, shareNumber }
  }

  /** Throws `ceremony_not_running` or `nonce_mismatch` where no new share can be taken. */
  async admitVerification(asked: { readonly nonce: string; readonly face: RekeyFace }): Promise<DealtRekey> {
    await this.#closeExpired()
    const { running } = this.#ledger
    if (running?.phase !== 'dealt') throw refuse.verificationIdle(asked.face, running !== null)
    if (asked.nonce === running.verificationNonce) return running
    throw refuse.wrongVerificationNonce(running.verificationNonce)
  }

  /** Drops the new shares that were given back and makes a new nonce; the pending set stays as it is. */
  async restartVerification(): Promise<void> {
    await this.#closeExpired()
    const { running } = this.#ledger
    if (running?.phase !== 'dealt') return
    const nonce = uuidFrom(this.#ports.entropy.bytes(16))
    const { state } = step(running, { type: 'verification_restarted', nonce })
    await this.#storeRunning(state, this.#ledger.draft())
    this.#verifier.reset()
  }

  /**
   * Takes the evidence that the answer of `ceremonyId` has arrived, and drops the retiring set. A failure
   * leaves both sets; the next evidence tries again.
   */
  async acknowledge(ceremonyId: string): Promise<void> {
    const kept = this.#kept
    if (kept === null || kept.isOver || kept.completer.ceremonyId !== ceremonyId) return
    if (kept.unsealKey === null) return
    // Of our own: the five minutes may end, or a seal may come, while the store is read.
    using unsealKey = kept.unsealKey.clone()
    await this.#drop({ unsealKey, evidence: 'acknowledged', rekeyId: ceremonyId })
  }

  /** The live set has proven itself by an unseal: drops the retiring one. */
  async proven(unsealKey: SecretBytes): Promise<void> {
    await this.#drop({ unsealKey, evidence: 'proven', rekeyId: null })
  }

  /** Wipes the kept answer and what was given back. */
  [Symbol.dispose](): void {
    this.#forgetAnswer()
    this.#verifier[Symbol.dispose]()
  }

  async #storeRunning(state: ReturnType<typeof step>['state'], draft: TranscriptDraft): Promise<void> {
    assert(state.phase !== 'idle', 'a step of a running rekey keeps it running')
    await this.#ledger.store(state, draft)
  }

  async #drop(evidence: Omit<Evidence, 'superseded' | 'retiredSets'>): Promise<void> {
    const { retiring } = this.#session.record
    if (retiring === null) return
    // A rekey that names the retiring set ends in the commit that retires it, also one that is overdue: no
    // later process could close it, since its holders are gone.
    const named = this.#ledger.held?.agreement.quorums.some(({ setId }) => sameBytes(setId, retiring.id))
    const superseded = named === true ? this.#ledger.end('superseded') : null
    const { retired } = this.#session.record
    const retiredSets = superseded === null ? retired : (this.#recordWithoutPending().retired ?? retired)
    await dropRetiring(this.#ports, this.#session, { ...evidence, superseded, retiredSets })
    this.#forgetAnswer()
    if (superseded !== null) this.#verifier.reset()
  }

  async #closeExpired(): Promise<void> {
    if (this.#ledger.hasExpired) await this.#close('expired')
  }

  /** Ends what is kept. A pending set becomes a cancelled one, in the same commit. */
  async #close(event: Exclude<Closing['event'], 'completed'>, draft?: TranscriptDraft): Promise<void> {
    const ending =
      draft === undefined
        ? this.#ledger.end(event)
        : this.#ledger.endWith(draft.close(this.#session, event, {}))
    if (ending === null) return
    const record = this.#recordWithoutPending()
    if (record.retired === undefined) await this.#session.commitEntries(ending.writes)
    else await this.#session.change({ record, term: 'same', entries: ending.writes })
    ending.forget()
    this.#verifier.reset()
    if (record.retired !== undefined) this.#forgetAnswer()
  }

  /** The change of the custody record by which a pending set ends; none where there is none. */
  #recordWithoutPending(): { readonly retired?: CustodyRecord['retired'] } {
    const { held } = this.#ledger
    if (held?.phase !== 'dealt') return {}
    const { id, number, entries } = held.pending
    const { retired } = this.#session.record
    const publicKeys = entries.map((entry) => entry.publicKey)
    const ended = { id, number, publicKeys, end: 'cancelled' as const, endedAt: this.#ports.clock.now() }
    return { retired: withRetired(withoutSet(retired, id), [ended]) }
  }

  /**
   * With the nonce of its own rekey, also while the next one runs. Without one it could be the running one
   * that is meant.
   */
  #mayAnswerAgain(request: Pick<RekeySubmission, 'face' | 'nonce'>): boolean {
    if (this.#kept?.answers(request) !== true) return false
    return request.nonce !== null || this.#ledger.running === null
  }

  #answerAgain(submission: RekeySubmission): RekeyAnswer | null {
    const kept = this.#kept
    const { running } = this.#ledger
    if (!this.#mayAnswerAgain(submission) || kept?.belongsTo(submission.judged, submission) !== true)
      return null
    const { ceremonyId } = kept.completer
    const isPending = running?.phase === 'dealt' && running.agreement.ceremonyId === ceremonyId
    const verificationNonce = isPending ? running.verificationNonce : null
    return { complete: true, ceremonyId, parcel: kept.copy(), backup: kept.backup, verificationNonce }
  }

  #expectCollecting(submission: Pick<RekeySubmission, 'face' | 'nonce'>): CollectingRekey {
    const { running } = this.#ledger
    if (running === null) throw refuse.notRunning(submission.face)
    refuse.checkFace(submission.face, running)
    if (running.phase === 'dealt') throw refuse.alreadyDealt(submission.face, running.verificationNonce)
    const { ceremonyId } = running.agreement
    if (submission.nonce === null || submission.nonce === ceremonyId) return running
    throw refuse.wrongNonce(submission.face, ceremonyId)
  }

  /**
   * Deals, proves, wraps, commits, and only then answers. Fails as a whole: then the last consent was not
   * given.
   */
  async #complete(
    running: CollectingRekey,
    quorum: { readonly submission: RekeySubmission; readonly consents: readonly Consent[] },
  ): Promise<RekeyAnswer> {
    const { terms } = running
    const { ceremonyId } = running.agreement
    const dealt = deal(this.#ports, terms)
    let parcel: Parcel | null = null
    try {
      parcel = await pack(this.#ports.delivery, dealt, terms.recipients)
      const backup = terms.backup ? backupWrites(ceremonyId, parcel) : []
      this.#session.expectOpen()
      const made = { dealt, backup, consents: quorum.consents }
      const verificationNonce = await this.#store(running, made)
      const isLive = verificationNonce === null
      if (!isLive) dealt.unsealKey[Symbol.dispose]()
      wipeAll(dealt.shares)
      const completer = completerOf(ceremonyId, quorum)
      const kept = { parcel, unsealKey: isLive ? dealt.unsealKey : null, backup: terms.backup }
      this.#forgetAnswer()
      this.#kept = new KeptAnswer(this.#ports, kept, completer)
      return {
        complete: true,
        ceremonyId,
        parcel: copyParcel(parcel),
        backup: terms.backup,
        verificationNonce,
      }
    } catch (error) {
      dealt[Symbol.dispose]()
      parcel?.[Symbol.dispose]()
      throw error
    }
  }

  /** One commit; `null` when the new set is live by it. */
  async #store(running: CollectingRekey, made: Made): Promise<string | null> {
    if (running.terms.verify !== 'none') return await storePending(this.#place, running, made)
    await installDirect(this.#place, made)
    this.#logInstalled(running)
    return null
  }

  #forgetAnswer(): void {
    this.#kept?.[Symbol.dispose]()
    this.#kept = null
  }

  #logInstalled({ agreement }: RunningRekey): void {
    const { number: set } = this.#session.record.live
    this.#ports.log.info('rekey installed', { ceremony: agreement.ceremonyId, set })
  }
}

function completerOf(
  ceremonyId: string,
  { submission }: { readonly submission: RekeySubmission },
): Completer {
  const { judged, face, source } = submission
  return { ceremonyId, face, setId: judged.set.id, shareNumber: judged.number, source }
}

function foreignSet(): OperatingError {
  return new OperatingError('share_unknown', 'this share is of a set that this rekey does not name')
}
