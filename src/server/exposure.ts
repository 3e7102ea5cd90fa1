import { isLoopback } from '../config/address.ts'
import type { ListenerConfig } from '../config/config.ts'

/** Whether what is said to this listener crosses a network unencrypted. */
export function isExposed(listener: ListenerConfig): boolean {
  return listener.type === 'tcp' && listener.tls === null && !isLoopback(listener.host)
}
