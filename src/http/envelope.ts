import { type JsonOut, RawJson } from '../logical/json.ts'
import type { LogicalRequest, Operation } from '../logical/request.ts'
import type { AuthAnswer, LineStream, LogicalResponse, WrapInfo } from '../logical/response.ts'

/** Status and body around what a handler answered (surface.md sections 1.1 and 1.2). */
export interface Enveloped {
  readonly status: number
  readonly body: RawJson | { readonly [member: string]: JsonOut } | null
  readonly onArrived?: () => void
  readonly stream?: LineStream
}

export function envelope(request: LogicalRequest, response: LogicalResponse | null): Enveloped {
  if (response === null) return NOTHING[request.operation]
  const status = response.status ?? 200
  if (response.stream !== undefined) return { status, body: null, stream: response.stream }
  if (response.bare !== undefined) return { status, body: response.bare }
  return {
    status,
    ...(response.onArrived === undefined ? {} : { onArrived: response.onArrived }),
    body: wholeBody(request.id, response),
  }
}

/** The envelope itself, as it is sent and as it is wrapped. A wrapped answer keeps the id of what made it. */
export function wholeBody(
  requestId: string,
  response: LogicalResponse,
): { readonly [member: string]: JsonOut } {
  return {
    ...hoisted(response),
    request_id: response.wrapInfo === undefined ? requestId : '',
    lease_id: response.leaseId ?? '',
    renewable: response.renewable ?? false,
    lease_duration: response.leaseDuration ?? 0,
    data: response.data ?? null,
    wrap_info: response.wrapInfo === undefined ? null : wrapInfoOut(response.wrapInfo),
    warnings: response.warnings ?? null,
    auth: response.auth === undefined ? null : authOut(response.auth),
  }
}

const NOT_FOUND = { status: 404, body: { errors: [] } } as const
const DONE = { status: 204, body: null } as const

const NOTHING: Readonly<Record<Operation, Enveloped>> = {
  read: NOT_FOUND,
  list: NOT_FOUND,
  help: NOT_FOUND,
  scan: NOT_FOUND,
  create: DONE,
  update: DONE,
  patch: DONE,
  delete: DONE,
}

function authOut(auth: AuthAnswer): { readonly [member: string]: JsonOut } {
  return {
    client_token: auth.clientToken,
    accessor: auth.accessor,
    policies: auth.policies,
    ...(auth.tokenPolicies.length === 0 ? {} : { token_policies: auth.tokenPolicies }),
    ...(auth.identityPolicies.length === 0 ? {} : { identity_policies: auth.identityPolicies }),
    metadata: auth.metadata,
    lease_duration: auth.leaseDuration,
    renewable: auth.renewable,
    entity_id: auth.entityId,
    token_type: auth.tokenType,
    orphan: auth.orphan,
    mfa_requirement: null,
    num_uses: auth.numUses,
  }
}

function wrapInfoOut(info: WrapInfo): { readonly [member: string]: JsonOut } {
  return {
    token: info.token,
    accessor: info.accessor,
    ttl: info.ttl,
    creation_time: info.creationTime,
    creation_path: info.creationPath,
    ...(info.wrappedAccessor === null ? {} : { wrapped_accessor: info.wrappedAccessor }),
  }
}

/** The wrapped object, plus every member of `data` beside it (key-lifecycle.md section 1.1). */
function hoisted({ hoisted, data }: LogicalResponse): { readonly [member: string]: JsonOut } {
  return hoisted === true && data !== null && data !== undefined && !(data instanceof RawJson) ? data : {}
}
