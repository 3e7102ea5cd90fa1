import { assert } from '../base/assert.ts'
import { type ErrorDetail, hasCode, OperatingError } from '../base/errors.ts'
import { wholeBody } from '../http/envelope.ts'
import type { LeaseHolder } from '../lease/registration.ts'
import { durationText } from '../logical/lifetime.ts'
import type { WrapRequest } from '../logical/request.ts'
import type { LogicalResponse, NewSecret, WrapInfo } from '../logical/response.ts'
import type { Done } from '../router/router.ts'
import type { KnownToken, TokenStore } from '../token/store.ts'
import type { Wrapping } from '../wrapping/wrapping.ts'
import type { Callers } from './callers.ts'
import type { LeaseRoom } from './lease-room.ts'
import { WIRE_JSON } from './wire-json.ts'

export interface HoldPorts {
  readonly room: LeaseRoom
  readonly wrapping: Wrapping
  readonly callers: Callers
  readonly tokens: TokenStore
  readonly log: { warn(event: string, facts?: ErrorDetail): void }
}

/** What an answer goes through before it goes out: a secret that ends is registered, then it is wrapped. */
export function holding(ports: HoldPorts): (done: Done) => Promise<LogicalResponse> {
  return async (done) => {
    const { secret, ...rest } = done.response
    const held = secret === undefined ? rest : await leased(ports, { ...done, response: rest }, secret)
    const { wrap } = done.request
    if (wrap === null || !isWrapped(done, held)) return held
    try {
      const wrapInfo = await wrapped(ports.wrapping, wrap, { ...done, response: held })
      return wrapInfo.ttl === wrap.ttl
        ? { wrapInfo }
        : { wrapInfo, warnings: [capped(wrap.ttl, wrapInfo.ttl)] }
    } catch (error) {
      await takeBack(ports, held, secret !== undefined)
      throw error
    }
  }
}

/** As of every other time that is asked for. */
function capped(asked: number, given: number): string {
  const [wanted, max] = [durationText(asked), durationText(given)]
  return `TTL of "${wanted}" exceeded the effective max_ttl of "${max}"; TTL value is capped accordingly`
}

/** Ends what was made for an answer that nobody gets to see. Rejects where a secret could not be. */
async function takeBack(ports: HoldPorts, held: LogicalResponse, isSecret: boolean): Promise<void> {
  const { auth, leaseId } = held
  if (isSecret && leaseId !== undefined) {
    await ports.room.leases.revoke(leaseId, { sync: false, force: false })
  }
  if (auth?.isNew !== true) return
  try {
    // A batch token has no accessor, and cannot be ended: it stands nowhere, so nobody can come by it.
    const made = await ports.tokens.byAccessor(auth.accessor)
    if (made !== null) await ports.tokens.revoke(made.key)
  } catch (error) {
    if (!(error instanceof OperatingError)) throw error
    // It ends by itself; until then nobody has it, and its accessor is listed.
    ports.log.warn('a token whose answer could not be wrapped could not be ended', { code: error.code })
  }
}

async function leased(ports: HoldPorts, done: Done, secret: NewSecret): Promise<LogicalResponse> {
  const { request, mount, caller } = done
  assert(caller !== null, 'a secret that ends is made for somebody')
  const token = ports.callers.tokenOf(caller)
  const made = {
    path: request.path,
    mount: ports.room.leasing(mount),
    secret,
    holder: holderOf(token),
  }
  const { leaseId, renewable, leaseDuration, warnings } = await ports.room.leases.register(made)
  if (token.entry.numUses < 0) await refuseLastUse(ports, leaseId)
  const all = [...(done.response.warnings ?? []), ...warnings]
  return {
    ...done.response,
    leaseId,
    renewable,
    leaseDuration,
    ...(all.length === 0 ? {} : { warnings: all }),
  }
}

/** The token ends with this request, and the secret with it (surface.md section 2.1). */
async function refuseLastUse({ room }: HoldPorts, leaseId: string): Promise<never> {
  try {
    await room.leases.revoke(leaseId, { sync: true, force: false })
  } catch (error) {
    // It is tried again by itself, and nobody gets to see the secret.
    if (!hasCode(error, 'revocation_failed')) throw error
  }
  throw new OperatingError(
    'bad_request',
    'Secret cannot be returned; token had one use left, so leased credentials were immediately revoked.',
  )
}

function holderOf({ key, entry }: KnownToken): LeaseHolder {
  // A batch token ends with its parent, or by itself, where nobody is told of it.
  return key === null ? { tokenKey: entry.parent, end: entry.expireTime } : { tokenKey: key, end: null }
}

/**
 * Any answer with a body, but one that says that nothing is there, and one that is wrapped already. For a
 * stranger only one that came of a login: else whoever comes by could fill the store.
 */
function isWrapped({ caller, response }: Done, held: LogicalResponse): boolean {
  if (held.status === 404 || held.wrapInfo !== undefined || held.bare === null) return false
  return caller !== null || response.auth !== undefined
}

async function wrapped(wrapping: Wrapping, wrap: WrapRequest, done: Done): Promise<WrapInfo> {
  const { request, response } = done
  // What stands twice in the answer of an old path stands once in what is wrapped, as with the peers.
  const { hoisted: _once, ...answer } = response
  const isEmpty = Object.keys(answer).length === 0
  const body = isEmpty ? new Uint8Array(0) : WIRE_JSON.write(answer.bare ?? wholeBody(request.id, answer))
  try {
    const accessor = answer.auth?.accessor ?? ''
    return await wrapping.wrap(wrap, {
      path: request.path,
      // Without the end of the line.
      body: body.subarray(0, Math.max(0, body.length - 1)),
      wrappedAccessor: accessor === '' ? null : accessor,
    })
  } finally {
    body.fill(0)
  }
}
