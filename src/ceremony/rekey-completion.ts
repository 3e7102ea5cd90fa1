import type { PlainWrite } from '../barrier/barrier.ts'
import { assert } from '../base/assert.ts'
import { unixMillis } from '../base/clock.ts'
import { toHex, uuidFrom } from '../base/encoding.ts'
import type { SecretBytes } from '../base/secret-bytes.ts'
import type { Consent } from '../custody/consent.ts'
import { withRetired } from '../custody/custody-record.ts'
import { publicKeySetRecord } from '../custody/key-set.ts'
import type { Closing } from '../custody/transcript.ts'
import type { Deal } from './deal.ts'
import { type InstallFacts, installNewSet, installVerified, nextNumber } from './install.ts'
import type { CeremonyLedger, Ending } from './ledger.ts'
import type { CeremonyPorts } from './ports.ts'
import { type CollectingRekey, type DealtRekey, type PendingSet, type RunningRekey, step } from './rekey.ts'
import type { Session } from './session.ts'
import type { TranscriptDraft } from './transcripts.ts'

/** Ceremonies of other kinds, which an install ends when it retires the set that they name. */
export interface OtherCeremonies {
  readonly end: (event: 'superseded') => Ending | null
}

/** Where a rekey is completed. */
export interface CompletionPlace {
  readonly ports: CeremonyPorts
  readonly session: Session
  readonly ledger: CeremonyLedger<RunningRekey>
  readonly others: OtherCeremonies
}

/** What the completion of a rekey has made and not yet stored. */
export interface Made {
  readonly dealt: Deal
  readonly backup: readonly PlainWrite[]
  /** Of the set that agreed, the completing one last. */
  readonly consents: readonly Consent[]
}

/** The direct flow: the new set is live, and the one that agreed stays until there is evidence. */
export async function installDirect(place: CompletionPlace, made: Made): Promise<void> {
  const { ports, session, ledger, others } = place
  const last = lastOf(made.consents)
  const endings: Ending[] = []
  await installNewSet(ports, session, {
    deal: made.dealt,
    agreedBy: last.setId,
    entries: (facts) => {
      const other = others.end('superseded')
      const draft = ledger
        .draft()
        .consent(last)
        .after(other?.head ?? null)
      const own = completed(place, draft, {
        ...factsOf(facts),
        agreed_by: toHex(last.setId),
        dealt: publicKeySetRecord(facts.live),
      })
      endings.push(...present(other), own)
      return [...endings.flatMap((one) => one.writes), ...made.backup]
    },
  })
  for (const ending of endings) ending.forget()
}

/**
 * The verified flow: the new set is on record with its public keys, and opens nothing yet. Resolves to the
 * nonce under which its shares are given back.
 */
export async function storePending(
  place: CompletionPlace,
  running: CollectingRekey,
  made: Made,
): Promise<string> {
  const { ports, session, ledger } = place
  const last = lastOf(made.consents)
  const pending = pendingOf(place, made.dealt)
  const publicKeys = pending.entries.map((entry) => entry.publicKey)
  const draft = ledger
    .draft()
    .consent(last)
    .dealt({ agreedBy: last.setId, dealt: { ...pending, shares: pending.entries } })
  const expires = unixMillis(running.agreement.expires + ports.settings.dealtExpiryMs)
  // Those of the other set too: who has joined does not depend on which set was enough.
  const consents = [...running.agreement.consents, last]
  const agreement = { ...running.agreement, expires, consents }
  const nonce = uuidFrom(ports.entropy.bytes(16))
  const { state } = step(running, { type: 'dealt', agreement, pending, nonce })
  assert(state.phase === 'dealt', 'a rekey that collects can deal')
  const { id, number, dealtAt: endedAt } = pending
  const set = { id, number, publicKeys, end: 'pending' as const, endedAt }
  await session.change({
    record: { retired: withRetired(session.record.retired, [set]) },
    term: 'same',
    entries: [...ledger.writesOf(state, draft), ...made.backup],
  })
  ledger.adopt(state, draft)
  ports.log.info('rekey dealt', { ceremony: agreement.ceremonyId, set: number })
  return nonce
}

/** The new shares were given back: their set is live, and every older one is dead in the same commit. */
export async function installReturned(
  place: CompletionPlace,
  running: DealtRekey,
  proof: { readonly unsealKey: SecretBytes; readonly proofs: readonly Consent[] },
): Promise<void> {
  const { ports, session, ledger, others } = place
  const endings: Ending[] = []
  await installVerified(ports, session, {
    pending: running.pending,
    unsealKey: proof.unsealKey,
    entries: (facts) => {
      const other = others.end('superseded')
      const draft = ledger.draft().after(other?.head ?? null)
      for (const consent of proof.proofs) draft.consent(consent)
      const own = completed(place, draft, { ...factsOf(facts), proven: proof.proofs.length })
      endings.push(...present(other), own)
      return endings.flatMap((one) => one.writes)
    },
  })
  for (const ending of endings) ending.forget()
}

function completed(
  { session, ledger }: CompletionPlace,
  draft: TranscriptDraft,
  facts: Closing['facts'],
): Ending {
  return ledger.endWith(draft.close(session, 'completed', facts))
}

function factsOf(facts: InstallFacts): Closing['facts'] {
  return {
    key_set: facts.setNumber,
    next_identity_key: toHex(facts.identity.publicKey),
    serial: facts.serial,
  }
}

function pendingOf({ ports, session }: CompletionPlace, dealt: Deal): PendingSet {
  return {
    id: dealt.setId,
    number: nextNumber(session.record),
    threshold: dealt.threshold,
    entries: dealt.entries,
    dealtAt: ports.clock.now(),
  }
}

function lastOf(consents: readonly Consent[]): Consent {
  const last = consents.at(-1)
  assert(last !== undefined, 'a quorum has consents')
  return last
}

function present(ending: Ending | null): readonly Ending[] {
  return ending === null ? [] : [ending]
}
