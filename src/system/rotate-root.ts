import { OperatingError } from '../base/errors.ts'
import type { SecretBytes } from '../base/secret-bytes.ts'
import type { Asked } from '../ceremony/access.ts'
import type { RekeyStatus } from '../ceremony/rekey-runner.ts'
import { alreadyRunning } from '../ceremony/rekey-texts.ts'
import type { Call, Handler, Route } from '../logical/backend.ts'
import { type Fields, readFields } from '../logical/field-table.ts'
import { strictString } from '../logical/fields.ts'
import type { JsonObject, JsonOut } from '../logical/json.ts'
import type { LogicalResponse } from '../logical/response.ts'
import { bodyOf, requiredShare } from './answers.ts'
import { SHARE_FIELDS } from './generate-root.ts'
import type { Lifecycle } from './lifecycle.ts'
import { stringList } from './recipients.ts'
import { arrivalOf, type Completed, parcelOut } from './rekey-bodies.ts'
import {
  REKEY_FIELDS,
  ROTATION_STATUS,
  ROTATION_UPDATE,
  ROTATION_VERIFICATION,
  ROTATION_VERIFICATION_UPDATE,
} from './rekey-shapes.ts'
import { termsOf, verifyOf } from './rekey-terms.ts'

const NUMBERS = {
  secret_shares: REKEY_FIELDS.secret_shares,
  secret_threshold: REKEY_FIELDS.secret_threshold,
  backup: REKEY_FIELDS.backup,
  require_verification: REKEY_FIELDS.require_verification,
} as const satisfies Fields

type Data = { readonly [member: string]: JsonOut }

/** A token came this far: the router has asked for the capability on the path. */
function withToken({ request }: Call): Asked {
  const { source } = request.origin
  return { credential: { by: 'token' }, access: 'guarded', source, path: 'sys/rotate/root/init' }
}

/**
 * The rekey behind a token: `sys/rotate/root/init`, `/update`, `/verify` (key-lifecycle.md section 6). The
 * same machine as `sys/rekey/…`, with wrapped answers and sentences of its own.
 */
export function rotateRootRoutes(lifecycle: Lifecycle): readonly Route[] {
  const { rekey } = lifecycle.custodian
  return [
    {
      pattern: 'rotate/root/init',
      summary: 'The running rotation of the shares: its state, starting one, cancelling it.',
      access: 'token',
      fields: REKEY_FIELDS,
      answers: { read: ROTATION_STATUS, update: ROTATION_STATUS },
      handlers: {
        read: async () => ({ data: runningData(rekey.status()) }),
        update: (call) => start(lifecycle, call),
        delete: async (call) => {
          await rekey.cancel(withToken(call))
          return null
        },
      },
    },
    {
      pattern: 'rotate/root/update',
      summary: 'Gives one share of the live key set.',
      access: 'token',
      fields: SHARE_FIELDS,
      answers: { update: ROTATION_UPDATE },
      // It may answer with new shares.
      unwrappable: true,
      handlers: { update: (call) => update(lifecycle, call) },
    },
    {
      pattern: 'rotate/root/verify',
      summary: 'New shares that came back: their state, giving one back, starting over with them.',
      access: 'token',
      fields: SHARE_FIELDS,
      answers: {
        read: ROTATION_VERIFICATION,
        update: ROTATION_VERIFICATION_UPDATE,
        delete: ROTATION_VERIFICATION,
      },
      handlers: {
        read: async () => ({ data: verifyData(rekey.verifyStatus('rotate')) }),
        update: (call) => verify(lifecycle, call),
        delete: async (call) => ({
          data: verifyData(await rekey.restartVerification('rotate', withToken(call))),
        }),
      },
    },
    ...recoveryRoutes(),
  ]
}

async function start(lifecycle: Lifecycle, call: Call): Promise<LogicalResponse> {
  const { rekey } = lifecycle.custodian
  const asked = withToken(call)
  // Here, and here only, before the numbers are looked at (section 6, errors).
  if (rekey.status().running !== null) throw alreadyRunning('rotate')
  const body = bodyOf(call.request)
  const keys = stringList(body, 'pgp_keys')
  const { secret_shares, secret_threshold, backup, require_verification } = readFields(NUMBERS, body)
  const wanted = {
    shares: secret_shares ?? 0,
    threshold: secret_threshold ?? 0,
    // Without keys it is ignored on this face: there is nothing wrapped to keep.
    backup: keys !== null && (backup ?? false),
    verify: verifyOf(body, require_verification ?? false),
    keys,
  }
  const terms = await termsOf(lifecycle, { wanted, face: 'rotate' }, asked)
  return { data: runningData(await rekey.start(terms, asked)) }
}

async function update(lifecycle: Lifecycle, { request }: Call): Promise<LogicalResponse> {
  const { rekey } = lifecycle.custodian
  const { share, nonce } = shareAndNonce(lifecycle, bodyOf(request))
  const answer = await rekey.submit({ share, nonce, face: 'rotate', source: request.origin.source })
  if (!answer.complete) return { data: runningData(rekey.status()) }
  return { data: completedData(answer), ...arrivalOf(lifecycle, request.origin, answer) }
}

async function verify(lifecycle: Lifecycle, { request }: Call): Promise<LogicalResponse> {
  const { rekey } = lifecycle.custodian
  const { share, nonce } = shareAndNonce(lifecycle, bodyOf(request))
  const answer = await rekey.verify({ share, nonce, face: 'rotate', source: request.origin.source })
  if (answer.complete) return { data: { complete: true, nonce: answer.nonce } }
  return { data: verifyData(rekey.status()) }
}

function shareAndNonce(lifecycle: Lifecycle, body: JsonObject): { share: SecretBytes; nonce: string } {
  const share = requiredShare(lifecycle, body, "missing required field 'key'")
  const nonce = strictString(body, 'nonce') ?? ''
  if (nonce !== '') return { share, nonce }
  share[Symbol.dispose]()
  throw new OperatingError('bad_request', "missing required field 'nonce'")
}

function runningData({ running, progress, required }: RekeyStatus): Data {
  if (running === null) return { n: 0, required, started: false, t: 0 }
  const { terms, agreement } = running
  const fingerprints = terms.recipients?.map(({ fingerprint }) => fingerprint)
  return {
    n: terms.shares,
    nonce: agreement.ceremonyId,
    progress,
    required,
    started: true,
    t: terms.threshold,
    verification_nonce: running.phase === 'dealt' ? running.verificationNonce : '',
    verification_required: terms.verify !== 'none',
    ...(fingerprints === undefined ? {} : { pgp_fingerprints: fingerprints, backup: terms.backup }),
  }
}

function completedData(answer: Completed): Data {
  const { ceremonyId, parcel, backup, verificationNonce } = answer
  return {
    backup,
    complete: true,
    ...parcelOut(parcel),
    nonce: ceremonyId,
    pgp_fingerprints: parcel.kind === 'clear' ? null : parcel.messages.map(({ fingerprint }) => fingerprint),
    verification_nonce: verificationNonce ?? '',
    verification_required: verificationNonce !== null,
  }
}

function verifyData({ running, verification }: RekeyStatus): Data {
  const dealt = running?.phase === 'dealt' ? running : null
  return {
    n: running?.terms.shares ?? 0,
    nonce: dealt?.verificationNonce ?? '',
    progress: verification.progress,
    started: dealt !== null,
    t: running?.terms.threshold ?? 0,
  }
}

/** A Shamir seal has no recovery keys: one clear sentence, where the peer has three accidents. */
function recoveryRoutes(): readonly Route[] {
  const refuse: Handler = async () => {
    throw new OperatingError('parameters_invalid', 'recovery keys not supported')
  }
  return ['init', 'update', 'verify'].map((name) => ({
    pattern: `rotate/recovery/${name}`,
    summary: 'Recovery keys, which this seal does not have.',
    access: 'token',
    handlers: { read: refuse, update: refuse, delete: refuse },
  }))
}
