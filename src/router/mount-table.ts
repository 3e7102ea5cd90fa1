import { canonicalJson, parseCanonicalJson } from '../base/canonical-json.ts'
import { toHex, uuidFrom } from '../base/encoding.ts'
import type { Entropy } from '../base/entropy.ts'
import { OperatingError } from '../base/errors.ts'

const FORMAT = 1

/** What stands at a path. */
export interface MountEntry {
  /** Ends in `/`, for example `secret/` or `auth/token/`. */
  readonly path: string
  /** The engine's name in the registry. */
  readonly type: string
  /** Names the mount's storage, for ever: a path may move, data does not. */
  readonly uuid: string
  /** Public name: the type (behind `auth_` for an auth method) and 8 hex digits (surface.md section 4.1). */
  readonly accessor: string
  readonly description: string
  readonly options: Readonly<Record<string, string>>
}

/** The mounts of a new store. */
export function initialMounts(entropy: Entropy): readonly MountEntry[] {
  const mount = (path: string, type: string, description: string): MountEntry => {
    const uuid = uuidFrom(entropy.bytes(16))
    const kind = path.startsWith('auth/') ? `auth_${type}` : type
    return { path, type, uuid, accessor: `${kind}_${toHex(entropy.bytes(4))}`, description, options: {} }
  }
  return [
    mount('auth/token/', 'token', 'token based credentials'),
    mount('cubbyhole/', 'cubbyhole', 'per-token private secret storage'),
    { ...mount('secret/', 'kv', 'key/value secret storage'), options: { version: '1' } },
    mount('sys/', 'system', 'system endpoints used for control, policy and debugging'),
  ]
}

export function encodeMounts(mounts: readonly MountEntry[]): Uint8Array {
  return canonicalJson({ format: FORMAT, mounts: mounts.map((mount) => ({ ...mount })) })
}

/** Throws `corrupt_entry` for what `encodeMounts` did not write. */
export function decodeMounts(stored: Uint8Array): readonly MountEntry[] {
  const table = parseCanonicalJson(stored) as { readonly format?: unknown; readonly mounts?: unknown } | null
  if (table?.format !== FORMAT || !Array.isArray(table.mounts) || !table.mounts.every(isMountEntry)) {
    throw new OperatingError('corrupt_entry', 'the mount table cannot be read')
  }
  return table.mounts
}

function isMountEntry(value: unknown): value is MountEntry {
  if (typeof value !== 'object' || value === null) return false
  const { options, ...texts } = value as { readonly [name: string]: unknown }
  const names = ['path', 'type', 'uuid', 'accessor', 'description']
  if (!names.every((name) => typeof texts[name] === 'string')) return false
  if (Object.keys(texts).length !== names.length || typeof options !== 'object' || options === null)
    return false
  return Object.values(options).every((option) => typeof option === 'string')
}
