import type { PlainWrite } from '../barrier/barrier.ts'
import { type UnixMillis, unixMillis } from '../base/clock.ts'
import { fromHex, toHex, uuidFrom } from '../base/encoding.ts'
import { CEREMONY_EXPIRY_MS } from '../base/limits.ts'
import { type SecretBytes, wipeAll } from '../base/secret-bytes.ts'
import { consentWithShare } from '../custody/consent.ts'
import { encodeStatement, statementDigest } from '../custody/statement.ts'
import { rebuildUnsealKey } from './deal.ts'
import type { JudgedShare } from './judge.ts'
import { openStore } from './open-store.ts'
import type { CeremonyPorts } from './ports.ts'
import type { Session, SessionParts } from './session.ts'
import { type CustodyCandidate, custodyCandidates, readStoredRecords } from './stored-records.ts'
import { TranscriptDraft } from './transcripts.ts'
import { type GivenShare, NOTHING_GIVEN, progressOf, step, type UnsealState } from './unseal.ts'

/**
 * What a finished unseal leaves behind: the opened parts, who took part, and the unseal key for its last use.
 */
export interface OpenedByShares extends Disposable {
  readonly parts: SessionParts
  /** Of the set that opened: rebuilt from threshold distinct shares, it is proof that they arrived. */
  readonly unsealKey: SecretBytes
  readonly setId: Uint8Array
  readonly proceedings: UnsealProceedings
}

/** What the transcript of an unseal says. It can be stored only once the store is open. */
export interface UnsealProceedings {
  readonly ceremonyId: string
  readonly statement: Uint8Array
  readonly digest: Uint8Array
  readonly opened: UnixMillis
  readonly consents: readonly GivenShare['consent'][]
}

/** What became of a share that was given. */
export interface UnsealShare {
  /** Its holder gave it before: it counts once. */
  readonly repeated: boolean
}

/** An unseal under way on a sealed store: it holds shares, so it lives in the memory of one node. */
export class UnsealRunner implements Disposable {
  readonly #ports: CeremonyPorts
  readonly #candidates: readonly CustodyCandidate[]
  #state: UnsealState = NOTHING_GIVEN
  #ceremony: Omit<UnsealProceedings, 'consents'> | null = null

  constructor(ports: CeremonyPorts, candidates: readonly CustodyCandidate[]) {
    this.#ports = ports
    this.#candidates = candidates
  }

  get progress(): number {
    return progressOf(this.#state)
  }

  /** The API's nonce: empty while nobody has given a share. */
  get nonce(): string {
    return this.#ceremony?.ceremonyId ?? ''
  }

  /** Whether this holder's share is in already. */
  holds(judged: JudgedShare): boolean {
    const setId = toHex(judged.set.id)
    const pile = this.#state.piles.find((known) => known.setId === setId)
    return pile?.shares.some((given) => given.number === judged.number) ?? false
  }

  /**
   * Takes ownership of a recognised share. Resolves to the opened store when it makes the threshold, else to
   * `null`. Throws `corrupt_store` or `store_rolled_back` when the shares are right and the store is not:
   * then nothing that people gave is thrown away but this last share.
   */
  async give(
    judged: JudgedShare,
    given: { readonly share: SecretBytes; readonly source: string },
  ): Promise<OpenedByShares | null> {
    const { share, source } = given
    this.#ceremony ??= this.#open()
    const setId = toHex(judged.set.id)
    const holder = { share, setId: judged.set.id, shareNumber: judged.number }
    const act = { verb: 'agree', digest: this.#ceremony.digest } as const
    const consent = consentWithShare(this.#ports.primitives, act, holder)
    const { state, effects } = step(this.#state, {
      type: 'share_given',
      setId,
      thresholds: this.#thresholds(setId),
      given: { number: judged.number, share, consent, source },
    })
    this.#state = state
    for (const effect of effects) {
      if (effect.type === 'wipe') wipeAll(effect.shares)
      else return await this.#combine(setId, effect.shares)
    }
    return null
  }

  /** Drops the parts that came from `source`; with `null`, every part, and the nonce with the last. */
  reset(source: string | null = null): void {
    const { state, effects } = step(this.#state, { type: 'reset', source })
    for (const effect of effects) if (effect.type === 'wipe') wipeAll(effect.shares)
    this.#state = state
    if (state.piles.length === 0) this.#ceremony = null
  }

  [Symbol.dispose](): void {
    this.reset()
  }

  async #combine(setId: string, shares: readonly GivenShare[]): Promise<OpenedByShares> {
    const unsealKey = rebuildUnsealKey(shares.map((given) => given.share))
    const id = fromHex(setId) ?? new Uint8Array()
    try {
      // Read again: what stands in the store now is what will be changed.
      const stored = await readStoredRecords(this.#ports.storage)
      const by = { candidates: custodyCandidates(stored), setId: id, unsealKey }
      const parts = await openStore(this.#ports, stored, by)
      const ceremony = this.#ceremony ?? this.#open()
      const proceedings = { ...ceremony, consents: shares.map((given) => given.consent) }
      this.reset()
      return { parts, unsealKey, setId: id, proceedings, [Symbol.dispose]: () => unsealKey[Symbol.dispose]() }
    } catch (error) {
      unsealKey[Symbol.dispose]()
      const { state, effects } = step(this.#state, { type: 'combine_failed', setId })
      this.#state = state
      for (const effect of effects) if (effect.type === 'wipe') wipeAll(effect.shares)
      throw error
    }
  }

  /** Thresholds that the readable records give for a set: more than one only where a record is damaged. */
  #thresholds(setId: string): readonly number[] {
    const sets = this.#candidates.flatMap(({ record }) => [record.live, record.retiring])
    return [
      ...new Set(sets.flatMap((set) => (set !== null && toHex(set.id) === setId ? [set.threshold] : []))),
    ]
  }

  #open(): Omit<UnsealProceedings, 'consents'> {
    const record = this.#candidates[0]?.record
    const opened = this.#ports.clock.now()
    const ceremonyId = uuidFrom(this.#ports.entropy.bytes(16))
    const statement = encodeStatement({
      kind: 'unseal',
      ceremonyId,
      storeId: record?.storeId ?? new Uint8Array(),
      keySets: [record?.live, record?.retiring].filter((set) => set !== null && set !== undefined),
      opened,
      expires: unixMillis(opened + CEREMONY_EXPIRY_MS),
      deal: null,
    })
    return { ceremonyId, statement, digest: statementDigest(this.#ports.primitives, statement), opened }
  }
}

/** The transcript of a finished unseal, as writes behind the barrier. */
export function unsealTranscript(
  ports: CeremonyPorts,
  session: Session,
  proceedings: UnsealProceedings,
): readonly PlainWrite[] {
  const { record } = session
  const sets = [record.live, record.retiring].filter((set) => set !== null)
  const draft = TranscriptDraft.open(ports, session, { ...proceedings, sets })
  for (const consent of proceedings.consents) draft.consent(consent)
  return draft.close(session, 'completed', { serial: record.serial + 1 }).writes
}
