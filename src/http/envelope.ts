import { type JsonOut, RawJson } from '../logical/json.ts'
import type { LogicalRequest } from '../logical/request.ts'
import type { LogicalResponse } from '../logical/response.ts'

/** Status and body around what a handler answered (surface.md sections 1.1 and 1.2). */
export interface Enveloped {
  readonly status: number
  readonly body: { readonly [member: string]: JsonOut } | null
  readonly onArrived?: () => void
}

export function envelope(request: LogicalRequest, response: LogicalResponse | null): Enveloped {
  if (response === null) {
    const reads = request.operation === 'read' || request.operation === 'list'
    return reads ? { status: 404, body: { errors: [] } } : { status: 204, body: null }
  }
  return {
    status: 200,
    ...(response.onArrived === undefined ? {} : { onArrived: response.onArrived }),
    body: {
      ...hoisted(response),
      request_id: request.id,
      lease_id: '',
      renewable: false,
      lease_duration: response.leaseDuration ?? 0,
      data: response.data ?? null,
      wrap_info: null,
      warnings: response.warnings ?? null,
      auth: null,
    },
  }
}

/** The wrapped object, plus every member of `data` beside it (key-lifecycle.md section 1.1). */
function hoisted({ hoisted, data }: LogicalResponse): { readonly [member: string]: JsonOut } {
  return hoisted === true && data !== null && data !== undefined && !(data instanceof RawJson) ? data : {}
}
