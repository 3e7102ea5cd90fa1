import type { BareResponse, BareRoute } from '../logical/bare-route.ts'
import { DONE } from './answers.ts'

/** `/v1/sys/step-down` (key-lifecycle.md section 3.4): alone, there is nobody to step down for. */
export function stepDownRoute(): BareRoute {
  const stepDown = async (): Promise<BareResponse> => DONE
  return {
    path: '/v1/sys/step-down',
    summary: 'Lets another node become active; alone, it does nothing.',
    emptyBody: 'object',
    needsOpen: false,
    handlers: { PUT: stepDown, POST: stepDown },
  }
}
