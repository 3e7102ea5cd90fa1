import { isLoopback } from '../config/address.ts'
import type { ListenerConfig } from '../config/config.ts'

/** Whether what is said to this listener and is nobody else's business crosses a network unencrypted. */
export function isExposed(listener: ListenerConfig): boolean {
  // Where there are metrics and nothing else, and no token is asked for, nothing secret is said.
  if (listener.metrics.onlyAt !== null && listener.metrics.access === 'anyone') return false
  return listener.type === 'tcp' && listener.tls === null && !isLoopback(listener.host)
}
