import type { Call, Route } from '../../../logical/backend.ts'
import { goDuration } from '../../../logical/duration.ts'
import { type Fields, present, readFields } from '../../../logical/field-table.ts'
import type { LogicalResponse } from '../../../logical/response.ts'
import { shape, TEXT, TRUTH, WHOLE } from '../../../logical/schema.ts'
import type { MountConfig } from './mount-config.ts'
import type { Room } from './room.ts'
import { checkMaxVersions, SETTING_FIELDS } from './settings.ts'

const FIELDS = {
  ...SETTING_FIELDS,
  delete_version_after: {
    type: 'signed-seconds',
    description:
      'How long after a write a version is deleted; "0s": never, negative: nor where a key says so.',
  },
} as const satisfies Fields

/** `M/config`: what holds for every key of the mount (surface.md section 5.2). */
export function configRoute({ config }: Room): Route {
  return {
    pattern: 'config',
    summary: 'Settings for every secret of the mount.',
    access: 'token',
    fields: FIELDS,
    answers: {
      read: shape({
        cas_required: TRUTH,
        delete_version_after: TEXT,
        max_versions: WHOLE,
        metadata_cas_required: TRUTH,
      }),
    },
    handlers: {
      read: () => read(config),
      update: (call) => write(config, call),
    },
  }
}

async function read(config: MountConfig): Promise<LogicalResponse> {
  const settings = await config.read()
  return {
    data: {
      cas_required: settings.casRequired,
      delete_version_after: goDuration(settings.deleteAfter),
      max_versions: settings.maxVersions,
      metadata_cas_required: settings.metadataCasRequired,
    },
  }
}

async function write(config: MountConfig, call: Call): Promise<null> {
  const given = readFields(FIELDS, call.request.data)
  checkMaxVersions(given.max_versions)
  const seconds = given.delete_version_after
  const changes = present({
    casRequired: given.cas_required,
    // Every negative one says the same.
    deleteAfter: seconds === undefined ? undefined : Math.max(-1, seconds),
    maxVersions: given.max_versions,
    metadataCasRequired: given.metadata_cas_required,
  })
  if (Object.keys(changes).length > 0) await config.change(changes)
  return null
}
