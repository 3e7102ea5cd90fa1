import type { PlainWrite } from '../barrier/barrier.ts'
import { assert } from '../base/assert.ts'
import { unixMillis } from '../base/clock.ts'
import { toHex, uuidFrom } from '../base/encoding.ts'
import { CEREMONY_EXPIRY_MS } from '../base/limits.ts'
import type { SecretBytes } from '../base/secret-bytes.ts'
import type { RetiredKeySet } from '../custody/key-set.ts'
import { encodeStatement } from '../custody/statement.ts'
import { type InstallFacts, installWithoutRetiring } from './install.ts'
import type { Ending } from './ledger.ts'
import type { CeremonyPorts } from './ports.ts'
import type { Session } from './session.ts'
import { TranscriptDraft } from './transcripts.ts'

/** Why the retiring set may go: its successor's shares are known to have arrived (custody.md section 4). */
export interface Evidence {
  readonly unsealKey: SecretBytes
  readonly evidence: 'acknowledged' | 'proven'
  /** The rekey whose answer arrived, where one is known. */
  readonly rekeyId: string | null
  /** A running rekey that names the set which goes: it ends in the same commit. */
  readonly superseded: Ending | null
  /** The retired sets, with what became of a pending one of that rekey. */
  readonly retiredSets: readonly RetiredKeySet[]
}

/** Drops the retiring set in one commit, with a transcript of its own that says on what evidence. */
export async function dropRetiring(
  ports: CeremonyPorts,
  session: Session,
  evidence: Evidence,
): Promise<void> {
  const { live, retiring } = session.record
  assert(retiring !== null, 'there is a set to drop')
  await installWithoutRetiring(ports, session, {
    unsealKey: evidence.unsealKey,
    retired: evidence.retiredSets,
    entries: (facts) => {
      const lines = transcript(ports, session, { facts, evidence, retired: retiring.number })
      return [...(evidence.superseded?.writes ?? []), ...lines]
    },
  })
  evidence.superseded?.forget()
  ports.journal.record({ kind: 'rekey', event: 'retired', ceremony: evidence.rekeyId })
  ports.log.info('old key set dropped', {
    evidence: evidence.evidence,
    old: retiring.number,
    live: live.number,
  })
}

function transcript(
  ports: CeremonyPorts,
  session: Session,
  drop: {
    readonly facts: InstallFacts
    readonly evidence: Evidence
    readonly retired: number
  },
): readonly PlainWrite[] {
  const opened = ports.clock.now()
  const ceremonyId = uuidFrom(ports.entropy.bytes(16))
  const { record } = session
  const sets = [record.live, record.retiring].filter((set) => set !== null)
  const expires = unixMillis(opened + CEREMONY_EXPIRY_MS)
  const statement = encodeStatement({
    kind: 'retire',
    ceremonyId,
    storeId: record.storeId,
    keySets: sets,
    opened,
    expires,
    deal: null,
  })
  const previous = drop.evidence.superseded?.head ?? null
  const draft = TranscriptDraft.open(ports, session, { ceremonyId, statement, opened, sets, previous })
  return draft.close(session, 'completed', {
    evidence: drop.evidence.evidence,
    key_set: drop.facts.setNumber,
    next_identity_key: toHex(drop.facts.identity.publicKey),
    rekey: drop.evidence.rekeyId,
    retired: drop.retired,
    serial: drop.facts.serial,
  }).writes
}
