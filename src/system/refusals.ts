import { OperatingError } from '../base/errors.ts'
import type { Journal, JournalEvent, JournalFacts, JournalKind } from '../ceremony/journal/journal.ts'
import { recognisedIn } from '../ceremony/recorded.ts'
import type { Handler, Route } from '../logical/backend.ts'
import type { BareRoute } from '../logical/bare-route.ts'

/** Below `/v1/sys/` or `/sys/`, with whatever follows: a route that is added below one is recorded too. */
const CEREMONIES: readonly (readonly [path: string, kind: JournalKind])[] = [
  ['init', 'init'],
  ['unseal', 'unseal'],
  ['seal', 'seal'],
  ['rekey', 'rekey'],
  ['rekey-recovery-key', 'rekey'],
  ['rotate/root', 'rekey'],
  ['rotate/recovery', 'rekey'],
  ['generate-root', 'generate_root'],
  ['generate-root-token', 'generate_root'],
]

/**
 * Has every refusal at a ceremony's route written down, in the one place that all faces share: also of a body
 * that cannot be read, and of a caller who may not. What took effect is recorded where it is done.
 */
export function journaled(journal: Journal, routes: readonly BareRoute[]): readonly BareRoute[] {
  return routes.map((route) => {
    const kind = ceremonyOf(route.path)
    if (kind === null) return route
    const refused = (source: string, error: unknown): void => recordRefusal(journal, { kind, source }, error)
    return { ...route, refused }
  })
}

/**
 * The same for the routes of `sys/` behind the router, as far as a request comes: whom the router turns away
 * is audit's to record.
 */
export function journaledBehindRouter(journal: Journal, routes: readonly Route[]): readonly Route[] {
  return routes.map((route) => {
    const kind = ceremonyOf(`/v1/sys/${route.pattern}`)
    if (kind === null) return route
    const handlers = Object.entries(route.handlers).map(([operation, handler]) => {
      const isReading = operation === 'read' || operation === 'list'
      return [operation, isReading ? handler : recording(journal, kind, handler)]
    })
    return { ...route, handlers: Object.fromEntries(handlers) }
  })
}

/** The ceremony that a path belongs to; `null` for any other. */
export function ceremonyOf(path: string): JournalKind | null {
  const below = /^(?:\/v1)?\/sys\/(.*)$/.exec(path)?.[1] ?? ''
  const found = CEREMONIES.find(([name]) => below === name || below.startsWith(`${name}/`))
  return found?.[1] ?? null
}

function recording(journal: Journal, kind: JournalKind, handler: Handler): Handler {
  return async (call) => {
    try {
      return await handler(call)
    } catch (error) {
      recordRefusal(journal, { kind, source: call.request.origin.source }, error)
      throw error
    }
  }
}

function recordRefusal(journal: Journal, asked: Pick<JournalFacts, 'kind' | 'source'>, error: unknown): void {
  if (!(error instanceof OperatingError)) {
    journal.record({ ...asked, event: 'refused', reason: 'internal' })
    return
  }
  journal.record({ ...asked, ...recognisedIn(error), event: eventOf(error), reason: error.code })
}

function eventOf(error: OperatingError): JournalEvent {
  if (error.code === 'share_duplicate') return 'share_repeated'
  return error.detail['throttled'] === true ? 'throttled' : 'refused'
}
