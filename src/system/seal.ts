import { OperatingError } from '../base/errors.ts'
import type { BareRequest, BareResponse, BareRoute } from '../logical/bare-route.ts'
import { DONE } from './answers.ts'
import type { Lifecycle, TokenSender } from './lifecycle.ts'

/** `/v1/sys/seal` (key-lifecycle.md section 3.3): sealing what is sealed needs nobody's leave. */
export function sealRoute(lifecycle: Lifecycle): BareRoute {
  const seal = async (request: BareRequest): Promise<BareResponse> => {
    if (!lifecycle.custodian.isOpen) return DONE
    await requireSudo(lifecycle, request, 'sys/seal')
    await lifecycle.custodian.seal(request.origin.source)
    return DONE
  }
  return {
    path: '/v1/sys/seal',
    summary: 'Seals the server: keys leave its memory, running ceremonies are cancelled.',
    emptyBody: 'object',
    needsOpen: false,
    handlers: { PUT: seal, POST: seal },
  }
}

/** Throws `permission_denied` in the two spellings that clients know (surface.md section 0.2). */
export async function requireSudo(lifecycle: Lifecycle, request: TokenSender, path: string): Promise<void> {
  const verdict = await lifecycle.gate.check(request, path)
  if (verdict === 'allowed') return
  const text = verdict === 'denied' ? '1 error occurred:\n\t* permission denied\n\n' : 'permission denied'
  throw new OperatingError('permission_denied', text)
}
