import { sameBytes } from '../base/encoding.ts'
import type { KnownChain } from './known-chain.ts'
import type { LineFaults } from './line-faults.ts'
import type { Checking } from './quorum-check.ts'
import { EMPTY_HEAD } from './transcript.ts'
import type { ReadClosing } from './transcript-line.ts'
import type { ReadTranscript } from './transcript-verify.ts'

/**
 * A transcript is the next of its chain. Ceremonies run beside each other, but they are closed one after the
 * other, and each closing line names the one before it: taking out any but the last is found.
 */
export function checkPlace(transcript: ReadTranscript, { faults, chain }: Checking): void {
  if (chain === null) return
  const fault = faultOfOpening(transcript, chain)
  if (fault !== null) faults.add(0, fault)
  if (transcript.closing !== null) checkClosed(transcript, transcript.closing, { faults, chain })
}

/** What the ceremony was opened upon: store, earlier closing line, and the identity key of that time. */
function faultOfOpening({ opening, statement }: ReadTranscript, chain: KnownChain): string | null {
  const isFirst = chain.identityKey === null
  const isInit = statement.kind === 'init'
  if (chain.hasCeremony(statement.ceremonyId)) return 'opens a ceremony that was closed before'
  if (isFirst && !isInit) return 'is not the init with which a chain begins'
  if (!isFirst && isInit) return 'is an init in a store that has one'
  if (isFirst) {
    return sameBytes(opening.previousTranscript, EMPTY_HEAD) ? null : 'follows something before the init'
  }
  const identity = chain.identityAfter(opening.previousTranscript)
  if (identity === null) return 'was opened after a ceremony that is missing or out of place'
  if (!sameBytes(opening.identityKey, identity))
    return 'names an identity key that was not the one of its time'
  // Sealed, the record in the clear says which store it is, and one copy of it may be damaged.
  return statement.kind === 'unseal' || statement.storeId === chain.storeId ? null : 'is of another store'
}

/** The closing line is as it was signed: what does not fit lies before it, or its signer lies. */
function checkClosed(
  { opening, lines }: ReadTranscript,
  closing: ReadClosing,
  { faults, chain }: { readonly faults: LineFaults; readonly chain: KnownChain },
): void {
  const refuse = (fault: string): void => faults.add(lines.length - 1, fault)
  if (!sameBytes(closing.previousTranscript, chain.head.hash)) {
    faults.add(0, 'does not follow: a ceremony that was closed before it is missing or out of place')
  } else if (closing.previousCeremony !== chain.head.ceremonyId) {
    refuse('names another ceremony before it than the one that its hash is of')
  }
  if (!sameBytes(closing.identityKey, chain.identityKey ?? opening.identityKey)) {
    refuse('names an identity key to which nobody handed over')
  }
  const { serial } = closing.facts
  if (serial !== null && serial < chain.serial) {
    refuse(`has serial ${serial}, but serial ${chain.serial} was there before it`)
  }
}
