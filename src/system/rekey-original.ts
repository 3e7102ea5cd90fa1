import { assert } from '../base/assert.ts'
import { OperatingError } from '../base/errors.ts'
import type { SecretBytes } from '../base/secret-bytes.ts'
import { checkParameters } from '../ceremony/parameters.ts'
import type { RekeyAnswer } from '../ceremony/rekey-runner.ts'
import { parseHexShare } from '../custody/share-format.ts'
import type { BareRequest, BareResponse, BareRoute } from '../logical/bare-route.ts'
import { member, secretField, strictInteger } from '../logical/fields.ts'
import type { JsonObject } from '../logical/json.ts'
import { DONE, ok, prefixed, sharesOut } from './answers.ts'
import { asking } from './ceremony-access.ts'
import type { Lifecycle } from './lifecycle.ts'
import { withEvidence } from './rekey-bodies.ts'

const INIT_PATH = 'sys/rekey/init'
const PREFIX = 'invalid rekey seal configuration: '
/** Members of later faces that would change what is dealt. */
const UNKNOWN_TERMS = ['pgp_keys', 'backup', 'require_verification', 'verify']

/**
 * The original face of the rekey, `/sys/rekey/…` without a version, as the mission document of 2015 has it:
 * five fields, 204, 204, `{"complete", "keys"}`; no nonce, no token (key-lifecycle.md section 11.2). It opens
 * and moves only its own ceremonies.
 */
export function originalRekeyRoutes(lifecycle: Lifecycle): readonly BareRoute[] {
  const start = (request: BareRequest): Promise<BareResponse> => startRekey(lifecycle, request)
  return [
    {
      path: '/sys/rekey/init',
      summary: 'The running rekey (GET), starting one (PUT), cancelling it (DELETE).',
      emptyBody: 'refused',
      needsOpen: false,
      handlers: {
        GET: async () => readRekey(lifecycle),
        PUT: start,
        POST: start,
        DELETE: (request) => cancelRekey(lifecycle, request),
      },
    },
    {
      path: '/sys/rekey/update',
      summary: 'Gives one share; the last answer carries the new ones.',
      emptyBody: 'refused',
      needsOpen: false,
      handlers: { PUT: (request) => updateRekey(lifecycle, request) },
    },
  ]
}

function readRekey({ custodian }: Lifecycle): BareResponse {
  if (custodian.status().phase === 'empty') {
    throw new OperatingError('not_initialized', 'server is not yet initialized')
  }
  const { running, progress, required } = custodian.rekey.status()
  return ok({
    started: running !== null,
    t: running?.terms.threshold ?? 0,
    n: running?.terms.shares ?? 0,
    progress,
    required,
  })
}

async function startRekey(lifecycle: Lifecycle, request: BareRequest): Promise<BareResponse> {
  // Numbers are judged before the seal: the answer to a mistake is the same in every state.
  const parameters = {
    shares: requiredNumber(request.body, 'secret_shares'),
    threshold: requiredNumber(request.body, 'secret_threshold'),
  }
  checkParameters(parameters, PREFIX)
  refuseUnknownTerms(request.body)
  const { rekey } = lifecycle.custodian
  rekey.status()
  const terms = { ...parameters, face: 'original', verify: 'none', recipients: null, backup: false } as const
  await asking(lifecycle, request, {
    path: INIT_PATH,
    family: 'rekey',
    act: (asked) => rekey.start(terms, asked),
  })
  return DONE
}

/**
 * What this face has no words for would be dropped in silence, and shares would come in the clear that were
 * asked for encrypted.
 */
function refuseUnknownTerms(body: JsonObject): void {
  const given = UNKNOWN_TERMS.find(
    (name) => !['undefined', 'null'].includes(member(body, name)?.kind ?? 'undefined'),
  )
  if (given === undefined) return
  throw new OperatingError(
    'parameters_invalid',
    `"${given}" is not known here: start the rekey at /v1/sys/rekey/init instead. Nothing was changed`,
  )
}

async function cancelRekey(lifecycle: Lifecycle, request: BareRequest): Promise<BareResponse> {
  const { rekey } = lifecycle.custodian
  const ended = await asking(lifecycle, request, {
    path: INIT_PATH,
    family: 'rekey',
    act: (asked) => rekey.cancel(asked),
  })
  // More holders are needed: said by the status, since the document has no words for it.
  return ended ? DONE : { status: 202, body: null }
}

async function updateRekey(lifecycle: Lifecycle, request: BareRequest): Promise<BareResponse> {
  const share = hexShare(request.body)
  const { source } = request.origin
  const answer = await submit(lifecycle, { share, source })
  if (!answer.complete) return ok({ complete: false, keys: null })
  const { parcel } = answer
  assert(
    parcel.kind === 'clear' && answer.verificationNonce === null,
    'the machine answers each face its own',
  )
  const { keys } = sharesOutHex(parcel.shares)
  return withEvidence(lifecycle, request, { body: { complete: true, keys }, answer })
}

async function submit(
  { custodian }: Lifecycle,
  given: { readonly share: SecretBytes; readonly source: string },
): Promise<RekeyAnswer> {
  try {
    return await custodian.rekey.submit({ ...given, nonce: null, face: 'original' })
  } catch (error) {
    throw prefixed(error, 'unseal failed, invalid key: ')
  }
}

/** Both numbers are required: a default would deal shares that nobody asked for. */
function requiredNumber(body: JsonObject, name: string): number {
  const value = strictInteger(body, name)
  if (value === undefined) throw new OperatingError('parameters_invalid', `${PREFIX}"${name}" is required`)
  return value
}

/** Hex only, as its time had it. The texts are the contract's, their spelling corrected. */
function hexShare(body: JsonObject): SecretBytes {
  const text = secretField(body, 'key')
  if (text === null)
    throw new OperatingError('bad_request', "'key' must be specified in request body as JSON")
  using owned = text
  return owned.lend((bytes) => parseHexShare(bytes))
}

function sharesOutHex(shares: readonly SecretBytes[]): { keys: ReturnType<typeof sharesOut>['keys'] } {
  const { keys, keys_base64 } = sharesOut(shares)
  for (const unused of keys_base64) unused.secret[Symbol.dispose]()
  return { keys }
}
