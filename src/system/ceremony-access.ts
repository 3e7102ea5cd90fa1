import type { Asked, Credential } from '../ceremony/access.ts'
import type { BareRequest } from '../logical/bare-route.ts'
import { shareField } from './answers.ts'
import type { Lifecycle } from './lifecycle.ts'

/** Which family of ceremonies a listener may treat apart (`disable_unauthed_…`, custody.md section 3). */
export type Family = 'rekey' | 'generateRoot'

/**
 * What the caller of a ceremony endpoint shows, for as long as `act` runs: a token with `sudo` on the path, a
 * share in the body's `key`, or nothing. A token that is not good enough counts as nothing. What it allows is
 * decided where the ceremony is, in its queue.
 */
export async function asking<Result>(
  lifecycle: Lifecycle,
  request: BareRequest,
  door: { readonly path: string; readonly family: Family; readonly act: (asked: Asked) => Promise<Result> },
): Promise<Result> {
  using share = shareField(lifecycle, request.body)
  const credential: Credential =
    share === null ? { by: await tokenOrNobody(lifecycle, request, door.path) } : { by: 'holder', share }
  const { access, source } = request.origin
  return await door.act({ credential, access: access[door.family], source, path: door.path })
}

async function tokenOrNobody(
  { gate }: Lifecycle,
  request: BareRequest,
  path: string,
): Promise<'nobody' | 'token'> {
  return (await gate.check(request, path)) === 'allowed' ? 'token' : 'nobody'
}
