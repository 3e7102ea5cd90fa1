import { BACKUP_PATH } from '../barrier/paths.ts'
import { hasCode, OperatingError } from '../base/errors.ts'
import type { SecretBytes } from '../base/secret-bytes.ts'
import { type Asked, checkMayCancel, checkMayOpen, checkMayRestart } from './access.ts'
import { type DeskPlace, judgeShown } from './desk.ts'
import type { JournalEvent } from './journal/journal.ts'
import type { Shown } from './opening.ts'
import { checkParameters } from './parameters.ts'
import { type Backup, parseBackup } from './parcel.ts'
import { objectionOf, recogniseIn, recordAsked, recordRekeyShare, withRecognised } from './recorded.ts'
import type { RekeyFace, RekeyTerms } from './rekey.ts'
import type { RekeyAnswer, RekeyStatus, RekeySubmission, VerifyAnswer } from './rekey-runner.ts'
import { nothingToVerify, repeated } from './rekey-texts.ts'

export interface RekeyRequest extends Omit<RekeySubmission, 'judged'> {}

/** A new share that is given back. The desk takes ownership of it. */
export interface VerifyRequest {
  readonly share: SecretBytes
  readonly nonce: string
  readonly face: RekeyFace
  readonly source: string
}

/** Where the rekey is worked on: the one machine behind all faces. */
export class RekeyDesk {
  readonly #place: DeskPlace

  constructor(place: DeskPlace) {
    this.#place = place
  }

  /** Throws `sealed`. */
  status(): RekeyStatus {
    return this.#place.expectOpen().rekey.status()
  }

  /** Throws `parameters_invalid`, `permission_denied`, `sealed`, `ceremony_running`, `ceremony_limit`. */
  start(terms: RekeyTerms, asked: Asked): Promise<RekeyStatus> {
    return this.#place.run(async () => {
      const { rekey } = this.#place.expectOpen()
      const face = terms.face === 'rotate' ? 'rotate' : 'rekey'
      checkParameters(terms, `invalid ${face} seal configuration: `)
      checkMayOpen(asked)
      const shown = judgeShown(this.#place, asked)
      await rekey.start({ ...terms, shown })
      const status = rekey.status()
      this.#record('opened', { running: status.running, asked, shown })
      return status
    })
  }

  /**
   * Whether it has ended: a holder who is not enough is counted, and the next one may be. Who may is judged
   * against the rekey that runs then. Throws `permission_denied`, `sealed`.
   */
  cancel(asked: Asked): Promise<boolean> {
    return this.#place.run(async () => {
      const { rekey } = this.#place.expectOpen()
      const shown = judgeShown(this.#place, asked)
      const { running } = rekey.status()
      const way = checkMayCancel(asked, shown, running?.agreement.opener ?? { by: 'nobody' })
      if (way === 'object' && shown.by === 'holder') {
        const isEnded = await rekey.object(shown)
        this.#record(objectionOf(isEnded, running, rekey.status().running), { running, asked, shown })
        return isEnded
      }
      await rekey.cancel()
      this.#record('cancelled', { running, asked, shown })
      return true
    })
  }

  /** Takes ownership of the share. Throws as `RekeyRunner.submit` and `Judge.judge` do. */
  submit(request: RekeyRequest): Promise<RekeyAnswer> {
    return this.#place.run(async () => {
      using share = request.share
      const { rekey } = this.#place.expectOpen()
      await rekey.admit(request)
      const judged = this.#place.judge(share)
      const { running } = rekey.status()
      const collecting = running?.phase === 'collecting' ? running : null
      const given = recogniseIn(collecting, { kind: 'rekey', judged, source: request.source })
      try {
        const answer = await rekey.submit({ ...request, judged })
        const isMistake = !answer.complete && answer.repeated && request.face !== 'original'
        if (isMistake) throw repeated(request.face, 'update')
        recordRekeyShare(this.#place.ports.journal, given, answer)
        if (answer.complete) await this.#place.scrub()
        return answer
      } catch (error) {
        throw withRecognised(error, given)
      }
    })
  }

  /** Throws `ceremony_not_running` where there is nothing that could ever be verified. */
  verifyStatus(face: RekeyFace): RekeyStatus {
    const status = this.status()
    if (status.running === null) throw nothingToVerify(face)
    return status
  }

  /** Throws as `RekeyRunner.verify` does, and `share_duplicate`. */
  verify(request: VerifyRequest): Promise<VerifyAnswer> {
    return this.#place.run(async () => {
      using share = request.share
      const { rekey } = this.#place.expectOpen()
      const answer = await rekey.verify({ ...request, share }, this.#place.judge)
      const { ceremonyId: ceremony, shareNumber } = answer
      const given = { kind: 'rekey', ceremony, share: shareNumber, source: request.source } as const
      const { journal } = this.#place.ports
      if (answer.repeated && !answer.complete) throw withRecognised(repeated(request.face, 'verify'), given)
      if (answer.repeated) {
        // Who lost the answer to the last share hears it again, and nothing happens.
        journal.record({ ...given, event: 'answered_again' })
        return answer
      }
      journal.record({ ...given, event: 'share_returned' })
      if (answer.complete) journal.record({ ...given, share: null, event: 'completed' })
      if (answer.complete) await this.#place.scrub()
      return answer
    })
  }

  /** New shares that were given back are dropped, the nonce is new, the pending set stays. */
  restartVerification(face: RekeyFace, asked: Asked): Promise<RekeyStatus> {
    return this.#place.run(async () => {
      const { rekey } = this.#place.expectOpen()
      const { running } = this.verifyStatus(face)
      const shown = judgeShown(this.#place, asked)
      checkMayRestart(asked, shown, running?.agreement ?? null)
      await rekey.restartVerification()
      if (running?.phase === 'dealt') this.#record('reset', { running, asked, shown })
      return rekey.status()
    })
  }

  /** The wrapped shares of the newest rekey that kept them; `null` where there are none. */
  async backup(): Promise<Backup | null> {
    const stored = await this.#place.expectOpen().session.barrier.get(BACKUP_PATH)
    return stored === null ? null : parseBackup(stored)
  }

  async deleteBackup(): Promise<void> {
    const { barrier } = this.#place.expectOpen().session
    await barrier.commit([{ op: 'delete', key: BACKUP_PATH }])
  }

  /** Evidence that the answer of a direct rekey arrived. Queued before whatever the peer asks next. */
  acknowledge(ceremonyId: string): void {
    const drop = this.#place.run(async () => {
      await this.#place.expectOpen().rekey.acknowledge(ceremonyId)
      await this.#place.scrub()
    })
    // Both sets stay; the next evidence tries again (custody.md section 4). Sealed, it says nothing any more.
    drop.catch((error: unknown) => {
      if (hasCode(error, 'sealed')) return
      const code = error instanceof OperatingError ? error.code : 'unknown'
      this.#place.ports.log.warn('old key set not dropped', { code })
    })
  }

  #record(
    event: JournalEvent,
    by: Pick<RekeyStatus, 'running'> & { readonly asked: Asked; readonly shown: Shown },
  ): void {
    const { running, asked, shown } = by
    const agreement = running?.agreement ?? null
    recordAsked(this.#place.ports.journal, event, { kind: 'rekey', agreement, asked, shown })
  }
}
