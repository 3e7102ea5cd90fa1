import type { Barrier, PlainWrite } from '../barrier/barrier.ts'
import { TRANSCRIPT_HEAD_PATH, TRANSCRIPTS_PREFIX } from '../barrier/paths.ts'
import { canonicalJson, parseCanonicalJson, type RecordValue } from '../base/canonical-json.ts'
import { fromBase64, sameBytes, toBase64 } from '../base/encoding.ts'
import type { Consent } from '../custody/consent.ts'
import { corrupt, field } from '../custody/record-fields.ts'
import {
  type ChainState,
  type Closing,
  closingLine,
  consentLine,
  dealtLine,
  EMPTY_HEAD,
  openingLine,
  type TranscriptLine,
} from '../custody/transcript.ts'
import type { Agreement } from './agreement.ts'
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
export function headWrite(closing: TranscriptLine): PlainWrite {
  const value = canonicalJson({ head: toBase64(closing.next.head) })
  return { op: 'put', key: TRANSCRIPT_HEAD_PATH, value }
}

/** SHA-256 of the newest closing line; zeros where there is none yet. Throws `corrupt_store`. */
export async function readHead(barrier: Barrier): Promise<Uint8Array> {
  const stored = await barrier.get(TRANSCRIPT_HEAD_PATH)
  if (stored === null) return EMPTY_HEAD
  const value = parseCanonicalJson(stored)
  const head = typeof value === 'object' && value !== null && 'head' in value ? value['head'] : null
  const bytes = typeof head === 'string' ? fromBase64(head) : null
  if (bytes?.length !== EMPTY_HEAD.length) throw corrupt('the head of the transcripts', 'cannot be read')
  return bytes
}

type Facts = { readonly [member: string]: RecordValue }

/**
 * Lines that a step of a ceremony adds to its transcript. The caller commits `writes` together with what the
 * step changes, and only then goes on from `chain`.
 */
export class TranscriptDraft {
  readonly writes: PlainWrite[] = []
  readonly #ports: Pick<CeremonyPorts, 'primitives' | 'clock'>
  readonly #agreement: Pick<Agreement, 'ceremonyId' | 'identityKey'>
  #chain: ChainState

  constructor(
    ports: Pick<CeremonyPorts, 'primitives' | 'clock'>,
    agreement: Pick<Agreement, 'ceremonyId' | 'identityKey'>,
    chain: ChainState,
  ) {
    this.#ports = ports
    this.#agreement = agreement
    this.#chain = chain
  }

  /** The draft of a new ceremony, with its first line, tied to the newest transcript. */
  static async open(ports: CeremonyPorts, session: Session, agreement: Agreement): Promise<TranscriptDraft> {
    const draft = new TranscriptDraft(ports, agreement, { lines: 0, head: EMPTY_HEAD })
    const opening = {
      statement: agreement.statement,
      digest: agreement.digest,
      custodyDigest: session.custodyDigest,
      serial: session.record.serial,
      identityKey: agreement.identityKey,
      previousHead: await readHead(session.barrier),
    }
    draft.#add(openingLine(ports.primitives, agreement.opened, opening))
    return draft
  }

  get chain(): ChainState {
    return this.#chain
  }

  consent(consent: Consent): this {
    const time = this.#ports.clock.now()
    return this.#add(consentLine(this.#ports.primitives, this.#chain, { time, consent }))
  }

  dealt(facts: Facts): this {
    const time = this.#ports.clock.now()
    return this.#add(dealtLine(this.#ports.primitives, this.#chain, { time, facts }))
  }

  /**
   * The last line, signed by the identity that the store has now. It is named where it is not the one of the
   * first line, because an old set was dropped in between.
   */
  close(session: Session, event: Closing['event'], facts: Facts): this {
    const { identity } = session
    const isOther = !sameBytes(identity.publicKey, this.#agreement.identityKey)
    const closing = closingLine(this.#ports.primitives, this.#chain, {
      time: this.#ports.clock.now(),
      event,
      facts: isOther ? { ...facts, identity_key: field(identity.publicKey) } : facts,
      identitySeed: identity.seed,
    })
    this.#add(closing)
    this.writes.push(headWrite(closing))
    return this
  }

  #add(line: TranscriptLine): this {
    this.writes.push(lineWrite(this.#agreement.ceremonyId, line))
    this.#chain = line.next
    return this
  }
}
