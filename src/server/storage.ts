import type { StorageConfig } from '../config/config.ts'
import type { GuardedStorage } from './io-guard.ts'

/**
 * Loads what opens the store that the configuration names: a server has one of them. Calling it then starts
 * the store's thread at once. It throws what opening a store throws.
 */
export async function loadStorage(config: StorageConfig): Promise<() => Promise<GuardedStorage>> {
  if (config.type === 'inmem') {
    const { MemoryBackend } = await import('../physical/memory/memory-backend.ts')
    return async () => new MemoryBackend()
  }
  const { openSqliteStore } = await import('../physical/sqlite/sqlite-backend.ts')
  return () => openSqliteStore({ folder: config.folder })
}
