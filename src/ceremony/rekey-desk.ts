import { BACKUP_PATH } from '../barrier/paths.ts'
import { hasCode, OperatingError } from '../base/errors.ts'
import type { SecretBytes } from '../base/secret-bytes.ts'
import { type Asked, checkMayCancel, checkMayOpen } from './access.ts'
import { type DeskPlace, judgeShown } from './desk.ts'
import { checkParameters } from './parameters.ts'
import { type Backup, parseBackup } from './parcel.ts'
import type { RekeyFace, RekeyTerms } from './rekey.ts'
import type { RekeyAnswer, RekeyStatus, RekeySubmission, VerifyAnswer } from './rekey-runner.ts'
import { nothingToVerify, repeated } from './rekey-texts.ts'

export interface RekeyRequest extends Omit<RekeySubmission, 'judged'> {}

/** A new share that is given back. The desk takes ownership of it. */
export interface VerifyRequest {
  readonly share: SecretBytes
  readonly nonce: string
  readonly face: RekeyFace
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
      await rekey.start({ ...terms, shown: judgeShown(this.#place, asked) })
      return rekey.status()
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
      const opener = rekey.status().running?.agreement.opener ?? { by: 'nobody' }
      const way = checkMayCancel(asked, shown, opener)
      if (way === 'object' && shown.by === 'holder') return await rekey.object(shown)
      await rekey.cancel()
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
      const answer = await rekey.submit({ ...request, judged })
      if (answer.complete) await this.#place.scrub()
      else if (answer.repeated && request.face !== 'original') throw repeated(request.face, 'update')
      return answer
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
      if (answer.repeated) throw repeated(request.face, 'verify')
      if (answer.complete) await this.#place.scrub()
      return answer
    })
  }

  /** New shares that were given back are dropped, the nonce is new, the pending set stays. */
  restartVerification(face: RekeyFace, asked: Asked): Promise<RekeyStatus> {
    return this.#place.run(async () => {
      const { rekey } = this.#place.expectOpen()
      const { agreement } = this.verifyStatus(face).running ?? {}
      const shown = judgeShown(this.#place, asked)
      checkMayCancel(asked, shown, agreement?.opener ?? { by: 'nobody' })
      await rekey.restartVerification()
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
}
