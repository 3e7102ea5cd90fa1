import { OperatingError } from '../base/errors.ts'
import { MAX_RECIPIENTS_BODY_BYTES } from '../base/limits.ts'
import type { BareRequest, BareResponse, BareRoute } from '../logical/bare-route.ts'
import { strictString } from '../logical/fields.ts'
import { DONE, ok, requiredShare } from './answers.ts'
import { asking } from './ceremony-access.ts'
import { SHARE_FIELDS } from './generate-root.ts'
import type { Lifecycle } from './lifecycle.ts'
import { completedBody, statusBody, verifyBody, withEvidence } from './rekey-bodies.ts'
import {
  REKEY_FIELDS,
  REKEY_STATUS,
  REKEY_UPDATE,
  VERIFICATION_STATUS,
  VERIFICATION_UPDATE,
} from './rekey-shapes.ts'
import { modernTerms } from './rekey-terms.ts'

const INIT_PATH = 'sys/rekey/init'
const VERIFY_PATH = 'sys/rekey/verify'
const MISSING_KEY = "'key' must be specified in request body as JSON"

/**
 * The modern face of the rekey: `/v1/sys/rekey/init`, `/update` and `/verify` (key-lifecycle.md sections 5.3
 * to 5.7).
 */
export function modernRekeyRoutes(lifecycle: Lifecycle): readonly BareRoute[] {
  const start = (request: BareRequest): Promise<BareResponse> => startRekey(lifecycle, request)
  const update = (request: BareRequest): Promise<BareResponse> => updateRekey(lifecycle, request)
  const verify = (request: BareRequest): Promise<BareResponse> => verifyRekey(lifecycle, request)
  return [
    {
      path: '/v1/sys/rekey/init',
      summary: 'The running rekey (GET), starting one (PUT), cancelling it (DELETE).',
      maxBodyBytes: MAX_RECIPIENTS_BODY_BYTES,
      emptyBody: 'object',
      needsOpen: true,
      fields: REKEY_FIELDS,
      answers: { GET: REKEY_STATUS, PUT: REKEY_STATUS, POST: REKEY_STATUS, DELETE: REKEY_STATUS },
      handlers: {
        GET: async () => ok(statusBody(lifecycle.custodian.rekey.status())),
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
      fields: SHARE_FIELDS,
      answers: { PUT: REKEY_UPDATE, POST: REKEY_UPDATE },
      // GET never counts as an update, though the peer's does: nothing that reads may change keys.
      handlers: { PUT: update, POST: update },
    },
    {
      path: '/v1/sys/rekey/verify',
      summary: 'New shares that came back (GET), giving one back (PUT), starting over with them (DELETE).',
      emptyBody: 'object',
      needsOpen: true,
      fields: SHARE_FIELDS,
      answers: {
        GET: VERIFICATION_STATUS,
        PUT: VERIFICATION_UPDATE,
        POST: VERIFICATION_UPDATE,
        DELETE: VERIFICATION_STATUS,
      },
      handlers: {
        GET: async () => ok(verifyBody(lifecycle.custodian.rekey.verifyStatus('modern'))),
        PUT: verify,
        POST: verify,
        DELETE: (request) => restartVerification(lifecycle, request),
      },
    },
    ...recoveryRoutes(),
  ]
}

async function startRekey(lifecycle: Lifecycle, request: BareRequest): Promise<BareResponse> {
  const { rekey } = lifecycle.custodian
  const status = await asking(lifecycle, request, {
    path: INIT_PATH,
    family: 'rekey',
    act: async (asked) => rekey.start(await modernTerms(lifecycle, request.body, asked), asked),
  })
  return ok(statusBody(status))
}

async function cancelRekey(lifecycle: Lifecycle, request: BareRequest): Promise<BareResponse> {
  const { rekey } = lifecycle.custodian
  const act = rekey.cancel.bind(rekey)
  const ended = await asking(lifecycle, request, { path: INIT_PATH, family: 'rekey', act })
  return ended ? DONE : { status: 202, body: statusBody(rekey.status()) }
}

async function updateRekey(lifecycle: Lifecycle, request: BareRequest): Promise<BareResponse> {
  const { rekey } = lifecycle.custodian
  const { source } = request.origin
  const share = requiredShare(lifecycle, request.body, MISSING_KEY)
  const nonce = strictString(request.body, 'nonce') ?? ''
  const answer = await rekey.submit({ share, nonce, face: 'modern', source })
  if (!answer.complete) return ok(statusBody(rekey.status()))
  return withEvidence(lifecycle, request, { body: completedBody(answer), answer })
}

async function verifyRekey(lifecycle: Lifecycle, request: BareRequest): Promise<BareResponse> {
  const { rekey } = lifecycle.custodian
  const share = requiredShare(lifecycle, request.body, MISSING_KEY)
  const nonce = strictString(request.body, 'nonce') ?? ''
  const answer = await rekey.verify({ share, nonce, face: 'modern', source: request.origin.source })
  if (answer.complete) return ok({ nonce: answer.nonce, complete: true })
  return ok(verifyBody(rekey.status()))
}

async function restartVerification(lifecycle: Lifecycle, request: BareRequest): Promise<BareResponse> {
  const { rekey } = lifecycle.custodian
  const status = await asking(lifecycle, request, {
    path: VERIFY_PATH,
    family: 'rekey',
    act: (asked) => rekey.restartVerification('modern', asked),
  })
  return ok(verifyBody(status))
}

/** A Shamir seal has no recovery keys (section 5.2): a clear 400, also from `update`. */
function recoveryRoutes(): readonly BareRoute[] {
  const refuse = async (): Promise<BareResponse> => {
    throw new OperatingError('parameters_invalid', 'recovery rekeying not supported')
  }
  return ['init', 'update', 'verify'].map((name) => ({
    path: `/v1/sys/rekey-recovery-key/${name}`,
    summary: 'Recovery keys, which this seal does not have.',
    emptyBody: 'object',
    needsOpen: true,
    handlers: { GET: refuse, PUT: refuse, POST: refuse, DELETE: refuse },
  }))
}
