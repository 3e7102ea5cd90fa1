import { OperatingError } from '../base/errors.ts'
import type { Reading } from '../base/meter.ts'
import type { Route } from '../logical/backend.ts'
import type { BareRoute } from '../logical/bare-route.ts'
import { type Fields, readFields } from '../logical/field-table.ts'
import type { JsonOut } from '../logical/json.ts'
import type { LogicalResponse } from '../logical/response.ts'
import { listOf, NUMBER, shape, TEXT, TEXT_MAP } from '../logical/schema.ts'
import type { Lifecycle } from './lifecycle.ts'

/** What was measured since the start of the process. */
export interface Measurements {
  /** What is looked at only when somebody asks. */
  readonly readings: () => readonly Reading[]
  /** Text format 0.0.4 of Prometheus, what was measured and `readings`. */
  readonly prometheus: (readings: readonly Reading[]) => Promise<string>
  /** Whether there is a form for Prometheus. */
  readonly hasPrometheus: boolean
  readonly json: (readings: readonly Reading[]) => { readonly [member: string]: JsonOut }
}

const FIELDS = {
  format: { type: 'string', description: 'Form of the answer: "prometheus", else JSON.' },
} as const satisfies Fields

const TEXT_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

const COUNTED = { Name: TEXT, Labels: TEXT_MAP }
const JSON_SHAPE = shape({
  Timestamp: TEXT,
  Gauges: listOf(shape({ ...COUNTED, Value: NUMBER })),
  /** Of a kind that is not measured here: always empty. */
  Points: listOf(shape({})),
  Counters: listOf(shape({ ...COUNTED, Count: NUMBER, Sum: NUMBER })),
  Samples: listOf(shape({ ...COUNTED, Count: NUMBER, Sum: NUMBER, Min: NUMBER, Max: NUMBER, Mean: NUMBER })),
})

/** `GET sys/metrics` (surface.md section 12). */
export function metricsRoute(lifecycle: Lifecycle): Route {
  return {
    pattern: 'metrics',
    summary: 'What the server measures, for Prometheus or as JSON.',
    access: 'token',
    fields: FIELDS,
    form: 'bare',
    answers: { read: JSON_SHAPE },
    unwrappable: true,
    handlers: {
      read: ({ request }) => {
        const { format = '' } = readFields(FIELDS, request.data)
        return metrics(lifecycle, format === '' ? (request.form ?? '') : format)
      },
    },
  }
}

/**
 * The same for anyone, sealed or not, on a listener whose configuration says so: outside of the router, in
 * the place of the route above.
 */
export function openMetricsRoute(lifecycle: Lifecycle): BareRoute {
  return {
    path: '/v1/sys/metrics',
    summary: 'What the server measures, for Prometheus or as JSON, without a token.',
    emptyBody: 'object',
    needsOpen: false,
    handlers: {
      GET: async ({ query, form }) => {
        const { bare = null, stream } = await metrics(lifecycle, query.get('format') || (form ?? ''))
        return { status: 200, body: bare, ...(stream === undefined ? {} : { stream }) }
      },
    },
  }
}

/** Throws `bad_request`. `format` is empty where none is asked for. */
async function metrics(lifecycle: Lifecycle, format: string): Promise<LogicalResponse> {
  const { measurements } = lifecycle
  if (format === '') return { bare: measurements.json(await readingsOf(lifecycle)) }
  if (format === 'prometheus') {
    if (!measurements.hasPrometheus) throw new OperatingError('bad_request', 'prometheus is not enabled')
    return whole(await measurements.prometheus(await readingsOf(lifecycle)))
  }
  // What was asked for is repeated only where it cannot be more than a name.
  const named = /^[\w-]{1,32}$/.test(format) ? ` "${format}"` : ''
  throw new OperatingError('bad_request', `metric response format${named} unknown`)
}

function whole(text: string): LogicalResponse {
  const lines = async function* (): AsyncGenerator<string> {
    yield text
  }
  return { stream: { contentType: TEXT_TYPE, lines: lines(), end: () => undefined } }
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
