import { OperatingError } from '../base/errors.ts'
import type { RekeyStatus } from '../ceremony/rekey-runner.ts'
import type { BareRequest, BareResponse, BareRoute } from '../logical/bare-route.ts'
import { member, strictBoolean, strictInteger, strictString } from '../logical/fields.ts'
import { DONE, ok, requiredShare, sharesOut } from './answers.ts'
import { requireToCancel, requireToOpen, shownCredential } from './ceremony-access.ts'
import { refusePgp } from './init.ts'
import type { Lifecycle } from './lifecycle.ts'

const INIT_PATH = 'sys/rekey/init'

/**
 * The modern face of the rekey: `/v1/sys/rekey/init` and `/update` (key-lifecycle.md sections 5.3 to 5.6).
 */
export function modernRekeyRoutes(lifecycle: Lifecycle): readonly BareRoute[] {
  const start = (request: BareRequest): Promise<BareResponse> => startRekey(lifecycle, request)
  const update = (request: BareRequest): Promise<BareResponse> => updateRekey(lifecycle, request)
  return [
    {
      path: '/v1/sys/rekey/init',
      summary: 'The running rekey (GET), starting one (PUT), cancelling it (DELETE).',
      emptyBody: 'object',
      needsOpen: true,
      handlers: {
        GET: async () => ok(statusBody(lifecycle.custodian.rekeyStatus())),
        PUT: start,
        POST: start,
        DELETE: (request) => cancelRekey(lifecycle, request),
      },
    },
    {
      path: '/v1/sys/rekey/update',
      summary: 'Gives one share of the live key set.',
      emptyBody: 'object',
      needsOpen: true,
      // GET never counts as an update, though the peer's does: nothing that reads may change keys.
      handlers: { PUT: update, POST: update },
    },
  ]
}

async function startRekey(lifecycle: Lifecycle, request: BareRequest): Promise<BareResponse> {
  const { body } = request
  const shares = strictInteger(body, 'secret_shares') ?? 0
  const threshold = strictInteger(body, 'secret_threshold') ?? 0
  const backup = strictBoolean(body, 'backup') ?? false
  const hasRecipients = (member(body, 'pgp_keys')?.kind ?? 'null') !== 'null'
  if (backup && !hasRecipients) {
    const text = 'cannot request a backup of the new keys without providing PGP keys for encryption'
    throw new OperatingError('parameters_invalid', text)
  }
  refusePgp(body, ['pgp_keys', 'require_verification'])
  const credential = await shownCredential(lifecycle, request, INIT_PATH)
  requireToOpen(request, credential, INIT_PATH)
  const status = await lifecycle.custodian.startRekey({ shares, threshold, face: 'modern', credential })
  return ok(statusBody(status))
}

async function cancelRekey(lifecycle: Lifecycle, request: BareRequest): Promise<BareResponse> {
  const { running } = lifecycle.custodian.rekeyStatus()
  const shown = await shownCredential(lifecycle, request, INIT_PATH)
  requireToCancel(request, shown, { path: INIT_PATH, openedWith: running?.terms.credential ?? null })
  await lifecycle.custodian.cancelRekey()
  return DONE
}

async function updateRekey(lifecycle: Lifecycle, request: BareRequest): Promise<BareResponse> {
  const { custodian } = lifecycle
  const { origin } = request
  const share = requiredShare(lifecycle, request.body, "'key' must be specified in request body as JSON")
  const nonce = strictString(request.body, 'nonce') ?? ''
  const answer = await custodian.submitRekey({ share, nonce, face: 'modern', source: origin.source })
  if (!answer.complete) {
    if (!answer.repeated) return ok(statusBody(custodian.rekeyStatus()))
    throw new OperatingError(
      'share_duplicate',
      'given key has already been provided during this generation operation',
    )
  }
  const body = {
    nonce: answer.ceremonyId,
    complete: true,
    ...sharesOut(answer.shares),
    pgp_fingerprints: null,
    backup: false,
    verification_required: false,
  }
  return withEvidence(lifecycle, request, { body, ceremonyId: answer.ceremonyId })
}

/** The answer with new shares, and what to do once the peer has shown that it received it. */
export function withEvidence(
  { custodian }: Lifecycle,
  { origin }: BareRequest,
  answer: { readonly body: BareResponse['body']; readonly ceremonyId: string },
): BareResponse {
  if (origin.retireOn !== 'acknowledgement' || origin.forwarded) return ok(answer.body)
  const onArrived = (): void => custodian.acknowledgeRekey(answer.ceremonyId)
  return { status: 200, body: answer.body, onArrived }
}

function statusBody({ running, progress, required }: RekeyStatus): BareResponse['body'] {
  return {
    nonce: running?.terms.ceremonyId ?? '',
    started: running !== null,
    t: running?.terms.threshold ?? 0,
    n: running?.terms.shares ?? 0,
    progress,
    required,
    pgp_fingerprints: null,
    backup: false,
    verification_required: false,
  }
}
