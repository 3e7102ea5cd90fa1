import { rfc3339 } from '../base/clock.ts'
import type { Route } from '../logical/backend.ts'
import type { LogicalResponse } from '../logical/response.ts'
import { shape, TEXT, WHOLE } from '../logical/schema.ts'
import type { Lifecycle } from './lifecycle.ts'

/** `GET sys/key-status` (key-lifecycle.md section 3.8). */
export function keyStatusRoute({ custodian }: Lifecycle): Route {
  const read = async (): Promise<LogicalResponse> => {
    const { term, createdAt, operations } = custodian.dataKeys.status()
    return { data: { term, install_time: rfc3339(createdAt), encryptions: operations }, hoisted: true }
  }
  return {
    pattern: 'key-status',
    summary: 'The newest data key: its term, when it was made, and how much it has sealed.',
    access: 'token',
    answers: { read: shape({ term: WHOLE, install_time: TEXT, encryptions: WHOLE }) },
    handlers: { read },
  }
}
