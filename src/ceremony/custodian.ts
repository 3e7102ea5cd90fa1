import { assert } from '../base/assert.ts'
import { millis } from '../base/clock.ts'
import { sameBytes } from '../base/encoding.ts'
import { hasCode, OperatingError } from '../base/errors.ts'
import { SEAL_COMMIT_MS } from '../base/limits.ts'
import { Queue } from '../base/queue.ts'
import type { SecretBytes } from '../base/secret-bytes.ts'
import type { CustodyRecord } from '../custody/custody-record.ts'
import { verifyNode } from '../custody/node.ts'
import { OutcomeUnknownError } from './custody-change.ts'
import { certify, type NodeKeys } from './identity.ts'
import { type InitAnswer, initialise, type Seed } from './init.ts'
import { Judge, type JudgedShare } from './judge.ts'
import { checkParameters, type DealParameters } from './parameters.ts'
import type { CeremonyPorts } from './ports.ts'
import {
  type RekeyAnswer,
  type RekeyProposal,
  RekeyRunner,
  type RekeyStatus,
  type RekeySubmission,
} from './rekey-runner.ts'
import { Session } from './session.ts'
import {
  type CustodyCandidate,
  custodyCandidates,
  isInitialised,
  readStoredRecords,
  type StoredRecords,
} from './stored-records.ts'
import { type OpenedByShares, UnsealRunner, unsealTranscript } from './unseal-runner.ts'

const MAX_NODES = 16

/** What the custodian asks of the server around it. */
export interface CustodianHooks {
  /** Makes what a new store holds: mount table, first token. */
  seed(): Seed
  /** The store is open: build what needs it. When it rejects, the store is sealed again. */
  opened(session: Session): Promise<void>
  /** The store is sealed: let go of everything that was built on it. */
  sealed(): void
  /** Nobody can know what the storage holds: end the process. */
  fatal(error: unknown): void
  readonly nodeKeys: NodeKeys
}

type Phase =
  | { readonly name: 'empty' }
  | {
      readonly name: 'sealed'
      readonly candidates: readonly [CustodyCandidate, ...CustodyCandidate[]]
      readonly unseal: UnsealRunner
    }
  | { readonly name: 'open'; readonly session: Session; readonly rekey: RekeyRunner }

/** Public facts about the seal, at any time. */
export interface SealStatus {
  readonly phase: Phase['name']
  readonly shares: number
  readonly threshold: number
  readonly progress: number
  readonly nonce: string
}

export interface RekeyRequest extends Omit<RekeySubmission, 'judged'> {}

/**
 * Keeps the store for its holders: the one machine behind all faces. Every verb runs in one queue, so no two
 * ceremonies ever change the keys at once; reading is answered at any time from memory.
 */
export class Custodian {
  readonly #ports: CeremonyPorts
  readonly #hooks: CustodianHooks
  readonly #judge: Judge
  readonly #queue = new Queue()
  #phase: Phase
  /** A seal did not wait for its commit: before the store is read again, that commit must have ended. */
  #unsettled = false
  /** A seal could not store that it cancelled the running rekey: done at the next unseal of this process. */
  #cancelAtOpen = false

  private constructor(ports: CeremonyPorts, hooks: CustodianHooks, stored: StoredRecords) {
    this.#ports = ports
    this.#hooks = hooks
    this.#judge = new Judge(ports.primitives, ports.clock)
    this.#phase = isInitialised(stored) ? this.#sealedPhase(stored) : { name: 'empty' }
  }

  /** Reads the store. Throws `corrupt_store` or `store_newer` when it holds one that cannot be served. */
  static async load(ports: CeremonyPorts, hooks: CustodianHooks): Promise<Custodian> {
    return new Custodian(ports, hooks, await readStoredRecords(ports.storage))
  }

  get isOpen(): boolean {
    return this.#phase.name === 'open'
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
  init(parameters: DealParameters): Promise<InitAnswer> {
    return this.#run(async () => {
      checkParameters(parameters, 'invalid seal configuration: ')
      if (this.#phase.name !== 'empty') throw alreadyInitialised()
      try {
        const { answer, stored } = await initialise(this.#ports, parameters, this.#hooks.seed())
        this.#phase = this.#sealedPhase(stored)
        return answer
      } catch (error) {
        if (hasCode(error, 'condition_failed')) throw alreadyInitialised()
        throw error
      }
    })
  }

  /**
   * Takes ownership of a share for the unseal. An open store takes none and is not an error.
   *
   * Throws `not_initialized`, `share_unknown`, `share_retired`, `corrupt_store`, `store_rolled_back`.
   */
  unseal(share: SecretBytes): Promise<void> {
    return this.#run(async () => {
      const phase = this.#phase
      if (phase.name === 'empty') {
        share[Symbol.dispose]()
        throw new OperatingError('not_initialized', 'Vault is not initialized')
      }
      if (phase.name === 'open') return share[Symbol.dispose]()
      await this.#settle()
      using opened = await phase.unseal.give(this.#judgeOwned(phase.candidates, share), share)
      if (opened !== null) await this.#open(opened)
    })
  }

  /** Drops the parts of an unseal. Throws `bad_request` on an open store. */
  resetUnseal(): Promise<void> {
    return this.#run(async () => {
      if (this.#phase.name === 'open') throw new OperatingError('bad_request', 'vault is unsealed')
      if (this.#phase.name === 'sealed') this.#phase.unseal.reset()
    })
  }

  /** Cancels what is running, gives operations back, and wipes all keys, whatever came of the commit. */
  seal(): Promise<void> {
    return this.#run(() => this.#close('seal'))
  }

  /** A clean stop: ceremonies and their progress stay. */
  stop(): Promise<void> {
    return this.#run(() => this.#close('stop'))
  }

  rekeyStatus(): RekeyStatus {
    return this.#expectOpen().rekey.status()
  }

  /** Throws `parameters_invalid`, `sealed`, `ceremony_running`. */
  startRekey(proposal: RekeyProposal): Promise<RekeyStatus> {
    return this.#run(async () => {
      const { rekey } = this.#expectOpen()
      checkParameters(proposal, 'invalid rekey seal configuration: ')
      await rekey.start(proposal)
      return rekey.status()
    })
  }

  cancelRekey(): Promise<void> {
    return this.#run(() => this.#expectOpen().rekey.cancel())
  }

  /** Takes ownership of the share. Throws as `RekeyRunner.submit` and `Judge.judge` do. */
  submitRekey(request: RekeyRequest): Promise<RekeyAnswer> {
    return this.#run(async () => {
      using share = request.share
      const { session, rekey } = this.#expectOpen()
      await rekey.admit(request)
      const judged = this.#judge.judge([session.record], share)
      const answer = await rekey.submit({ ...request, judged })
      if (answer.complete) await this.#scrub()
      return answer
    })
  }

  /** Evidence that the answer of a direct rekey arrived. Queued before whatever the peer asks next. */
  acknowledgeRekey(ceremonyId: string): void {
    const drop = this.#run(async () => {
      if (this.#phase.name !== 'open') return
      await this.#phase.rekey.acknowledge(ceremonyId)
      await this.#scrub()
    })
    // Both sets stay; the next evidence tries again (custody.md section 4).
    drop.catch((error: unknown) => this.#ports.log.warn('old key set not dropped', { code: codeOf(error) }))
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
    return this.#judge.judge([this.#expectOpen().session.record], share)
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

  /** Keys are wiped first: whoever ends the process may take a while. */
  #abandon(error: OutcomeUnknownError): void {
    if (this.#phase.name === 'open') {
      this.#phase.rekey[Symbol.dispose]()
      this.#phase.session.close()
    }
    this.#hooks.sealed()
    this.#hooks.fatal(error)
  }

  /**
   * Somebody else changed the keys of this store: ours may be wrong, so they are wiped before anything else.
   */
  async #stepDown(): Promise<void> {
    if (this.#phase.name !== 'open') return
    this.#hooks.sealed()
    this.#phase.rekey[Symbol.dispose]()
    this.#phase.session.close()
    this.#ports.log.warn('the store was changed beneath the server, which has sealed itself')
    this.#phase = this.#sealedPhase(await readStoredRecords(this.#ports.storage))
  }

  async #settle(): Promise<void> {
    if (!this.#unsettled) return
    await this.#ports.storage.settle()
    this.#unsettled = false
  }

  #sealedPhase(stored: StoredRecords): Phase {
    const candidates = custodyCandidates(stored)
    if (candidates.length > 1) this.#ports.log.warn('the custody record and its copy differ; unseal decides')
    return { name: 'sealed', candidates, unseal: new UnsealRunner(this.#ports, candidates) }
  }

  #judgeOwned(candidates: readonly CustodyCandidate[], share: SecretBytes): JudgedShare {
    try {
      return this.#judge.judge(
        candidates.map((candidate) => candidate.record),
        share,
      )
    } catch (error) {
      share[Symbol.dispose]()
      throw error
    }
  }

  async #open(opened: OpenedByShares): Promise<void> {
    const reserve = (count: number): Promise<void> => this.#run(() => session.reserve(count))
    const session = new Session(this.#ports, opened.parts, reserve)
    try {
      await this.#recordOpening(session, opened)
      const rekey = await RekeyRunner.resume(this.#ports, session)
      await this.#cancelLeftOver(rekey)
      await this.#dropProven(rekey, session, opened)
      await this.#hooks.opened(session)
      this.#phase = { name: 'open', session, rekey }
      this.#ports.log.info('store open', { set: session.record.live.number, serial: session.record.serial })
    } catch (error) {
      session.close()
      this.#hooks.sealed()
      this.#phase = this.#sealedPhase(await readStoredRecords(this.#ports.storage))
      throw error
    }
  }

  /**
   * Stores the transcript, certifies this node, reserves operations, and by rewriting all six records heals a
   * damaged one. Where there is no room, the store opens all the same: reading goes on.
   */
  async #recordOpening(session: Session, opened: OpenedByShares): Promise<void> {
    try {
      const entries = await unsealTranscript(this.#ports, session, opened.proceedings)
      await session.change({ record: { nodes: this.#nodes(session) }, term: 'same', entries })
    } catch (error) {
      if (!(error instanceof OperatingError)) throw error
      this.#ports.log.warn('the unseal could not be recorded', { code: error.code })
    }
  }

  #nodes(session: Session): CustodyRecord['nodes'] {
    const { nodeKeys } = this.#hooks
    const { record, identity } = session
    const others = record.nodes.filter((node) => !sameBytes(node.signingKey, nodeKeys.signingKey))
    const known = record.nodes.find((node) => sameBytes(node.signingKey, nodeKeys.signingKey))
    if (known !== undefined && verifyNode(this.#ports.primitives, record, known)) return record.nodes
    const own = certify(this.#ports.primitives, identity, { storeId: record.storeId, keys: nodeKeys })
    return [own, ...others].slice(0, MAX_NODES)
  }

  /** Evidence (b): threshold distinct shares of the new set were given as shares. */
  async #dropProven(rekey: RekeyRunner, session: Session, opened: OpenedByShares): Promise<void> {
    if (session.record.retiring === null || !sameBytes(session.record.live.id, opened.setId)) return
    try {
      await rekey.proven(opened.unsealKey)
      await this.#scrub()
    } catch (error) {
      if (!(error instanceof OperatingError)) throw error
      this.#ports.log.warn('old key set not dropped', { code: error.code })
    }
  }

  async #cancelLeftOver(rekey: RekeyRunner): Promise<void> {
    if (!this.#cancelAtOpen) return
    await rekey.cancel()
    this.#cancelAtOpen = false
  }

  async #close(how: 'seal' | 'stop'): Promise<void> {
    const phase = this.#phase
    if (phase.name === 'sealed') return phase.unseal.reset()
    if (phase.name !== 'open') return
    this.#hooks.sealed()
    const entries = how === 'seal' ? phase.rekey.closingEntries() : []
    const stored = await this.#inTime(phase.session.finish(entries))
    this.#cancelAtOpen ||= !stored && entries.length > 0
    phase.rekey[Symbol.dispose]()
    phase.session.close()
    this.#phase = this.#sealedPhase(phase.session.stored)
    this.#ports.log.info('store sealed')
  }

  /**
   * Whether the last commit was stored. Keys are wiped after 2 s whatever came of it (custody.md section 3).
   */
  async #inTime(commit: Promise<void>): Promise<boolean> {
    const timer = new AbortController()
    const late = this.#ports.clock.sleep(millis(SEAL_COMMIT_MS), timer.signal).then(() => 'late' as const)
    const ended = commit.then(
      () => 'stored' as const,
      (error: unknown) => {
        this.#ports.log.warn('the seal could not be recorded', { code: codeOf(error) })
        return 'failed' as const
      },
    )
    const outcome = await Promise.race([ended, late])
    timer.abort()
    this.#unsettled ||= outcome !== 'stored'
    return outcome === 'stored'
  }

  /** Old slots leave the free pages; failing to is worth a line in the log and nothing else. */
  async #scrub(): Promise<void> {
    try {
      await this.#ports.storage.scrub()
    } catch (error) {
      this.#ports.log.warn('the store could not be scrubbed', { code: codeOf(error) })
    }
  }

  #expectOpen(): Extract<Phase, { name: 'open' }> {
    if (this.#phase.name !== 'open') throw new OperatingError('sealed', 'Vault is sealed')
    return this.#phase
  }
}

function alreadyInitialised(): OperatingError {
  return new OperatingError('already_initialized', 'Vault is already initialized')
}

function codeOf(error: unknown): string {
  assert(error !== undefined, 'a failure has a reason')
  return error instanceof OperatingError ? error.code : 'internal'
}
