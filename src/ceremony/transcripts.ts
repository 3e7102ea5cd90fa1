import type { Barrier, PlainWrite } from '../barrier/barrier.ts'
import { TRANSCRIPT_HEAD_PATH, TRANSCRIPTS_PREFIX } from '../barrier/paths.ts'
import { canonicalJson, parseCanonicalJson, type RecordValue } from '../base/canonical-json.ts'
import type { UnixMillis } from '../base/clock.ts'
import { fromBase64, toBase64 } from '../base/encoding.ts'
import { hasCode } from '../base/errors.ts'
import type { Consent } from '../custody/consent.ts'
import type { PublicKeySet } from '../custody/key-set.ts'
import { statementDigest } from '../custody/statement.ts'
import {
  type ChainState,
  type Closing,
  closingLine,
  consentLine,
  dealtLine,
  EMPTY_HEAD,
  NO_TRANSCRIPT,
  openingLine,
  type TranscriptHead,
  type TranscriptLine,
} from '../custody/transcript.ts'
import type { CeremonyPorts } from './ports.ts'
import type { Session } from './session.ts'

/** Where a line of a ceremony's transcript is stored. Names sort as the lines do. */
export function linePath(ceremonyId: string, line: number): string {
  return `${TRANSCRIPTS_PREFIX}${ceremonyId}/${String(line).padStart(5, '0')}`
}

/** The write that stores `line`, the newest of its transcript. */
export function lineWrite(ceremonyId: string, line: TranscriptLine): PlainWrite {
  return { op: 'put', key: linePath(ceremonyId, line.next.lines - 1), value: line.bytes }
}

/** The write that makes a closing line the head to which the next transcript is tied. */
export function headWrite({ ceremonyId, hash }: TranscriptHead): PlainWrite {
  const value = canonicalJson({ ceremony_id: ceremonyId, head: toBase64(hash) })
  return { op: 'put', key: TRANSCRIPT_HEAD_PATH, value }
}

/** The head that a commit of these writes makes; `null` where it closes nothing. */
export function headIn(writes: readonly PlainWrite[]): TranscriptHead | null {
  // Where one commit closes two ceremonies, the later one is the head.
  const write = writes.findLast((one) => one.key === TRANSCRIPT_HEAD_PATH)
  return write?.op === 'put' ? parseHead(write.value) : null
}

/**
 * The head of the transcripts. One that is missing or damaged starts a new chain, which a verifier will
 * notice: no ceremony must be impossible for want of 100 bytes.
 */
export async function readHead(barrier: Barrier, onDamaged: () => void): Promise<TranscriptHead> {
  try {
    const stored = await barrier.get(TRANSCRIPT_HEAD_PATH)
    const head = stored === null ? null : parseHead(stored)
    if (head !== null) return head
  } catch (error) {
    if (!hasCode(error, 'corrupt_entry')) throw error
  }
  onDamaged()
  return NO_TRANSCRIPT
}

function parseHead(stored: Uint8Array): TranscriptHead | null {
  const value = parseCanonicalJson(stored)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null
  const { ceremony_id, head } = value as { readonly [member: string]: unknown }
  const hash = typeof head === 'string' ? fromBase64(head) : null
  if (hash?.length !== EMPTY_HEAD.length || typeof ceremony_id !== 'string') return null
  return { hash, ceremonyId: ceremony_id }
}

type Facts = { readonly [member: string]: RecordValue }

/** What the first line of a transcript is about. */
export interface OpenedCeremony {
  readonly ceremonyId: string
  readonly statement: Uint8Array
  readonly opened: UnixMillis
  /** The sets that the statement names. */
  readonly sets: readonly PublicKeySet[]
}

/**
 * Lines that a step of a ceremony adds to its transcript. The caller commits `writes` together with what the
 * step changes, and only then goes on from `chain`.
 */
export class TranscriptDraft {
  readonly writes: PlainWrite[] = []
  readonly #ports: Pick<CeremonyPorts, 'primitives' | 'clock'>
  readonly #ceremonyId: string
  #chain: ChainState
  #previous: TranscriptHead | null = null

  constructor(
    ports: Pick<CeremonyPorts, 'primitives' | 'clock'>,
    { ceremonyId }: { readonly ceremonyId: string },
    chain: ChainState,
  ) {
    this.#ports = ports
    this.#ceremonyId = ceremonyId
    this.#chain = chain
  }

  /**
   * The draft of a new ceremony, with its first line, tied to the newest transcript: to `previous`, where
   * that is closed in the same commit.
   */
  static open(
    ports: CeremonyPorts,
    session: Session,
    about: OpenedCeremony & { readonly previous?: TranscriptHead | null },
  ): TranscriptDraft {
    const draft = new TranscriptDraft(ports, about, { lines: 0, head: EMPTY_HEAD })
    draft.#previous = about.previous ?? null
    const opening = {
      statement: about.statement,
      digest: statementDigest(ports.primitives, about.statement),
      custodyDigest: session.custodyDigest,
      serial: session.record.serial,
      identityKey: session.identity.publicKey,
      keySets: about.sets,
      previousHead: (draft.#previous ?? session.transcriptHead).hash,
    }
    return draft.#add(openingLine(ports.primitives, about.opened, opening))
  }

  get chain(): ChainState {
    return this.#chain
  }

  /** The newest line as a head; of a transcript that was closed, what the next one names. */
  get head(): TranscriptHead {
    return { hash: this.#chain.head, ceremonyId: this.#ceremonyId }
  }

  /** Closes behind another ceremony that is closed in the same commit, where there is one. */
  after(previous: TranscriptHead | null): this {
    this.#previous = previous
    return this
  }

  consent(consent: Consent): this {
    const time = this.#ports.clock.now()
    return this.#add(consentLine(this.#ports.primitives, this.#chain, { time, consent }))
  }

  dealt(by: { readonly agreedBy: Uint8Array; readonly dealt: PublicKeySet }): this {
    const time = this.#ports.clock.now()
    return this.#add(dealtLine(this.#ports.primitives, this.#chain, { time, ...by }))
  }

  /** The last line, signed by the identity that the store has now; it becomes the head. */
  close(session: Session, event: Closing['event'], facts: Facts): this {
    this.#add(
      closingLine(this.#ports.primitives, this.#chain, {
        time: this.#ports.clock.now(),
        event,
        facts,
        identity: session.identity,
        previous: this.#previous ?? session.transcriptHead,
      }),
    )
    this.writes.push(headWrite(this.head))
    return this
  }

  #add(line: TranscriptLine): this {
    this.writes.push(lineWrite(this.#ceremonyId, line))
    this.#chain = line.next
    return this
  }
}
