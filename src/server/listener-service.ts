import type { ListenerTerms } from '../config/config.ts'
import type { Service } from '../http/exchange.ts'
import { type Door, onlyMetricsAt, withoutMetrics } from '../http/metrics-door.ts'
import type { BareRoute } from '../logical/bare-route.ts'

/** What every listener serves, and what one serves that gives metrics to anyone. */
export interface SharedService extends Omit<Service, 'listener' | 'maxBodyBytes' | 'door'> {
  readonly openMetrics: BareRoute
}

/** The part of what a listener serves that depends on who may read metrics there. */
export function serviceBy(
  { openMetrics, ...service }: SharedService,
  { metrics }: Pick<ListenerTerms, 'metrics'>,
): Omit<Service, 'listener' | 'maxBodyBytes'> {
  const { bareRoutes } = service
  const door = doorOf(metrics)
  return {
    ...service,
    ...(door === null ? {} : { door }),
    bareRoutes:
      metrics.access === 'anyone' ? new Map([...bareRoutes, [openMetrics.path, openMetrics]]) : bareRoutes,
  }
}

function doorOf({ access, onlyAt }: ListenerTerms['metrics']): Door | null {
  if (access === 'nobody') return withoutMetrics
  return onlyAt === null ? null : onlyMetricsAt(onlyAt)
}
