import { OperatingError } from '../../../base/errors.ts'
import type { Call, Handler, Route } from '../../../logical/backend.ts'
import type { Operation } from '../../../logical/request.ts'
import type { LogicalResponse } from '../../../logical/response.ts'
import { checkSecretPath } from '../secret-path.ts'
import type { Room } from './room.ts'

/** Roots that clients mean as such when they name no secret behind them. */
const ROOTS = ['metadata', 'data', 'delete', 'undelete', 'destroy']
const NO_SECRET: LogicalResponse = {
  status: 404,
  warnings: ['Non-listing operations on the root of a K/V v2 mount are not supported.'],
}

/** Of a patch: 404 with no body at all. */
export const NOTHING_THERE: LogicalResponse = { status: 404, bare: null }

/**
 * Looks at the secret that a call names: `null` for a folder, where none is. A root itself is answered as the
 * peers do. Throws `bad_request` for a path that would be no storage key.
 */
export async function atSecret(
  call: Call,
  look: (path: string) => Promise<LogicalResponse | null>,
): Promise<LogicalResponse | null> {
  const path = checkSecretPath(call.parameters['path'] ?? '')
  if (path === '') return NO_SECRET
  return path.endsWith('/') ? null : await look(path)
}

/** The path of a secret that is written. Throws `bad_request` for a root or a folder. */
export function writtenPath(call: Call): string {
  const path = checkSecretPath(call.parameters['path'] ?? '')
  if (path !== '' && !path.endsWith('/')) return path
  throw new OperatingError('bad_request', "cannot write to a path ending in '/'")
}

/** Whether a write updates: a key is there even where all of its versions are deleted. */
export async function keyExists({ keys }: Room, { parameters }: Call): Promise<boolean> {
  const path = checkSecretPath(parameters['path'] ?? '')
  return path !== '' && !path.endsWith('/') && (await keys.has(path))
}

/** What the command line of the peer calls the operations. */
const VERBS = {
  read: 'get',
  list: 'list',
  scan: 'scan',
  update: 'put',
  patch: 'patch',
  delete: 'delete',
} satisfies Partial<Record<Operation, string>>

/** Takes whatever no other route does: who reads `M/foo` of a mount with versions has the wrong path. */
export const WRONG_PATH: Route = {
  pattern: '*path',
  summary: 'Nothing is here; the answer says where to look.',
  access: 'token',
  handlers: Object.fromEntries(
    Object.entries(VERBS).map(([operation, verb]) => [operation, wrongPath(verb)]),
  ),
}

function wrongPath(verb: string): Handler {
  const text =
    'Invalid path for a versioned K/V secrets engine. See the API docs for the appropriate API endpoints ' +
    `to use. If using the OpenBao CLI, use 'bao kv ${verb}' for this operation.`
  const wrong: LogicalResponse = { status: 404, warnings: [text] }
  return async ({ parameters }) => (ROOTS.includes(parameters['path'] ?? '') ? NO_SECRET : wrong)
}
