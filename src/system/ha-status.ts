import type { Route } from '../logical/backend.ts'
import type { LogicalResponse } from '../logical/response.ts'
import { listOf, nullable, shape, TEXT, TRUTH } from '../logical/schema.ts'
import { API_VERSION } from './answers.ts'
import type { Lifecycle } from './lifecycle.ts'

const NODE = shape({
  hostname: TEXT,
  api_address: TEXT,
  cluster_address: TEXT,
  active_node: TRUTH,
  last_echo: nullable(TEXT),
  version: TEXT,
})

/** `GET sys/ha-status` (key-lifecycle.md section 3.7): without high availability, this one node. */
export function haStatusRoute({ host, apiAddress }: Lifecycle): Route {
  const read = async (): Promise<LogicalResponse> => {
    const node = {
      hostname: host.hostname(),
      api_address: apiAddress,
      cluster_address: '',
      active_node: true,
      last_echo: null,
      version: API_VERSION,
    }
    return { data: { nodes: [node] }, hoisted: true }
  }
  return {
    pattern: 'ha-status',
    summary: 'The nodes of the cluster.',
    access: 'token',
    answers: { read: shape({ nodes: listOf(NODE) }) },
    handlers: { read },
  }
}
