import { OperatingError } from '../../../base/errors.ts'
import type { Call } from '../../../logical/backend.ts'
import {
  type Fields,
  type Given,
  present,
  readFields,
  readWrittenFields,
} from '../../../logical/field-table.ts'
import { type JsonObject, NO_MEMBERS } from '../../../logical/json.ts'
import type { LogicalResponse } from '../../../logical/response.ts'
import { patchedCustomMetadata, writtenCustomMetadata } from './custom-metadata.ts'
import {
  type Key,
  type KeySettings,
  type MountSettings,
  newKey,
  PLAIN_SETTINGS,
  withSettings,
} from './key.ts'
import { NOTHING_THERE, writtenPath } from './paths.ts'
import type { Room } from './room.ts'
import { checkMaxVersions, SETTING_FIELDS } from './settings.ts'

export const METADATA_FIELDS = {
  ...SETTING_FIELDS,
  custom_metadata: { type: 'object', description: 'Texts that people write beside the secret.' },
  delete_version_after: {
    type: 'seconds',
    description: 'How long after a write a version is deleted; "0s": as the mount says.',
  },
  metadata_cas: {
    type: 'integer',
    description: 'The number of the change of the settings that this one follows; 0: of none.',
  },
} as const satisfies Fields

const IGNORED = '"cas_required" set to false, but is mandated by backend config. This value will be ignored.'

/** Changes settings of a key, which need not be there; what is not named stays. */
export async function writeMetadata(room: Room, call: Call): Promise<LogicalResponse | null> {
  const path = writtenPath(call)
  const { data } = call.request
  const given = readWrittenFields(METADATA_FIELDS, data)
  // Clients that send all settings of a key send null for texts where it has none.
  const texts = isNull(data, 'custom_metadata') ? NO_MEMBERS : given.custom_metadata
  const customMetadata = texts === undefined ? undefined : writtenCustomMetadata(texts)
  const changes = present({ ...settingsOf(given), customMetadata })
  if (Object.keys(changes).length === 0) return null
  const mount = await room.config.read()
  return await room.keys.change(path, (key) => {
    checkCas(given, key, mount)
    const now = room.clock.now()
    return { key: withSettings(key ?? newKey(now), changes, now), answer: answerOf(given, mount) }
  })
}

/** Merges settings into those of a key that is there: `null` is as if nobody had ever set it. */
export async function patchMetadata(room: Room, call: Call): Promise<LogicalResponse | null> {
  const path = writtenPath(call)
  const { data } = call.request
  const given = readFields(METADATA_FIELDS, data)
  const plain = Object.entries(SETTINGS).filter(([name]) => isNull(data, name))
  const changes = {
    ...present(settingsOf(given)),
    ...Object.fromEntries(plain.map(([, setting]) => [setting, PLAIN_SETTINGS[setting]])),
  }
  const texts = given.custom_metadata
  const mount = await room.config.read()
  return await room.keys.change<LogicalResponse | null>(path, (key) => {
    if (key === null) return { key, answer: NOTHING_THERE }
    if (texts === undefined && Object.keys(changes).length === 0) return { key, answer: null }
    checkCas(given, key, mount)
    const { customMetadata } = key.settings
    const merged = texts === undefined ? {} : { customMetadata: patchedCustomMetadata(customMetadata, texts) }
    const changed = withSettings(key, { ...changes, ...merged }, room.clock.now())
    return { key: changed, answer: answerOf(given, mount) }
  })
}

/** The settings by the names that clients have for them. */
const SETTINGS = {
  cas_required: 'casRequired',
  custom_metadata: 'customMetadata',
  delete_version_after: 'deleteAfter',
  max_versions: 'maxVersions',
  metadata_cas_required: 'metadataCasRequired',
} as const satisfies Readonly<Record<string, keyof KeySettings>>

type GivenSettings = Given<typeof METADATA_FIELDS>

function settingsOf(given: GivenSettings): {
  readonly [Name in Exclude<keyof KeySettings, 'customMetadata'>]: KeySettings[Name] | undefined
} {
  checkMaxVersions(given.max_versions)
  return {
    casRequired: given.cas_required,
    deleteAfter: given.delete_version_after,
    maxVersions: given.max_versions,
    metadataCasRequired: given.metadata_cas_required,
  }
}

function isNull(data: JsonObject | null, name: string): boolean {
  return data?.members.get(name)?.kind === 'null'
}

/** Throws `bad_request` where the caller knows other settings than there are, or does not say which. */
function checkCas({ metadata_cas: cas }: GivenSettings, key: Key | null, mount: MountSettings): void {
  if (cas === undefined) {
    if (!mount.metadataCasRequired && key?.settings.metadataCasRequired !== true) return
    throw refused('metadata check-and-set parameter required for this call')
  }
  if (key === null && cas !== 0) throw refused('metadata_cas must be 0 when creating new metadata')
  if (key !== null && cas !== key.metadataVersion) {
    throw refused('metadata check-and-set parameter does not match the current version')
  }
}

function answerOf(given: GivenSettings, mount: MountSettings): LogicalResponse | null {
  return given.cas_required === false && mount.casRequired ? { warnings: [IGNORED] } : null
}

function refused(why: string): OperatingError {
  return new OperatingError('bad_request', why)
}
