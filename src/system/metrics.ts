import { OperatingError } from '../base/errors.ts'
import type { Reading } from '../base/meter.ts'
import type { Call, Route } from '../logical/backend.ts'
import { type Fields, readFields } from '../logical/field-table.ts'
import type { JsonOut } from '../logical/json.ts'
import type { LogicalResponse } from '../logical/response.ts'
import type { Lifecycle } from './lifecycle.ts'

/** What was measured since the start of the process. */
export interface Measurements {
  /** What is looked at only when somebody asks. */
  readonly readings: () => readonly Reading[]
  /** Text format 0.0.4 of Prometheus, what was measured and `readings`. */
  readonly prometheus: (readings: readonly Reading[]) => Promise<string>
  readonly json: (readings: readonly Reading[]) => { readonly [member: string]: JsonOut }
}

const FIELDS = {
  format: { type: 'string', description: 'Form of the answer: "prometheus", else JSON.' },
} as const satisfies Fields

const TEXT = 'text/plain; version=0.0.4; charset=utf-8'

/** `GET sys/metrics` (surface.md section 12). */
export function metricsRoute(lifecycle: Lifecycle): Route {
  return {
    pattern: 'metrics',
    summary: 'What the server measures, for Prometheus or as JSON.',
    access: 'token',
    fields: FIELDS,
    unwrappable: true,
    handlers: { read: (call) => metrics(lifecycle, call) },
  }
}

async function metrics(lifecycle: Lifecycle, { request }: Call): Promise<LogicalResponse> {
  const { format } = readFields(FIELDS, request.data)
  const { measurements } = lifecycle
  const readings = await readingsOf(lifecycle)
  if (format === undefined || format === '') return { bare: measurements.json(readings) }
  if (format === 'prometheus') return whole(await measurements.prometheus(readings))
  // What was asked for is repeated only where it cannot be more than a name.
  const named = /^[\w-]{1,32}$/.test(format) ? ` "${format}"` : ''
  throw new OperatingError('bad_request', `metric response format${named} unknown`)
}

function whole(text: string): LogicalResponse {
  const lines = async function* (): AsyncGenerator<string> {
    yield text
  }
  return { stream: { contentType: TEXT, lines: lines(), end: () => undefined } }
}

async function readingsOf({ custodian, measurements, usage }: Lifecycle): Promise<readonly Reading[]> {
  const one = (name: string, help: string, value: number): Reading => ({ name, help, value, labels: {} })
  const isOpen = custodian.isOpen ? 1 : 0
  const always = [
    one('vault.core.unsealed', '1 while the server is unsealed.', isOpen),
    one('vault.core.active', '1 while the server answers for its store.', isOpen),
    ...measurements.readings(),
  ]
  if (!custodian.isOpen) return always
  const { operations } = custodian.dataKeys.status()
  const seals = one(
    'vault.barrier.estimated_encryptions',
    'Seals done under the newest data key.',
    operations,
  )
  return [...always, seals, ...(await usage())]
}
