import { OperatingError } from '../base/errors.ts'
import type { SecretBytes } from '../base/secret-bytes.ts'
import type { Asked } from '../ceremony/access.ts'
import { OTP_LENGTH } from '../ceremony/generate-root.ts'
import type { GenerationStatus } from '../ceremony/generate-root-runner.ts'
import type { Call, Route } from '../logical/backend.ts'
import { secretField, strictString } from '../logical/fields.ts'
import { type JsonOut, SecretText } from '../logical/json.ts'
import type { LogicalResponse } from '../logical/response.ts'
import { shape, TEXT, TRUTH, WHOLE } from '../logical/schema.ts'
import { bodyOf, prefixed, requiredShare } from './answers.ts'
import { ATTEMPT_FIELDS, SHARE_FIELDS, wantedHiding } from './generate-root.ts'
import type { Lifecycle } from './lifecycle.ts'

const STATE = { complete: TRUTH, progress: WHOLE, required: WHOLE, started: TRUTH }
const ATTEMPT = shape({ ...STATE, otp: TEXT, otp_length: WHOLE }, { nonce: TEXT, pgp_fingerprint: TEXT })
const UPDATED = shape({ ...STATE, encoded_token: TEXT, nonce: TEXT, pgp_fingerprint: TEXT })

/** A token came this far: the router has asked for the capability on the path. */
function withToken({ request }: Call): Asked {
  const { source } = request.origin
  return { credential: { by: 'token' }, access: 'guarded', source, path: 'sys/generate-root-token/attempt' }
}

/**
 * The generation of a root token behind a token (key-lifecycle.md section 7.3): the same state as
 * `sys/generate-root/…`, with wrapped answers.
 */
export function generateRootTokenRoutes(lifecycle: Lifecycle): readonly Route[] {
  const { generateRoot } = lifecycle.custodian
  return [
    {
      pattern: 'generate-root-token/attempt',
      summary: 'The running generation of a root token: its state, starting one, cancelling it.',
      access: 'token',
      fields: ATTEMPT_FIELDS,
      answers: { read: ATTEMPT, update: ATTEMPT },
      handlers: {
        read: async () => ({ data: attemptData(generateRoot.status(), null) }),
        update: (call) => start(lifecycle, call),
        delete: async (call) => {
          await generateRoot.cancel(withToken(call))
          return null
        },
      },
    },
    {
      pattern: 'generate-root-token/update',
      summary: 'Gives one share of the live key set; the last answer carries the hidden token.',
      access: 'token',
      fields: SHARE_FIELDS,
      answers: { update: UPDATED },
      handlers: { update: (call) => update(lifecycle, call) },
    },
  ]
}

async function start(lifecycle: Lifecycle, call: Call): Promise<LogicalResponse> {
  const body = bodyOf(call.request)
  const key = strictString(body, 'pgp_key') ?? ''
  using wanted = await wantedHiding(lifecycle, { otp: secretField(body, 'otp'), key })
  const status = await lifecycle.custodian.generateRoot.start(wanted.hiding, withToken(call))
  return { data: attemptData(status, wanted.shown?.clone() ?? null) }
}

async function update(lifecycle: Lifecycle, { request }: Call): Promise<LogicalResponse> {
  const { generateRoot } = lifecycle.custodian
  const body = bodyOf(request)
  const nonce = strictString(body, 'nonce') ?? ''
  if (nonce === '') throw new OperatingError('bad_request', 'nonce is required')
  const share = requiredShare(lifecycle, body, 'key is required')
  try {
    const answer = await generateRoot.submit({ share, nonce, source: request.origin.source })
    const { running, progress, required } = generateRoot.status()
    const about = answer.complete ? answer.running : running
    return {
      data: {
        complete: answer.complete,
        encoded_token: answer.complete ? new SecretText(answer.encodedToken) : '',
        nonce,
        pgp_fingerprint: about?.recipient?.fingerprint ?? '',
        progress: answer.complete ? required : progress,
        required,
        started: true,
      },
    }
  } catch (error) {
    throw raised(prefixed(error, 'invalid key: '))
  }
}

/** The peer's shape for what a handler raises, with 400 where it says 500 for a mistake of the user's. */
function raised(error: unknown): unknown {
  if (!(error instanceof OperatingError)) return error
  const text = `1 error occurred:\n\t* ${error.message}\n\n`
  return new OperatingError(error.code, text, { cause: error, detail: error.detail })
}

function attemptData(
  { running, progress, required }: GenerationStatus,
  otp: SecretBytes | null,
): { readonly [member: string]: JsonOut } {
  return {
    complete: false,
    otp: otp === null ? '' : new SecretText(otp),
    otp_length: OTP_LENGTH,
    progress,
    required,
    started: running !== null,
    ...(running === null
      ? {}
      : {
          nonce: running.agreement.ceremonyId,
          pgp_fingerprint: running.recipient?.fingerprint ?? '',
        }),
  }
}
