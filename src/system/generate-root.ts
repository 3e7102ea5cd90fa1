import { toBase64 } from '../base/encoding.ts'
import { OperatingError } from '../base/errors.ts'
import type { SecretBytes } from '../base/secret-bytes.ts'
import { type Asked, checkMayOpen } from '../ceremony/access.ts'
import { OTP_LENGTH } from '../ceremony/generate-root.ts'
import type { GenerationAnswer, GenerationStatus, TokenHiding } from '../ceremony/generate-root-runner.ts'
import type { BareRequest, BareResponse, BareRoute } from '../logical/bare-route.ts'
import type { Fields } from '../logical/field-table.ts'
import { secretField, strictString } from '../logical/fields.ts'
import { type JsonOut, SecretText } from '../logical/json.ts'
import { shape, TEXT, TRUTH, WHOLE } from '../logical/schema.ts'
import { DONE, ok, prefixed, requiredShare } from './answers.ts'
import { asking } from './ceremony-access.ts'
import type { Lifecycle } from './lifecycle.ts'

const STATE = {
  nonce: TEXT,
  started: TRUTH,
  progress: WHOLE,
  required: WHOLE,
  complete: TRUTH,
  encoded_token: TEXT,
  encoded_root_token: TEXT,
  pgp_fingerprint: TEXT,
  otp: TEXT,
  otp_length: WHOLE,
}
const ATTEMPT = shape(STATE, { statement: TEXT, cancel_progress: WHOLE, cancel_required: WHOLE })

/** What starting an attempt takes, and giving a share to it. */
export const ATTEMPT_FIELDS = {
  otp: { type: 'secret', description: 'A one-time password of your own to hide the token under.' },
  pgp_key: { type: 'string', description: 'A public key in base64 to wrap the token for, instead.' },
} as const satisfies Fields
export const SHARE_FIELDS = {
  key: { type: 'secret', description: 'One share, in any of its forms.' },
  nonce: { type: 'string', description: 'Of the ceremony that the share is for.' },
} as const satisfies Fields

const ATTEMPT_PATH = 'sys/generate-root/attempt'

/** `/v1/sys/generate-root/attempt` and `/update` (key-lifecycle.md section 7.1): no token by themselves. */
export function generateRootRoutes(lifecycle: Lifecycle): readonly BareRoute[] {
  const start = (request: BareRequest): Promise<BareResponse> => startAttempt(lifecycle, request)
  const update = (request: BareRequest): Promise<BareResponse> => updateAttempt(lifecycle, request)
  return [
    {
      path: '/v1/sys/generate-root/attempt',
      summary: 'The running generation of a root token (GET), starting one (PUT), cancelling it (DELETE).',
      emptyBody: 'object',
      needsOpen: true,
      fields: ATTEMPT_FIELDS,
      answers: { GET: ATTEMPT, PUT: ATTEMPT, POST: ATTEMPT, DELETE: ATTEMPT },
      handlers: {
        GET: async () => ok(attemptBody(lifecycle.custodian.generateRoot.status())),
        PUT: start,
        POST: start,
        DELETE: (request) => cancelAttempt(lifecycle, request),
      },
    },
    {
      path: '/v1/sys/generate-root/update',
      summary: 'Gives one share of the live key set; the last answer carries the hidden token.',
      emptyBody: 'object',
      needsOpen: true,
      fields: SHARE_FIELDS,
      answers: { PUT: shape(STATE), POST: shape(STATE) },
      handlers: { PUT: update, POST: update },
    },
  ]
}

/** How the token will be hidden, and the password where we made it: it is shown this once. */
export interface WantedHiding extends Disposable {
  readonly hiding: TokenHiding
  /** ASCII, of the caller's own; `null` when the caller brought one, or a key. */
  readonly shown: SecretBytes | null
}

/**
 * Reads `otp` and `pgp_key`: a password wins, neither makes one. Throws `parameters_invalid` with the words
 * of section 7.1.
 */
export async function wantedHiding(
  lifecycle: Lifecycle,
  given: { readonly otp: SecretBytes | null; readonly key: string },
): Promise<WantedHiding> {
  const { otp, key } = given
  if (otp !== null) {
    if (otp.length === OTP_LENGTH) return hidingUnder(otp, null)
    otp[Symbol.dispose]()
    throw new OperatingError('parameters_invalid', 'OTP string has incorrect length')
  }
  if (key !== '') return await hidingFor(lifecycle, key)
  const made = lifecycle.newOtp(OTP_LENGTH)
  return hidingUnder(made, made.clone())
}

/** All ten fields, always (section 7.1). `otp` is filled in the answer to the PUT and nowhere else. */
export function attemptBody(
  { running, progress, required, cancels }: GenerationStatus,
  otp: SecretBytes | null = null,
): { readonly [member: string]: JsonOut } {
  return {
    nonce: running?.agreement.ceremonyId ?? '',
    started: running !== null,
    progress,
    required,
    complete: false,
    encoded_token: '',
    encoded_root_token: '',
    pgp_fingerprint: running?.recipient?.fingerprint ?? '',
    otp: otp === null ? '' : new SecretText(otp),
    otp_length: OTP_LENGTH,
    ...(running === null
      ? {}
      : {
          statement: toBase64(running.agreement.statement),
          cancel_progress: cancels.progress,
          cancel_required: cancels.required,
        }),
  }
}

async function startAttempt(lifecycle: Lifecycle, request: BareRequest): Promise<BareResponse> {
  const { generateRoot } = lifecycle.custodian
  using password = secretField(request.body, 'otp')
  const key = strictString(request.body, 'pgp_key') ?? ''
  const act = async (asked: Asked): Promise<BareResponse> => {
    // Trying a key is work, and not for everybody.
    checkMayOpen(asked)
    using wanted = await wantedHiding(lifecycle, { otp: password?.clone() ?? null, key })
    const status = await generateRoot.start(wanted.hiding, asked)
    return ok(attemptBody(status, wanted.shown?.clone() ?? null))
  }
  return await asking(lifecycle, request, { path: ATTEMPT_PATH, family: 'generateRoot', act })
}

async function cancelAttempt(lifecycle: Lifecycle, request: BareRequest): Promise<BareResponse> {
  const { generateRoot } = lifecycle.custodian
  const ended = await asking(lifecycle, request, {
    path: ATTEMPT_PATH,
    family: 'generateRoot',
    act: (asked) => generateRoot.cancel(asked),
  })
  return ended ? DONE : { status: 202, body: attemptBody(generateRoot.status()) }
}

async function updateAttempt(lifecycle: Lifecycle, request: BareRequest): Promise<BareResponse> {
  const { generateRoot } = lifecycle.custodian
  const missing = "'key' must be specified in request body as JSON"
  try {
    const share = requiredShare(lifecycle, request.body, missing)
    const nonce = strictString(request.body, 'nonce') ?? ''
    const answer = await generateRoot.submit({ share, nonce, source: request.origin.source })
    return ok(updateBody(generateRoot.status(), { answer, nonce }))
  } catch (error) {
    throw prefixed(error, 'invalid key: ')
  }
}

/** After an update `otp_length` is 0 and the nonce is the request's: so the peer has it (section 7.1). */
function updateBody(
  status: GenerationStatus,
  { answer, nonce }: { readonly answer: GenerationAnswer; readonly nonce: string },
): { readonly [member: string]: JsonOut } {
  const { complete } = answer
  const token = complete ? answer.encodedToken : null
  const fingerprint = (complete ? answer.running : status.running)?.recipient?.fingerprint
  return {
    nonce,
    started: true,
    progress: complete ? status.required : status.progress,
    required: status.required,
    complete,
    encoded_token: token === null ? '' : new SecretText(token),
    encoded_root_token: token === null ? '' : new SecretText(token.clone()),
    pgp_fingerprint: fingerprint ?? '',
    otp: '',
    otp_length: 0,
  }
}

function hidingUnder(otp: SecretBytes, shown: SecretBytes | null): WantedHiding {
  return {
    hiding: { by: 'otp', otp },
    shown,
    [Symbol.dispose]: () => {
      otp[Symbol.dispose]()
      shown?.[Symbol.dispose]()
    },
  }
}

async function hidingFor({ delivery }: Lifecycle, key: string): Promise<WantedHiding> {
  try {
    const recipient = await delivery.recipient(key)
    return { hiding: { by: 'recipient', recipient }, shown: null, [Symbol.dispose]: () => undefined }
  } catch (error) {
    if (!(error instanceof OperatingError)) throw error
    const text = `error parsing PGP key: ${error.message}`
    throw new OperatingError(error.code, text, { cause: error, detail: error.detail })
  }
}
