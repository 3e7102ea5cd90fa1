import type { SecretBytes } from '../base/secret-bytes.ts'
import { type Asked, checkMayCancel, checkMayOpen } from './access.ts'
import { type DeskPlace, judgeShown } from './desk.ts'
import type { GenerationAnswer, GenerationStatus, NewRootToken, TokenHiding } from './generate-root-runner.ts'
import type { JournalEvent } from './journal/journal.ts'
import type { Shown } from './opening.ts'
import { objectionOf, recogniseIn, recordAsked, recordShare, withRecognised } from './recorded.ts'

/** Where a root token is made. */
export class GenerateRootDesk {
  readonly #place: DeskPlace
  readonly #newRootToken: () => NewRootToken

  /** `newRootToken` is the token room's. */
  constructor(place: DeskPlace, newRootToken: () => NewRootToken) {
    this.#place = place
    this.#newRootToken = newRootToken
  }

  /** Throws `sealed`. */
  status(): GenerationStatus {
    return this.#place.expectOpen().generateRoot.status()
  }

  /** Throws `permission_denied`, `sealed`, `ceremony_running`, `ceremony_limit`. */
  start(hiding: TokenHiding, asked: Asked): Promise<GenerationStatus> {
    return this.#place.run(async () => {
      const { generateRoot } = this.#place.expectOpen()
      checkMayOpen(asked)
      const shown = judgeShown(this.#place, asked)
      await generateRoot.start({ hiding, shown })
      const status = generateRoot.status()
      this.#record('opened', { running: status.running, asked, shown })
      return status
    })
  }

  /** As `RekeyDesk.cancel`. */
  cancel(asked: Asked): Promise<boolean> {
    return this.#place.run(async () => {
      const { generateRoot } = this.#place.expectOpen()
      const shown = judgeShown(this.#place, asked)
      const { running } = generateRoot.status()
      const way = checkMayCancel(asked, shown, running?.agreement.opener ?? { by: 'nobody' })
      if (way === 'object' && shown.by === 'holder') {
        const isEnded = await generateRoot.object(shown)
        this.#record(objectionOf(isEnded, running, generateRoot.status().running), { running, asked, shown })
        return isEnded
      }
      await generateRoot.cancel()
      this.#record('cancelled', { running, asked, shown })
      return true
    })
  }

  /** Takes ownership of the share. Throws as `GenerateRootRunner.submit` and `Judge.judge` do. */
  submit(request: {
    readonly share: SecretBytes
    readonly nonce: string
    readonly source: string
  }): Promise<GenerationAnswer> {
    return this.#place.run(async () => {
      using share = request.share
      const { generateRoot } = this.#place.expectOpen()
      const { nonce, source } = request
      const running = await generateRoot.admit(nonce)
      const judged = this.#place.judge(share)
      const given = recogniseIn(running, { kind: 'generate_root', judged, source })
      try {
        const answer = await generateRoot.submit({ share, judged, nonce }, this.#newRootToken)
        recordShare(this.#place.ports.journal, given, answer.complete)
        return answer
      } catch (error) {
        throw withRecognised(error, given)
      }
    })
  }

  #record(
    event: JournalEvent,
    by: Pick<GenerationStatus, 'running'> & { readonly asked: Asked; readonly shown: Shown },
  ): void {
    const { running, asked, shown } = by
    const agreement = running?.agreement ?? null
    recordAsked(this.#place.ports.journal, event, { kind: 'generate_root', agreement, asked, shown })
  }
}
