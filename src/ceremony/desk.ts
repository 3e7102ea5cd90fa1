import type { SecretBytes } from '../base/secret-bytes.ts'
import type { Asked } from './access.ts'
import type { GenerateRootRunner } from './generate-root-runner.ts'
import type { JudgedShare } from './judge.ts'
import type { Shown } from './opening.ts'
import type { CeremonyPorts } from './ports.ts'
import type { RekeyRunner } from './rekey-runner.ts'
import type { Session } from './session.ts'

/** What is there while the store is open. */
export interface OpenPhase {
  readonly name: 'open'
  readonly session: Session
  readonly rekey: RekeyRunner
  readonly generateRoot: GenerateRootRunner
}

/** What the desks, where people bring shares, need of the custodian. */
export interface DeskPlace {
  readonly ports: CeremonyPorts
  /** One task at a time: no two ceremonies ever change the keys at once. */
  readonly run: <Result>(task: () => Promise<Result>) => Promise<Result>
  /** Throws `sealed`. */
  readonly expectOpen: () => OpenPhase
  /** Which set that opens a share is of. Throws `share_retired`, `share_unknown`. */
  readonly judge: (share: SecretBytes) => JudgedShare
  /** Old slots leave the free pages of the storage. Never rejects. */
  readonly scrub: () => Promise<void>
}

/** What was shown, judged: a wrong share is refused wherever it is given. */
export function judgeShown({ judge }: DeskPlace, { credential }: Asked): Shown {
  if (credential.by !== 'holder') return { by: credential.by }
  const { share } = credential
  return { by: 'holder', share, judged: judge(share) }
}
