/**
 * KV 2 as surface.md section 5.2 describes it, written apart from the engine and for nothing but clearness:
 * values are plain objects, nothing is stored, and time is a number.
 */
export type Data = { readonly [name: string]: unknown } | null

export type Outcome = { readonly status: number; readonly data: unknown } | { readonly refused: string }

interface ModelVersion {
  readonly created: number
  deletion: number | null
  destroyed: boolean
  data: Data
}

interface ModelKey {
  readonly created: number
  updated: number
  changes: number
  current: number
  oldest: number
  settings: ModelSettings
  custom: Record<string, string> | null
  readonly versions: Map<number, ModelVersion>
}

export interface ModelSettings {
  max_versions: number
  cas_required: boolean
  metadata_cas_required: boolean
  /** Seconds. */
  delete_version_after: number
}

const plain = (): ModelSettings => ({
  max_versions: 0,
  cas_required: false,
  metadata_cas_required: false,
  delete_version_after: 0,
})

const NOTHING = { status: 404, data: null }
const DONE = { status: 204, data: null }

export class KvModel {
  readonly #keys = new Map<string, ModelKey>()
  #config = plain()
  now: number

  constructor(now: number) {
    this.now = now
  }

  /** The newest version of a key, for callers that know it. */
  current(path: string): number {
    return this.#keys.get(path)?.current ?? 0
  }

  /** How often the settings of a key were changed. */
  changes(path: string): number {
    return this.#keys.get(path)?.changes ?? 0
  }

  write(path: string, data: Data, cas: number | undefined): Outcome {
    const refused = this.#refusesCas(path, cas)
    if (refused !== null) return { refused }
    const key = this.#keys.get(path) ?? this.#create(path)
    return this.#add(key, data)
  }

  patch(path: string, patch: Data, cas: number | undefined): Outcome {
    const key = this.#keys.get(path)
    if (key === undefined) return NOTHING
    const refused = this.#refusesCas(path, cas)
    if (refused !== null) return { refused }
    const newest = key.versions.get(key.current)
    if (newest === undefined) return NOTHING
    if (this.#isGone(newest)) return { status: 404, data: this.#shown(key, key.current, newest) }
    return this.#add(key, merge(newest.data, patch) as Data)
  }

  read(path: string, wanted: number): Outcome {
    const key = this.#keys.get(path)
    const number = wanted > 0 ? wanted : (key?.current ?? 0)
    const version = key?.versions.get(number)
    if (key === undefined || version === undefined) return NOTHING
    const metadata = this.#shown(key, number, version)
    if (this.#isGone(version)) return { status: 404, data: { data: null, metadata } }
    return { status: 200, data: { data: version.data, metadata } }
  }

  deleteNewest(path: string): Outcome {
    return this.delete(path, [this.current(path)])
  }

  delete(path: string, numbers: readonly number[]): Outcome {
    for (const version of this.#named(path, numbers)) {
      if (!this.#isGone(version)) version.deletion = this.now
    }
    return DONE
  }

  undelete(path: string, numbers: readonly number[]): Outcome {
    const key = this.#keys.get(path)
    for (const version of this.#named(path, numbers)) {
      if (key !== undefined && !version.destroyed) version.deletion = this.#deletionOf(key)
    }
    return DONE
  }

  destroy(path: string, numbers: readonly number[]): Outcome {
    for (const version of this.#named(path, numbers)) {
      version.destroyed = true
      version.data = null
    }
    return DONE
  }

  configure(changes: Partial<ModelSettings>): Outcome {
    this.#config = { ...this.#config, ...changes }
    return DONE
  }

  setMetadata(
    path: string,
    changes: Partial<ModelSettings>,
    more: { readonly custom?: Record<string, string>; readonly cas?: number; readonly merges: boolean },
  ): Outcome {
    const known = this.#keys.get(path)
    if (more.merges && known === undefined) return NOTHING
    if (Object.keys(changes).length === 0 && more.custom === undefined) return DONE
    const required = this.#config.metadata_cas_required || known?.settings.metadata_cas_required === true
    if (more.cas === undefined && required) {
      return { refused: 'metadata check-and-set parameter required for this call' }
    }
    if (more.cas !== undefined && known === undefined && more.cas !== 0) {
      return { refused: 'metadata_cas must be 0 when creating new metadata' }
    }
    if (more.cas !== undefined && known !== undefined && more.cas !== known.changes) {
      return { refused: 'metadata check-and-set parameter does not match the current version' }
    }
    const key = known ?? this.#create(path)
    key.settings = { ...key.settings, ...changes }
    if (more.custom !== undefined) {
      key.custom = more.merges ? { ...key.custom, ...more.custom } : { ...more.custom }
    }
    key.changes++
    key.updated = this.now
    return DONE
  }

  metadata(path: string): Outcome {
    const key = this.#keys.get(path)
    if (key === undefined) return NOTHING
    const versions = [...key.versions].map(([number, version]) => [
      String(number),
      {
        created_time: iso(version.created),
        deletion_time: version.deletion === null ? '' : iso(version.deletion),
        destroyed: version.destroyed,
      },
    ])
    const { delete_version_after: seconds, ...settings } = key.settings
    return {
      status: 200,
      data: {
        ...settings,
        created_time: iso(key.created),
        current_metadata_version: key.changes,
        current_version: key.current,
        custom_metadata: key.custom,
        delete_version_after: clockOf(seconds),
        oldest_version: key.oldest,
        updated_time: iso(key.updated),
        versions: Object.fromEntries(versions),
      },
    }
  }

  remove(path: string): Outcome {
    this.#keys.delete(path)
    return DONE
  }

  list(folder: string): Outcome {
    const below = [...this.#keys.keys()].filter((path) => path.startsWith(folder))
    const names = below.map((path) => path.slice(folder.length).replace(/\/.*/, '/'))
    const keys = [...new Set(names)].sort()
    return keys.length === 0 ? NOTHING : { status: 200, data: { keys } }
  }

  #create(path: string): ModelKey {
    const [created, updated] = [this.now, this.now]
    const none = { changes: 0, current: 0, oldest: 0, custom: null }
    const key: ModelKey = { created, updated, ...none, settings: plain(), versions: new Map() }
    this.#keys.set(path, key)
    return key
  }

  #add(key: ModelKey, data: Data): Outcome {
    key.current++
    const version = { created: this.now, deletion: this.#deletionOf(key), destroyed: false, data }
    key.versions.set(key.current, version)
    key.updated = this.now
    const most = Math.max(key.settings.max_versions, this.#config.max_versions) || 10
    for (const number of [...key.versions.keys()].sort((one, other) => one - other)) {
      if (key.versions.size <= most) break
      key.versions.delete(number)
      key.oldest = number + 1
    }
    return { status: 200, data: this.#shown(key, key.current, version) }
  }

  #named(path: string, numbers: readonly number[]): readonly ModelVersion[] {
    const versions = this.#keys.get(path)?.versions
    return numbers.flatMap((number) => versions?.get(number) ?? [])
  }

  #refusesCas(path: string, cas: number | undefined): string | null {
    const key = this.#keys.get(path)
    if (cas === undefined) {
      const required = this.#config.cas_required || key?.settings.cas_required === true
      return required ? 'check-and-set parameter required for this call' : null
    }
    const matches = cas === (key?.current ?? 0)
    return matches ? null : 'check-and-set parameter did not match the current version'
  }

  #isGone(version: ModelVersion): boolean {
    return version.destroyed || (version.deletion !== null && version.deletion <= this.now)
  }

  #deletionOf({ settings }: ModelKey): number | null {
    const mount = this.#config.delete_version_after
    const key = settings.delete_version_after
    if (mount < 0 || (mount === 0 && key === 0)) return null
    const seconds = mount === 0 ? key : key === 0 ? mount : Math.min(mount, key)
    return this.now + seconds * 1000
  }

  #shown(key: ModelKey, version: number, { created, deletion, destroyed }: ModelVersion): unknown {
    return {
      created_time: iso(created),
      custom_metadata: key.custom,
      deletion_time: deletion === null ? '' : iso(deletion),
      destroyed,
      version,
    }
  }
}

/** RFC 7396 section 2, as it stands there. */
function merge(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch
  const isObject = typeof target === 'object' && target !== null && !Array.isArray(target)
  const merged: Record<string, unknown> = isObject ? { ...target } : {}
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete merged[name]
    else merged[name] = merge(merged[name], value)
  }
  return merged
}

function iso(time: number): string {
  return new Date(time).toISOString()
}

/** `1h0m0s`, as Go has it. */
function clockOf(seconds: number): string {
  const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60), seconds % 60]
  if (hours > 0) return `${hours}h${minutes}m${rest}s`
  return minutes > 0 ? `${minutes}m${rest}s` : `${rest}s`
}
