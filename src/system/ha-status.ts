import type { Route } from '../logical/backend.ts'
import type { LogicalResponse } from '../logical/response.ts'
import { API_VERSION } from './answers.ts'
import type { Lifecycle } from './lifecycle.ts'

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
  return { pattern: 'ha-status', summary: 'The nodes of the cluster.', access: 'token', handlers: { read } }
}
