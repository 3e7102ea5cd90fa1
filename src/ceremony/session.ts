import { Barrier, type PlainWrite } from '../barrier/barrier.ts'
import type { Keyring, RotationConfig } from '../barrier/keyring.ts'
import { assert } from '../base/assert.ts'
import { sameBytes } from '../base/encoding.ts'
import { hasCode, OperatingError } from '../base/errors.ts'
import { MAX_SEALS_PER_KEY } from '../base/limits.ts'
import { SecretBytes } from '../base/secret-bytes.ts'
import { AEAD_KEY_BYTES } from '../crypto/primitives.ts'
import type { CustodyRecord } from '../custody/custody-record.ts'
import { NO_TRANSCRIPT, type TranscriptHead } from '../custody/transcript.ts'
import type { Write } from '../physical/backend.ts'
import {
  commitChange,
  OutcomeUnknownError,
  type PreparedChange,
  prepareChange,
  SEALS_PER_CHANGE,
} from './custody-change.ts'
import { type Identity, wipeWrites } from './identity.ts'
import { recallOperations } from './operations.ts'
import type { CeremonyPorts } from './ports.ts'
import type { StoredRecords } from './stored-records.ts'
import { headIn, readHead } from './transcripts.ts'

/** What opening a store has made available. The session owns the secrets from now on. */
export interface SessionParts {
  readonly stored: StoredRecords
  readonly record: CustodyRecord
  /** SHA-256 of that record as it is stored, which is what the keyring names. */
  readonly custodyDigest: Uint8Array
  readonly rootKey: SecretBytes
  readonly keyring: Keyring
  readonly identity: Identity
}

/**
 * What a change makes different; what is left out stays. Secrets in it are the session's once it is stored.
 */
export interface SessionChange {
  readonly record?: Partial<Pick<CustodyRecord, 'live' | 'retiring' | 'retired' | 'nodes'>>
  readonly rootKey?: SecretBytes
  readonly identity?: Identity
  /** An install makes a new data-key term; a reservation keeps the one there is. */
  readonly term: 'same' | 'new'
  /** When the next term is made by itself. */
  readonly rotation?: RotationConfig
  /** Wiped when the call returns. */
  readonly entries: readonly PlainWrite[]
  /** Further seals that the caller is about to do. */
  readonly reserve?: number
}

/** An open store: keys in memory, and the one way to change custody and keyring. */
export class Session {
  readonly barrier: Barrier
  readonly #ports: CeremonyPorts
  #stored: StoredRecords
  #record: CustodyRecord
  #custodyDigest: Uint8Array
  #rootKey: SecretBytes
  #identity: Identity
  #transcriptHead = NO_TRANSCRIPT
  readonly #closed = new AbortController()

  /** `reserveQueued` is how the barrier asks for operations: it must run `reserve` in the ceremony queue. */
  constructor(ports: CeremonyPorts, parts: SessionParts, reserveQueued: (count: number) => Promise<void>) {
    this.#ports = ports
    this.#stored = parts.stored
    this.#record = parts.record
    this.#custodyDigest = parts.custodyDigest
    this.#rootKey = parts.rootKey
    this.#identity = parts.identity
    this.barrier = new Barrier({
      storage: ports.storage,
      storeId: parts.record.storeId,
      keyring: parts.keyring,
      nonces: ports.nonces,
      // What is stored was reserved, and counts as used until a clean stop gives the rest back.
      used: parts.keyring.active.operations,
      reserve: reserveQueued,
      meter: ports.meter,
    })
  }

  /** Reads what the store remembers besides its keys. To be called once, before anything else. */
  async recall(): Promise<void> {
    await recallOperations(this.barrier)
    this.#transcriptHead = await readHead(this.barrier, () =>
      this.#ports.log.warn('the head of the transcripts cannot be read; a new chain of them begins'),
    )
  }

  /** The newest closing line that is stored. */
  get transcriptHead(): TranscriptHead {
    return this.#transcriptHead
  }

  get record(): CustodyRecord {
    return this.#record
  }

  /** Aborted once the keys are wiped: what works beside the requests ends then. */
  get closed(): AbortSignal {
    return this.#closed.signal
  }

  /** The six records as this session last knew them stored. */
  get stored(): StoredRecords {
    return this.#stored
  }

  /** Of the record that the keyring vouches for: the first of the two stored may be damaged, or gone. */
  get custodyDigest(): Uint8Array {
    return this.#custodyDigest
  }

  get rootKey(): SecretBytes {
    return this.#rootKey
  }

  get identity(): Identity {
    return this.#identity
  }

  /**
   * Changes custody and keyring in one commit, and memory after it. When it rejects nothing has changed,
   * except with `OutcomeUnknownError`.
   */
  async change(change: SessionChange): Promise<void> {
    try {
      await this.#changeTo(this.#nextKeyring(change), change)
    } finally {
      wipeWrites(change.entries)
    }
  }

  async #changeTo(keyring: Keyring, change: SessionChange): Promise<void> {
    try {
      const record = {
        ...this.#record,
        ...change.record,
        ...this.#identityFields(change),
        serial: this.#record.serial + 1,
      }
      const rootKey = change.rootKey ?? this.#rootKey
      const prepared = prepareChange(this.#ports, this.#stored, {
        record,
        rootKey,
        keyring,
        done: keyring.active.term === this.barrier.keyring.active.term ? this.barrier.done : 0,
        entries: change.entries,
      })
      await commitChange(this.#ports.storage, prepared)
      this.#adopt(change, record, prepared)
      this.#transcriptHead = headIn(change.entries) ?? this.#transcriptHead
      this.barrier.replaceKeyring(keyring, prepared.seals)
    } catch (error) {
      keyring[Symbol.dispose]()
      throw error
    }
  }

  /**
   * Commits entries from within the ceremony queue. A rejection other than `OutcomeUnknownError`: not stored.
   */
  async commitEntries(entries: readonly PlainWrite[]): Promise<void> {
    const seals = entries.filter((entry) => entry.op === 'put').length
    if (seals > this.barrier.room) await this.reserve(seals)
    await this.#commitSealed(this.barrier.sealAll(entries))
    this.#transcriptHead = headIn(entries) ?? this.#transcriptHead
  }

  async #commitSealed(writes: readonly Write[]): Promise<void> {
    try {
      await this.#ports.storage.commit(writes)
    } catch (error) {
      const probe = writes.find((write) => write.op === 'put')
      assert(probe !== undefined, 'a commit of a ceremony stores something')
      if (!hasCode(error, 'storage_unavailable')) throw error
      if (await this.#isStored(probe.key, probe.value)) return
      throw new OperatingError('storage_unavailable', 'the storage refused the write; nothing was changed', {
        cause: error,
        detail: error.detail,
      })
    }
  }

  /** Makes room for `count` more seals, where there is none. */
  async reserve(count: number): Promise<void> {
    if (count <= this.barrier.room) return
    await this.change({ term: 'same', entries: [], reserve: count })
  }

  /** Stops writing and gives unused operations back, with `entries` and a change of the record. */
  async finish(last: Pick<SessionChange, 'record' | 'entries'>): Promise<void> {
    this.barrier.stop()
    const before = this.barrier.keyring
    const { entries } = last
    const seals = SEALS_PER_CHANGE + entries.filter((entry) => entry.op === 'put').length
    const keyring = before.withOperations(this.barrier.used + seals)
    try {
      const record = { ...this.#record, ...last.record, serial: this.#record.serial + 1 }
      const prepared = prepareChange(this.#ports, this.#stored, {
        record,
        rootKey: this.#rootKey,
        keyring,
        done: this.barrier.done,
        entries,
      })
      await commitChange(this.#ports.storage, prepared)
      this.#adopt({}, record, prepared)
    } finally {
      keyring[Symbol.dispose]()
      wipeWrites(entries)
    }
  }

  /** Throws `sealed` once the keys are wiped: after a wait that is no commit, before the keys are used. */
  expectOpen(): void {
    if (this.#closed.signal.aborted) throw new OperatingError('sealed', 'Vault is sealed')
  }

  /** Wipes every key. */
  close(): void {
    this.#closed.abort()
    this.barrier.close()
    this.#rootKey[Symbol.dispose]()
    this.#identity.seed[Symbol.dispose]()
  }

  #identityFields(change: SessionChange): Partial<CustodyRecord> {
    return change.identity === undefined ? {} : { identityKey: change.identity.publicKey }
  }

  #adopt(
    change: Pick<SessionChange, 'rootKey' | 'identity'>,
    record: CustodyRecord,
    prepared: PreparedChange,
  ): void {
    this.#record = record
    this.#stored = prepared.stored
    this.#custodyDigest = prepared.custodyDigest
    if (this.#closed.signal.aborted) {
      // The server was sealed while the commit was under way: what it made new is wiped as well.
      change.rootKey?.[Symbol.dispose]()
      change.identity?.seed[Symbol.dispose]()
      return
    }
    if (change.rootKey !== undefined) {
      this.#rootKey[Symbol.dispose]()
      this.#rootKey = change.rootKey
    }
    if (change.identity !== undefined) {
      this.#identity.seed[Symbol.dispose]()
      this.#identity = change.identity
    }
  }

  /** The keyring of a change: with room for its seals, and a new term where one is due. */
  #nextKeyring(change: SessionChange): Keyring {
    using keyring = this.barrier.keyring.withRotation(change.rotation ?? this.barrier.keyring.rotation)
    const { rotation, active, blockSize } = keyring
    const seals = SEALS_PER_CHANGE + change.entries.length + (change.reserve ?? 0)
    const block = Math.max(blockSize, seals)
    const short = this.barrier.used + seals > active.operations
    const operations = short ? active.operations + block : active.operations
    // A limit that was lowered below what is reserved spends a term by what it did, not by what it might do.
    const counted = short ? operations : this.barrier.used + seals
    if (change.term === 'same' && !(rotation.enabled && counted > rotation.maxOperations)) {
      if (operations > MAX_SEALS_PER_KEY) throw exhausted()
      return keyring.withOperations(operations)
    }
    const key = SecretBytes.take(this.#ports.entropy.bytes(AEAD_KEY_BYTES))
    return keyring.withNewTerm(this.#ports.primitives, key, {
      at: this.#ports.clock.now(),
      operations: block,
    })
  }

  async #isStored(key: string, value: Uint8Array): Promise<boolean> {
    try {
      await this.#ports.storage.settle()
      const stored = await this.#ports.storage.get(key)
      // Nonces are fresh, so these bytes can only have come from this very commit.
      return stored !== null && sameBytes(stored, value)
    } catch (error) {
      throw new OutcomeUnknownError('a step of a ceremony may or may not be stored', { cause: error })
    }
  }
}

/** Only where automatic rotation is switched off: nothing is written until somebody rotates. */
function exhausted(): OperatingError {
  return new OperatingError(
    'key_exhausted',
    'the newest data key has sealed all it may: rotate it (PUT /v1/sys/rotate/keyring), or enable rotation',
  )
}
