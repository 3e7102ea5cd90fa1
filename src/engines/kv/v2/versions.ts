import type { UnixMillis } from '../../../base/clock.ts'
import { OperatingError } from '../../../base/errors.ts'
import type { Call, Route } from '../../../logical/backend.ts'
import { type Fields, readFields } from '../../../logical/field-table.ts'
import { type Key, type MountSettings, withDeletions, withDestructions, withoutDeletions } from './key.ts'
import { writtenPath } from './paths.ts'
import type { Room } from './room.ts'

const FIELDS = {
  versions: { type: 'integers', description: 'Numbers of versions; those that are not there are left out.' },
} as const satisfies Fields

/** What is done with some versions of a key. */
interface Act {
  readonly pattern: string
  readonly summary: string
  /** Where no version is named. */
  readonly refusal: string
  readonly act: (key: Key, numbers: readonly number[], at: At) => Key
}

interface At {
  readonly mount: MountSettings
  readonly now: UnixMillis
}

const ACTS: readonly Act[] = [
  {
    pattern: 'delete/*path',
    summary: 'Versions of a secret read as deleted from now on.',
    refusal: 'No version number provided',
    act: (key, numbers, { now }) => withDeletions(key, numbers, now),
  },
  {
    pattern: 'undelete/*path',
    summary: 'Versions of a secret that were deleted read again.',
    refusal: 'No version number provided',
    act: withoutDeletions,
  },
  {
    pattern: 'destroy/*path',
    summary: 'The values of versions of a secret are removed for ever.',
    refusal: 'no version number provided',
    act: (key, numbers) => withDestructions(key, numbers),
  },
]

/** `M/delete/P`, `M/undelete/P`, `M/destroy/P` (surface.md section 5.2). */
export function versionRoutes(room: Room): readonly Route[] {
  return ACTS.map(({ pattern, summary, refusal, act }) => ({
    pattern,
    summary,
    access: 'token',
    fields: FIELDS,
    handlers: { update: (call) => change(room, call, { refusal, act }) },
  }))
}

async function change(
  { keys, config, clock }: Room,
  call: Call,
  { refusal, act }: Pick<Act, 'refusal' | 'act'>,
): Promise<null> {
  const path = writtenPath(call)
  const { versions = [] } = readFields(FIELDS, call.request.data)
  if (versions.length === 0) throw new OperatingError('bad_request', refusal)
  const mount = await config.read()
  return await keys.change(path, (key) => ({
    key: key === null ? null : act(key, versions, { mount, now: clock.now() }),
    answer: null,
  }))
}
