import { assert } from '../base/assert.ts'
import { hasCode, OperatingError } from '../base/errors.ts'
import { Queue } from '../base/queue.ts'
import type { SecretBytes } from '../base/secret-bytes.ts'
import type { CustodyRecord } from '../custody/custody-record.ts'
import { changedNothing } from '../physical/backend.ts'
import { Archive } from './archive.ts'
import { ArrivalProof } from './arrival-proof.ts'
import { OutcomeUnknownError } from './custody-change.ts'
import { DataKeys } from './data-keys.ts'
import type { DeskPlace, OpenPhase } from './desk.ts'
import { GenerateRootDesk } from './generate-root-desk.ts'
import type { NewRootToken } from './generate-root-runner.ts'
import type { NodeKeys } from './identity.ts'
import { type InitAnswer, type InitTerms, initialise, type Seed } from './init.ts'
import { Judge, type JudgedShare } from './judge.ts'
import { enterOpenPhase } from './open-phase.ts'
import { checkParameters } from './parameters.ts'
import type { CeremonyPorts } from './ports.ts'
import { recordArrival, withRecognised } from './recorded.ts'
import { RekeyDesk } from './rekey-desk.ts'
import { RotationWatch } from './rotation-watch.ts'
import { withinSealTime } from './seal-time.ts'
import { cancelEnded, closingOf, sealFacts } from './sealing.ts'
import { Session } from './session.ts'
import {
  type CustodyCandidate,
  custodyCandidates,
  isInitialised,
  readStoredRecords,
  type StoredRecords,
} from './stored-records.ts'
import { type OpenedByShares, UnsealRunner, type UnsealShare } from './unseal-runner.ts'
import type { ServedVersion } from './versions.ts'

/** What the custodian asks of the server around it. */
export interface CustodianHooks {
  /** Makes what a new store holds: mount table, first token. */
  seed(): Seed
  /** A root token that nobody knows yet, on the open store. */
  rootToken(): NewRootToken
  /** The store is open: build what needs it. When it rejects, the store is sealed again. */
  opened(session: Session): Promise<void>
  /** The store is sealed: let go of everything that was built on it. */
  sealed(): void
  /** Nobody can know what the storage holds: end the process. */
  fatal(error: unknown): void
  readonly nodeKeys: NodeKeys
  /** Which program this is: the store remembers those that have served it. */
  readonly serving: ServedVersion
}

type Phase = { readonly name: 'empty' } | SealedPhase | OpenPhase

interface SealedPhase {
  readonly name: 'sealed'
  readonly candidates: readonly [CustodyCandidate, ...CustodyCandidate[]]
  readonly unseal: UnsealRunner
}

/** Public facts about the seal, at any time. */
export interface SealStatus {
  readonly phase: Phase['name']
  readonly shares: number
  readonly threshold: number
  readonly progress: number
  readonly nonce: string
}

/**
 * Keeps the store for its holders: the one machine behind all faces. Every verb runs in one queue, so no two
 * ceremonies ever change the keys at once; reading is answered at any time from memory.
 */
export class Custodian {
  /** The data keys of the open store: how much they did, and when a new one is made. */
  readonly dataKeys: DataKeys
  /** What the open store remembers: versions, ceremonies, transcripts. */
  readonly archive: Archive
  readonly #ports: CeremonyPorts
  readonly #hooks: CustodianHooks
  readonly #judge: Judge
  readonly #queue = new Queue()
  readonly rekey: RekeyDesk
  readonly generateRoot: GenerateRootDesk
  /** New shares that were given to the open server while an old set is retiring. */
  readonly #arrival = new ArrivalProof()
  #phase: Phase
  #isAbandoned = false
  /** A seal did not wait for its commit: before the store is read again, that commit must have ended. */
  #unsettled = false

  private constructor(ports: CeremonyPorts, hooks: CustodianHooks, stored: StoredRecords) {
    this.#ports = ports
    this.#hooks = hooks
    this.#judge = new Judge(ports.primitives, ports.clock)
    this.#phase = isInitialised(stored) ? this.#sealedPhase(stored) : { name: 'empty' }
    const place: DeskPlace = {
      ports,
      run: (task) =>
        this.#run(async () => {
          // What a seal has ended is cancelled before anything else is done.
          if (this.#phase.name === 'open') await cancelEnded(ports.journal, this.#phase)
          return await task()
        }),
      expectOpen: () => this.#expectOpen(),
      judge: (share) => this.judgeHolder(share),
      scrub: () => this.#scrub(),
    }
    this.rekey = new RekeyDesk(place)
    this.generateRoot = new GenerateRootDesk(place, () => hooks.rootToken())
    this.dataKeys = new DataKeys(place)
    this.archive = new Archive(place)
  }

  /** Reads the store. Throws `corrupt_store` or `store_newer` when it holds one that cannot be served. */
  static async load(ports: CeremonyPorts, hooks: CustodianHooks): Promise<Custodian> {
    return new Custodian(ports, hooks, await readStoredRecords(ports.storage))
  }

  get isOpen(): boolean {
    return this.#phase.name === 'open'
  }

  /** Throws `already_initialized` where the store has its keys. */
  expectEmpty(): void {
    if (this.#phase.name !== 'empty') throw alreadyInitialised()
  }

  /** The record as far as it is known: sealed, the first that can be read. `null` on an empty store. */
  get record(): CustodyRecord | null {
    const phase = this.#phase
    if (phase.name === 'empty') return null
    return phase.name === 'open' ? phase.session.record : phase.candidates[0].record
  }

  status(): SealStatus {
    const phase = this.#phase
    const live = this.record?.live
    const shape = { shares: live?.shares.length ?? 0, threshold: live?.threshold ?? 0 }
    if (phase.name !== 'sealed') return { phase: phase.name, ...shape, progress: 0, nonce: '' }
    return { phase: 'sealed', ...shape, progress: phase.unseal.progress, nonce: phase.unseal.nonce }
  }

  /**
   * Throws `parameters_invalid`, `already_initialized`, and what storage throws. The caller wipes the answer.
   */
  init(terms: InitTerms, source: string): Promise<InitAnswer> {
    return this.#run(async () => {
      checkParameters(terms, 'invalid seal configuration: ')
      if (this.#phase.name !== 'empty') throw alreadyInitialised()
      try {
        const { answer, stored } = await initialise(this.#ports, terms, this.#hooks.seed())
        this.#phase = this.#sealedPhase(stored)
        this.#ports.journal.record({ kind: 'init', event: 'completed', source })
        return answer
      } catch (error) {
        if (hasCode(error, 'condition_failed')) throw alreadyInitialised()
        throw error
      }
    })
  }

  /**
   * Takes ownership of a share for the unseal. An open store needs none, and none is an error there; while an
   * old set is retiring, enough shares of the new one prove that they arrived. Whether the share was in
   * already, and so changed nothing, is the answer.
   *
   * Throws `not_initialized`, `share_unknown`, `share_retired`, `corrupt_store`, `store_rolled_back`.
   */
  unseal(share: SecretBytes, source: string): Promise<UnsealShare> {
    return this.#run(async () => {
      const phase = this.#phase
      if (phase.name === 'empty') {
        share[Symbol.dispose]()
        throw new OperatingError('not_initialized', 'Vault is not initialized')
      }
      if (phase.name === 'open') {
        await this.#proveArrival(phase, { share, source })
        return { repeated: false }
      }
      const { judged, unseal } = await this.#judgeSealed(phase, share)
      return await this.#giveForUnseal(unseal, judged, { share, source })
    })
  }

  /**
   * Drops the parts of an unseal: those that came from the same source, or all of them for who shows a share,
   * and where access is `open`. The share stays with the caller. Throws `bad_request` on an open store, and
   * as `Judge.judge` does.
   */
  resetUnseal(by: {
    readonly source: string
    /** Whether the source is the client's own, and not that of a proxy or of a browser's page. */
    readonly direct: boolean
    readonly access: 'open' | 'guarded'
    readonly share: SecretBytes | null
  }): Promise<void> {
    return this.#run(async () => {
      const phase = this.#phase
      if (phase.name === 'open') throw new OperatingError('bad_request', 'vault is unsealed')
      if (phase.name === 'empty') return
      const records = phase.candidates.map((candidate) => candidate.record)
      const holder = by.share === null ? null : this.#judge.judge(records, by.share)
      if (holder === null && !by.direct) throw resetNeedsShare()
      this.#ports.journal.record({
        kind: 'unseal',
        event: 'reset',
        ceremony: phase.unseal.nonce || null,
        share: holder?.number ?? null,
        source: by.source,
        credential: holder === null ? 'nobody' : 'holder',
      })
      phase.unseal.reset(holder !== null || by.access === 'open' ? null : by.source)
    })
  }

  /**
   * Cancels what is running, gives operations back, and wipes all keys, whatever came of the commit, and
   * whatever is still under way before it.
   */
  async seal(source: string): Promise<void> {
    let begun = false
    const closed = this.#run(() => {
      begun = true
      return this.#close(source)
    })
    await withinSealTime(this.#ports.clock, closed)
    if (begun) return await closed
    closed.catch((error: unknown) => this.#ports.log.warn('late end of a seal', { code: codeOf(error) }))
    this.#wipe(source)
  }

  /** A clean stop: ceremonies and their progress stay. */
  stop(): Promise<void> {
    return this.#run(() => this.#close(null))
  }

  /**
   * Wipes keys and given shares at once, beneath whatever is under way, and stores nothing: the last act of a
   * process whose state nobody can trust any more. A second time it does nothing.
   */
  abandon(): void {
    if (this.#isAbandoned) return
    this.#isAbandoned = true
    if (this.#phase.name === 'sealed') this.#phase.unseal.reset()
    if (this.#phase.name !== 'open') return
    this.#letGo(this.#phase)
    this.#ports.journal.record({ kind: 'seal', event: 'abandoned' })
    this.#hooks.sealed()
  }

  /** Resolves once what was asked for before has been done: an answer after it shows its effect. */
  async settled(): Promise<void> {
    await this.#queue.run(async () => undefined)
  }

  /**
   * Whether `share` is one of a set that opens: what a holder shows instead of a token. Throws as `judge`
   * does.
   */
  judgeHolder(share: SecretBytes): JudgedShare {
    return this.#judge.judge([this.#expectOpen().session.record], share, 'open')
  }

  #run<Result>(task: () => Promise<Result>): Promise<Result> {
    return this.#queue.run(async () => {
      try {
        return await task()
      } catch (error) {
        if (error instanceof OutcomeUnknownError) this.#abandon(error)
        if (hasCode(error, 'condition_failed')) await this.#stepDown()
        throw error
      }
    })
  }

  /** Wipes the keys beneath a task that does not end. What it stores all the same the next unseal reads. */
  #wipe(source: string): void {
    if (this.#phase.name !== 'open') return
    const { session } = this.#phase
    const facts = sealFacts(this.#phase, source)
    this.#ports.journal.mark()
    this.#hooks.sealed()
    this.#letGo(this.#phase)
    this.#unsettled = true
    this.#phase = this.#sealedPhase(session.stored)
    for (const fact of facts) this.#ports.journal.record(fact)
    this.#ports.log.warn('store sealed while a change was under way')
  }

  #letGo(phase: OpenPhase): void {
    phase.rekey[Symbol.dispose]()
    this.#arrival[Symbol.dispose]()
    phase.session.close()
  }

  /** Keys are wiped first: whoever ends the process may take a while. */
  #abandon(error: OutcomeUnknownError): void {
    this.abandon()
    this.#hooks.fatal(error)
  }

  /**
   * Somebody else changed the keys of this store: ours may be wrong, so they are wiped before anything else.
   */
  async #stepDown(): Promise<void> {
    if (this.#phase.name !== 'open') return
    this.#hooks.sealed()
    this.#letGo(this.#phase)
    this.#ports.journal.record({ kind: 'seal', event: 'stepped_down', reason: 'condition_failed' })
    this.#ports.log.warn('the store was changed beneath the server, which has sealed itself')
    this.#phase = this.#sealedPhase(await readStoredRecords(this.#ports.storage))
  }

  /** The sealed store as it is: what a seal did not wait for has ended, and may have changed the keys. */
  async #settle(phase: SealedPhase): Promise<SealedPhase> {
    if (!this.#unsettled) return phase
    await this.#ports.storage.settle()
    const settled = this.#sealedPhase(await readStoredRecords(this.#ports.storage))
    this.#phase = settled
    this.#unsettled = false
    return settled
  }

  #sealedPhase(stored: StoredRecords): SealedPhase {
    const candidates = custodyCandidates(stored)
    if (candidates.length > 1) this.#ports.log.warn('the custody record and its copy differ; unseal decides')
    return { name: 'sealed', candidates, unseal: new UnsealRunner(this.#ports, candidates) }
  }

  /** Which set a share is of, and where it is given. The share is wiped when this throws. */
  async #judgeSealed(
    phase: SealedPhase,
    share: SecretBytes,
  ): Promise<{ readonly judged: JudgedShare; readonly unseal: UnsealRunner }> {
    try {
      const { candidates, unseal } = await this.#settle(phase)
      const records = candidates.map((candidate) => candidate.record)
      return { judged: this.#judge.judge(records, share), unseal }
    } catch (error) {
      share[Symbol.dispose]()
      throw error
    }
  }

  /** Records that the share counts before the store opens, and that it has opened after it. */
  async #giveForUnseal(
    unseal: UnsealRunner,
    judged: JudgedShare,
    given: { readonly share: SecretBytes; readonly source: string },
  ): Promise<UnsealShare> {
    const { source } = given
    const { journal } = this.#ports
    const isRepeated = unseal.holds(judged)
    const facts = { kind: 'unseal', share: judged.number, source } as const
    let ceremony = unseal.nonce
    try {
      using opened = await unseal.give(judged, given)
      ceremony = opened?.proceedings.ceremonyId ?? unseal.nonce
      journal.record({ ...facts, ceremony, event: isRepeated ? 'share_repeated' : 'share_counted' })
      if (opened === null) return { repeated: isRepeated }
      await this.#open(opened)
      journal.record({ ...facts, ceremony, share: null, event: 'completed' })
      return { repeated: isRepeated }
    } catch (error) {
      throw withRecognised(error, { ceremony, share: judged.number })
    }
  }

  async #open(opened: OpenedByShares): Promise<void> {
    const reserve = (count: number): Promise<void> => this.#run(() => session.reserve(count))
    const session = new Session(this.#ports, opened.parts, reserve)
    try {
      const phase = await enterOpenPhase(this.#ports, session, {
        opened,
        opening: this.#hooks,
        scrub: () => this.#scrub(),
      })
      await this.#hooks.opened(session)
      this.#phase = phase
      this.#watchRotation(session)
      this.#ports.log.info('store open', { set: session.record.live.number, serial: session.record.serial })
    } catch (error) {
      session.close()
      this.#hooks.sealed()
      this.#phase = this.#sealedPhase(await readStoredRecords(this.#ports.storage))
      throw error
    }
  }

  #watchRotation(session: Session): void {
    const watch = new RotationWatch(this.#ports, session)
    watch.run((look) => this.#run(look)).catch((error: unknown) => this.#hooks.fatal(error))
  }

  /** Evidence (b) on an open server. A share that is none of the live set says nothing, and is no error. */
  async #proveArrival(
    { session, rekey }: OpenPhase,
    given: { readonly share: SecretBytes; readonly source: string },
  ): Promise<void> {
    using share = given.share
    if (session.record.retiring === null) return
    try {
      const judged = this.judgeHolder(share)
      recordArrival(this.#ports.journal, judged, { ...given, isRepeated: this.#arrival.holds(judged) })
      using unsealKey = this.#arrival.give(judged, share)
      if (unsealKey === null) return
      await rekey.proven(unsealKey)
      this.#arrival[Symbol.dispose]()
      await this.#scrub()
    } catch (error) {
      if (!(error instanceof OperatingError) || error.code === 'condition_failed') throw error
      this.#ports.log.info('a share was given to the open server for nothing', { code: error.code })
    }
  }

  /** With a source somebody asked for it, which ends all ceremonies; `null` is a clean stop. */
  async #close(source: string | null): Promise<void> {
    const phase = this.#phase
    if (phase.name === 'sealed') return phase.unseal.reset()
    if (phase.name !== 'open') return
    const { journal } = this.#ports
    this.#hooks.sealed()
    const facts = sealFacts(phase, source)
    const last = source === null ? { record: {}, entries: [] } : closingOf(phase)
    // Before the commit: the process may die in it, or the store may not take it.
    if (last.entries.length > 0) journal.mark()
    const isStored = await this.#inTime(phase.session.finish(last))
    if (source !== null && isStored) journal.clearMark()
    this.#letGo(phase)
    this.#phase = this.#sealedPhase(phase.session.stored)
    for (const fact of facts) journal.record(fact)
    this.#ports.log.info('store sealed')
  }

  /**
   * Whether the last commit was stored. Keys are wiped after 2 s whatever came of it (custody.md section 3).
   */
  async #inTime(commit: Promise<void>): Promise<boolean> {
    commit.catch((error: unknown) =>
      this.#ports.log.warn('the seal could not be recorded', { code: codeOf(error) }),
    )
    const ended = await withinSealTime(this.#ports.clock, commit)
    if (ended.name === 'done') return true
    const isRefused = ended.name === 'failed' && changedNothing(ended.error)
    this.#unsettled ||= !isRefused
    return false
  }

  /** Old slots leave the free pages; failing to is worth a line in the log and nothing else. */
  async #scrub(): Promise<void> {
    try {
      await this.#ports.storage.scrub()
    } catch (error) {
      this.#ports.log.warn('the store could not be scrubbed', { code: codeOf(error) })
    }
  }

  #expectOpen(): OpenPhase {
    if (this.#phase.name !== 'open') throw new OperatingError('sealed', 'Vault is sealed')
    return this.#phase
  }
}

/** Others may share the address of a proxy, and of the operator's own browser. */
function resetNeedsShare(): OperatingError {
  return new OperatingError(
    'permission_denied',
    'permission denied: through a proxy, or from a page of another site, a reset takes a share in "key"',
  )
}

function alreadyInitialised(): OperatingError {
  return new OperatingError('already_initialized', 'Vault is already initialized')
}

function codeOf(error: unknown): string {
  assert(error !== undefined, 'a failure has a reason')
  return error instanceof OperatingError ? error.code : 'internal'
}
