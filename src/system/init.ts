import { OperatingError } from '../base/errors.ts'
import type { BareRequest, BareResponse, BareRoute } from '../logical/bare-route.ts'
import { member, strictInteger } from '../logical/fields.ts'
import { SecretText } from '../logical/json.ts'
import { ok, sharesOut } from './answers.ts'
import type { Lifecycle } from './lifecycle.ts'

const RECOVERY_FIELDS = ['recovery_shares', 'recovery_threshold', 'recovery_pgp_keys']

/** `/v1/sys/init` (key-lifecycle.md section 2): no token, in every state. */
export function initRoute(lifecycle: Lifecycle): BareRoute {
  const init = (request: BareRequest): Promise<BareResponse> => initialise(lifecycle, request)
  return {
    path: '/v1/sys/init',
    summary: 'Whether the store is initialised (GET), and initialising it (PUT).',
    emptyBody: 'object',
    needsOpen: false,
    handlers: {
      GET: async () => ok({ initialized: lifecycle.custodian.status().phase !== 'empty' }),
      PUT: init,
      POST: init,
    },
  }
}

async function initialise(lifecycle: Lifecycle, { body }: BareRequest): Promise<BareResponse> {
  const shares = strictInteger(body, 'secret_shares') ?? 0
  const threshold = strictInteger(body, 'secret_threshold') ?? 0
  const recovery = RECOVERY_FIELDS.filter((name) => isGiven(body, name))
  if (recovery.length > 0) {
    const text = `parameters ${recovery.join(',')} not applicable to seal type shamir`
    throw new OperatingError('parameters_invalid', text)
  }
  refusePgp(body, ['pgp_keys', 'root_token_pgp_key'])
  const answer = await lifecycle.custodian.init({ shares, threshold })
  return ok({ ...sharesOut(answer.shares), root_token: new SecretText(answer.rootToken) })
}

/** Refused as a whole before anything is written: shares in the clear would be worse than none. */
export function refusePgp(body: BareRequest['body'], names: readonly string[]): void {
  const given = names.find((name) => isGiven(body, name))
  if (given === undefined) return
  throw new OperatingError(
    'parameters_invalid',
    `"${given}" is not available in this version: shares are returned in the clear. Nothing was changed`,
  )
}

/** Whether a member says something: not absent, null, 0, false, or empty. */
function isGiven(body: BareRequest['body'], name: string): boolean {
  const node = member(body, name)
  if (node === undefined || node.kind === 'null') return false
  if (node.kind === 'number') return Number(node.literal) !== 0
  if (node.kind === 'array') return node.items.length > 0
  if (node.kind === 'boolean') return node.value
  return node.kind !== 'string' || node.raw.length > 2
}
