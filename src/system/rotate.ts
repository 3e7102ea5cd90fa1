import { OperatingError } from '../base/errors.ts'
import type { DataKeys } from '../ceremony/data-keys.ts'
import type { Call, Handler, Route } from '../logical/backend.ts'
import { goDuration } from '../logical/duration.ts'
import { type Fields, readFields } from '../logical/field-table.ts'
import type { LogicalResponse } from '../logical/response.ts'
import { either, shape, TEXT, TRUTH, WHOLE } from '../logical/schema.ts'
import type { Lifecycle } from './lifecycle.ts'

const RULES = {
  max_operations: {
    type: 'integer',
    description: 'Encryptions under one data key before a new one is made.',
  },
  interval: { type: 'seconds', description: 'Age of a data key at which a new one is made; 0: none.' },
  enabled: { type: 'boolean', description: 'Whether new data keys are made by themselves.' },
} as const satisfies Fields

/**
 * Rotation of the data key and its rules (key-lifecycle.md section 3.9), each under its two names, and the
 * rotation of the root key, which takes shares (section 6).
 */
export function rotateRoutes({ custodian }: Lifecycle): readonly Route[] {
  const { dataKeys } = custodian
  const rotate: Handler = async () => {
    await dataKeys.rotate()
    return null
  }
  const read: Handler = async () => configuration(dataKeys)
  const write: Handler = (call) => configure(dataKeys, call)
  return [
    ...['rotate', 'rotate/keyring'].map(
      (pattern): Route => ({
        pattern,
        summary: 'Makes a new data key for what is written from now on.',
        access: 'sudo',
        fields: {},
        handlers: { update: rotate },
      }),
    ),
    ...['rotate/config', 'rotate/keyring/config'].map(
      (pattern): Route => ({
        pattern,
        summary: 'When a new data key is made by itself.',
        access: 'token',
        fields: RULES,
        answers: {
          read: shape({ enabled: TRUTH, interval: either(WHOLE, TEXT), max_operations: WHOLE }),
        },
        handlers: { read, update: write },
      }),
    ),
    {
      pattern: 'rotate/root',
      summary: 'Refused: a new root key takes the holders of the shares.',
      access: 'sudo',
      handlers: { update: refuseRoot },
    },
  ]
}

async function configuration(dataKeys: DataKeys): Promise<LogicalResponse> {
  const { enabled, intervalMs, maxOperations } = dataKeys.rotation()
  // The peer's own shape: a number where none is set, a text where one is.
  const interval = intervalMs === 0 ? 0 : goDuration(intervalMs / 1000)
  return { data: { enabled, interval, max_operations: maxOperations } }
}

async function configure(dataKeys: DataKeys, { request }: Call): Promise<null> {
  const { max_operations, interval, enabled } = readFields(RULES, request.data)
  await dataKeys.configureRotation({
    ...(max_operations === undefined ? {} : { maxOperations: max_operations }),
    ...(interval === undefined ? {} : { intervalMs: interval * 1000 }),
    ...(enabled === undefined ? {} : { enabled }),
  })
  return null
}

/** A new root key must be sealed under the unseal key, which nobody keeps (custody.md section 4). */
async function refuseRoot(): Promise<never> {
  throw new OperatingError(
    'bad_request',
    'a new root key takes the holders of the shares, as the unseal key is not kept: start a rekey with ' +
      'PUT /v1/sys/rotate/root/init or "conclave operator rekey -init"; it makes a new root key. ' +
      'PUT /v1/sys/rotate/keyring makes a new data key without them',
  )
}
