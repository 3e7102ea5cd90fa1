import { isMembers, type Members, text } from './answers.ts'
import { TransportError } from './errors.ts'
import type { Exchange } from './exchange.ts'

/** A ceremony of the past, or one that is running: `GET /v1/sys/ceremonies`. Times are RFC 3339. */
export interface Ceremony {
  readonly id: string
  readonly kind: string
  readonly openedAt: string
  /** Empty while it is running. */
  readonly endedAt: string
  readonly outcome: string
  readonly serial: number
  /** SHA-256 of its closing line in hex; empty while it is running. */
  readonly head: string
}

export interface CeremonyPage {
  readonly ceremonies: readonly Ceremony[]
  /** Behind which the next page begins; `null` where there are no more. */
  readonly next: string | null
}

/** Ceremonies and their transcripts, which take a token. Throws as `ConclaveClient` does. */
export class CeremoniesClient {
  readonly #exchange: Exchange

  constructor(exchange: Exchange) {
    this.#exchange = exchange
  }

  /** From the newest end to the oldest; the first page begins with those that are running. */
  async page(after: string | null): Promise<CeremonyPage> {
    const search = after === null ? '' : `?after=${encodeURIComponent(after)}`
    const data = await this.#data(`/v1/sys/ceremonies${search}`)
    const list = data['ceremonies']
    const next = text(data, 'next')
    return {
      ceremonies: Array.isArray(list) ? list.filter(isMembers).map(ceremony) : [],
      next: next === '' ? null : next,
    }
  }

  /** The lines of one transcript, exactly as they were written. */
  async transcript(id: string): Promise<readonly string[]> {
    const path = `/v1/sys/ceremonies/${encodeURIComponent(id)}/transcript`
    const lines = (await this.#data(path))['lines']
    if (Array.isArray(lines) && lines.every((line) => typeof line === 'string')) return lines
    const hint = 'Is the server of the same version as this program?'
    throw new TransportError('answer_invalid', 'the answer has no lines of a transcript', { hint })
  }

  async #data(path: string): Promise<Members> {
    const { data } = await this.#exchange.members('GET', path)
    return isMembers(data) ? data : {}
  }
}

function ceremony(members: Members): Ceremony {
  const serial = members['serial']
  return {
    id: text(members, 'id'),
    kind: text(members, 'kind'),
    openedAt: text(members, 'opened_at'),
    endedAt: text(members, 'ended_at'),
    outcome: text(members, 'outcome'),
    serial: typeof serial === 'number' ? serial : 0,
    head: text(members, 'head'),
  }
}
