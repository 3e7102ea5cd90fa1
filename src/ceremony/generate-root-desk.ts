import type { SecretBytes } from '../base/secret-bytes.ts'
import { type Asked, checkMayCancel, checkMayOpen } from './access.ts'
import { type DeskPlace, judgeShown } from './desk.ts'
import type { GenerationAnswer, GenerationStatus, NewRootToken, TokenHiding } from './generate-root-runner.ts'

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
      await generateRoot.start({ hiding, shown: judgeShown(this.#place, asked) })
      return generateRoot.status()
    })
  }

  /** As `RekeyDesk.cancel`. */
  cancel(asked: Asked): Promise<boolean> {
    return this.#place.run(async () => {
      const { generateRoot } = this.#place.expectOpen()
      const shown = judgeShown(this.#place, asked)
      const opener = generateRoot.status().running?.agreement.opener ?? { by: 'nobody' }
      const way = checkMayCancel(asked, shown, opener)
      if (way === 'object' && shown.by === 'holder') return await generateRoot.object(shown)
      await generateRoot.cancel()
      return true
    })
  }

  /** Takes ownership of the share. Throws as `GenerateRootRunner.submit` and `Judge.judge` do. */
  submit(request: { readonly share: SecretBytes; readonly nonce: string }): Promise<GenerationAnswer> {
    return this.#place.run(async () => {
      using share = request.share
      const { generateRoot } = this.#place.expectOpen()
      await generateRoot.admit(request.nonce)
      const judged = this.#place.judge(share)
      return await generateRoot.submit({ share, judged, nonce: request.nonce }, this.#newRootToken)
    })
  }
}
