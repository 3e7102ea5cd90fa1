import { sameBytes } from '../base/encoding.ts'
import type { KnownChain } from './known-chain.ts'
import type { LineFaults } from './line-faults.ts'
import type { Checking } from './quorum-check.ts'
import { EMPTY_HEAD } from './transcript.ts'
import type { ReadTranscript } from './transcript-verify.ts'

/**
 * A transcript is the next of its chain. Ceremonies run beside each other, but they are closed one after the
 * other, and each closing line names the one before it: taking out any but the last is found.
 */
export function checkPlace(transcript: ReadTranscript, { faults, chain }: Checking): void {
  if (chain === null) return
  const { statement, closing, lines } = transcript
  const end = lines.length - 1
  checkBeginning(transcript, chain, faults)
  if (chain.hasCeremony(statement.ceremonyId)) faults.add(0, 'opens a ceremony that was closed before')
  if (!transcript.isSigned) return
  if (!sameBytes(closing.previousTranscript, chain.head.hash)) {
    // This line is as it was signed: it is one before it that is not there.
    faults.add(0, 'does not follow: a ceremony that was closed before it is missing or out of place')
  } else if (closing.previousCeremony !== chain.head.ceremonyId) {
    faults.add(end, 'names another ceremony before it than the one that its hash is of')
  }
  if (chain.identityKey !== null && !sameBytes(closing.identityKey, chain.identityKey)) {
    faults.add(end, 'names an identity key to which the one before did not hand over')
  }
  const { serial } = closing.facts
  if (serial !== null && serial < chain.serial) {
    faults.add(end, `has serial ${serial}, but serial ${chain.serial} was there before it`)
  }
}

/** What the ceremony was opened upon: store, earlier closing line, and the identity key of that time. */
function checkBeginning(
  { opening, statement, closing, lines }: ReadTranscript,
  chain: KnownChain,
  faults: LineFaults,
): void {
  const end = lines.length - 1
  const isFirst = chain.identityKey === null
  if (isFirst !== (statement.kind === 'init')) {
    faults.add(
      0,
      isFirst ? 'is not the init with which a chain begins' : 'is an init in a store that has one',
    )
    return
  }
  if (isFirst) {
    if (!sameBytes(opening.previousTranscript, EMPTY_HEAD)) faults.add(0, 'follows something before the init')
    if (!sameBytes(opening.identityKey, closing.identityKey)) {
      faults.add(end, 'names another identity key than its opening')
    }
    return
  }
  const identity = chain.identityAfter(opening.previousTranscript)
  if (identity === null) {
    faults.add(0, 'was opened after a ceremony that is missing or out of place')
  } else if (!sameBytes(opening.identityKey, identity)) {
    faults.add(0, 'names an identity key that was not the one of its time')
  }
  if (statement.kind !== 'unseal' && statement.storeId !== chain.storeId) faults.add(0, 'is of another store')
}
