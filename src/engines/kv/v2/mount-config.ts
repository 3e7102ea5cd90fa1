import { canonicalJson, parseCanonicalJson } from '../../../base/canonical-json.ts'
import { OperatingError } from '../../../base/errors.ts'
import { Queue } from '../../../base/queue.ts'
import type { StorageView } from '../../../logical/backend.ts'
import type { Writes } from '../writes.ts'
import type { MountSettings } from './key.ts'

const PLACE = 'config'
const FORMAT = 1

const PLAIN: MountSettings = {
  maxVersions: 0,
  casRequired: false,
  metadataCasRequired: false,
  deleteAfter: 0,
}

/** What the mount says for all of its keys: read once, as every write needs it. */
export class MountConfig {
  readonly #storage: StorageView
  readonly #writes: Writes
  readonly #queue = new Queue()
  #settings: MountSettings | null = null

  constructor(storage: StorageView, writes: Writes) {
    this.#storage = storage
    this.#writes = writes
  }

  /** Throws `corrupt_entry`. */
  async read(): Promise<MountSettings> {
    return this.#settings ?? (await this.#queue.run(() => this.#load()))
  }

  /** Durable when it resolves; what is absent stays. */
  async change(changes: Partial<MountSettings>): Promise<void> {
    await this.#writes.run(() =>
      this.#queue.run(async () => {
        const settings = { ...(await this.#load()), ...changes }
        await this.#storage.commit([{ op: 'put', key: PLACE, value: encode(settings) }])
        this.#settings = settings
      }),
    )
  }

  async #load(): Promise<MountSettings> {
    if (this.#settings !== null) return this.#settings
    const stored = await this.#storage.get(PLACE)
    this.#settings = stored === null ? PLAIN : decode(stored)
    return this.#settings
  }
}

function encode(settings: MountSettings): Uint8Array {
  return canonicalJson({
    cas_required: settings.casRequired,
    delete_version_after: settings.deleteAfter,
    format: FORMAT,
    max_versions: settings.maxVersions,
    metadata_cas_required: settings.metadataCasRequired,
  })
}

function decode(stored: Uint8Array): MountSettings {
  const record = (parseCanonicalJson(stored) ?? {}) as { readonly [member: string]: unknown }
  const {
    cas_required: casRequired,
    delete_version_after: deleteAfter,
    max_versions: maxVersions,
    metadata_cas_required: metadataCasRequired,
  } = record
  if (
    record['format'] !== FORMAT ||
    typeof casRequired !== 'boolean' ||
    typeof deleteAfter !== 'number' ||
    typeof maxVersions !== 'number' ||
    typeof metadataCasRequired !== 'boolean'
  ) {
    throw new OperatingError('corrupt_entry', 'the settings of a mount cannot be read')
  }
  return { casRequired, deleteAfter, maxVersions, metadataCasRequired }
}
