import type { DeskPlace } from './desk.ts'
import { type InstalledVersion, readVersions } from './versions.ts'

/** What an open store remembers of its past. Every method throws `sealed` on another. */
export class Archive {
  readonly #place: DeskPlace

  constructor(place: DeskPlace) {
    this.#place = place
  }

  /** Which versions have served this store, oldest first. Throws `corrupt_store`, `corrupt_entry`. */
  async versions(): Promise<readonly InstalledVersion[]> {
    return await readVersions(this.#place.expectOpen().session.barrier)
  }
}
