import type { Barrier } from '../barrier/barrier.ts'
import { TRANSCRIPTS_PREFIX } from '../barrier/paths.ts'
import { OperatingError } from '../base/errors.ts'
import type { TranscriptHead } from '../custody/transcript.ts'
import type { Page } from '../physical/backend.ts'
import type { DeskPlace } from './desk.ts'
import {
  type CeremonySummary,
  readSummary,
  readTranscript,
  type StoredCeremony,
} from './stored-transcript.ts'
import { type InstalledVersion, readVersions } from './versions.ts'

/** Ceremonies from the newest end to the oldest. */
export interface CeremonyPage {
  readonly ceremonies: readonly CeremonySummary[]
  /** The ceremony behind which the next page begins; `null` where there are no more. */
  readonly next: string | null
}

/** What an open store remembers of its past. Every method throws `sealed` on another. */
export class Archive {
  readonly #place: DeskPlace

  constructor(place: DeskPlace) {
    this.#place = place
  }

  /** Which versions have served this store, oldest first. Throws `corrupt_store`, `corrupt_entry`. */
  async versions(): Promise<readonly InstalledVersion[]> {
    return await readVersions(this.#barrier)
  }

  /** The newest closing line. */
  head(): TranscriptHead {
    return this.#place.expectOpen().session.transcriptHead
  }

  /** Ids of all ceremonies that were ever opened, in byte order. */
  async ids({ after, limit }: Page): Promise<readonly string[]> {
    const page = { after: after === '' ? '' : `${after}/`, limit }
    const folders = await this.#barrier.list(TRANSCRIPTS_PREFIX, page)
    return folders.map((folder) => folder.slice(0, -1))
  }

  /** The lines of one transcript, in order; `null` where there is no such ceremony. */
  async transcript(id: string): Promise<readonly Uint8Array[] | null> {
    return await readTranscript(this.#barrier, id)
  }

  /** One ceremony; `null` where there is none of this id. */
  async ceremony(id: string): Promise<CeremonySummary | null> {
    return (await this.#read(this.#barrier, id))?.summary ?? null
  }

  /**
   * `limit` ceremonies that have ended, along their chain, from behind `after`; where that is empty, the
   * newest, and before them those that are running. Throws `not_found` for an `after` that has not ended, and
   * `corrupt_entry`, `corrupt_store` where the chain is damaged.
   */
  async ceremonies({ after, limit }: Page): Promise<CeremonyPage> {
    const barrier = this.#barrier
    const newest = this.head().ceremonyId
    const running = after === '' ? await this.#running(barrier) : []
    const ended: CeremonySummary[] = []
    let at = after === '' ? newest : (await this.#ended(barrier, after)).previous
    while (at !== null && ended.length < limit) {
      const { summary, previous } = await this.#ended(barrier, at)
      ended.push(summary)
      at = previous
    }
    return { ceremonies: [...running, ...ended], next: at === null ? null : (ended.at(-1)?.id ?? null) }
  }

  get #barrier(): Barrier {
    return this.#place.expectOpen().session.barrier
  }

  async #read(barrier: Barrier, id: string): Promise<StoredCeremony | null> {
    return await readSummary(barrier, this.#place.ports.primitives, id)
  }

  async #ended(barrier: Barrier, id: string): Promise<StoredCeremony> {
    const ceremony = await this.#read(barrier, id)
    if (ceremony === null || ceremony.summary.ended === null) {
      throw new OperatingError('not_found', 'no ceremony of this id has ended')
    }
    return ceremony
  }

  /** What the runners hold; an id of theirs is an id of ours. */
  async #running(barrier: Barrier): Promise<readonly CeremonySummary[]> {
    const { rekey, generateRoot } = this.#place.expectOpen()
    const running: CeremonySummary[] = []
    for (const one of [rekey.status().running, generateRoot.status().running]) {
      const ceremony = one === null ? null : await this.#read(barrier, one.agreement.ceremonyId)
      if (ceremony !== null) running.push(ceremony.summary)
    }
    return running
  }
}
