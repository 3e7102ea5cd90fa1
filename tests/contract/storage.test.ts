import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MemoryBackend } from '../../src/physical/memory/memory-backend.ts'
import { openSqliteStore } from '../../src/physical/sqlite/sqlite-backend.ts'
import { storageContract } from './storage.ts'

storageContract('memory', async () => ({ store: new MemoryBackend(), discard: async () => {} }))

storageContract('sqlite', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'conclave-'))
  const store = await openSqliteStore({ folder })
  return { store, discard: async () => await rm(folder, { recursive: true }) }
})
