import type { CustodyStatus } from '../../client/answers.ts'
import type { ConclaveClient } from '../../client/conclave-client.ts'
import type { RekeyStatus } from '../../client/rekey-answers.ts'
import type { RekeyClient } from '../../client/rekey-client.ts'
import type { Hashing } from '../../custody/share-card.ts'
import type { CommandCall } from '../command.ts'
import type { ShareFormat } from '../share-output.ts'
import type { Dialog } from './dialog.ts'
import type { ShareSource } from './share-source.ts'

/** What every step of the guided change of shares works with. */
export interface Guided {
  readonly call: CommandCall
  /** Which sets opened the server when this began. */
  readonly custody: CustodyStatus
  readonly client: ConclaveClient
  readonly rekey: RekeyClient
  readonly dialog: Dialog
  readonly source: ShareSource
  readonly hashing: Hashing
  readonly format: ShareFormat
  /** Where a file a holder goes; `null` to show the shares on the screen. */
  readonly folder: string | null
}

/** How far the change came before this call of the command ended. */
export interface Outcome {
  readonly phase: 'collecting' | 'verifying' | 'complete'
  /** As it was last read while the change ran. */
  readonly status: RekeyStatus
  /** Shares that are in, of how many, for the phase that it is in. */
  readonly progress: number
  readonly required: number
  /** The six check words of the statement; empty when there is none. */
  readonly words: string
  readonly handedOut: HandedOut
}

/** Where new shares went. */
export interface HandedOut {
  readonly files: readonly string[]
  /** Base64 of the messages that went nowhere yet: they belong into the answer of this command. */
  readonly messages: readonly string[]
}

export const NOTHING_HANDED_OUT: HandedOut = { files: [], messages: [] }

/** `2 shares`, `1 share`. */
export function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
