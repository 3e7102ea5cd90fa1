import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { ServerProcess, temporaryFolder } from '../api/server-process.ts'

const work = temporaryFolder()
after(work.remove)
const CHILD = join(import.meta.dirname, 'missing-module.child.ts')

test('a program that cannot be loaded ends by itself, and leaves a store that opens', async () => {
  const folder = join(work.path, 'store')
  const flags = ['--disable-warning=ExperimentalWarning', CHILD, folder]
  // A server takes SIGTERM for a wish that it fulfils once it has started.
  const limits = { timeout: 20_000, killSignal: 'SIGKILL' } as const
  const { status, stderr } = spawnSync(process.execPath, flags, { encoding: 'utf8', ...limits })
  assert.match(stderr, /refused: Error: planted/)
  assert.equal(status, 3)
  const server = await ServerProcess.start(folder)
  assert.equal(await server.stop(), 0)
})
