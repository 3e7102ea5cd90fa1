import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { ServerProcess, temporaryFolder } from './server-process.ts'

const MAIN = new URL('../../src/main.ts', import.meta.url).pathname
const work = temporaryFolder()
after(() => work.remove())

/** A start that is to fail: the exit code, and what was said. */
async function start(...given: readonly string[]): Promise<[number | null, string]> {
  const flags = ['--disable-warning=ExperimentalWarning', MAIN, 'server', ...given]
  const child = spawn(process.execPath, flags, { stdio: ['ignore', 'ignore', 'pipe'] })
  let stderr = ''
  child.stderr.on('data', (chunk) => {
    stderr += String(chunk)
  })
  const [code] = await once(child, 'close')
  return [code, stderr]
}

test('a start on a port that is taken fails, and leaves nothing behind', async () => {
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  const place = other.address()
  const port = typeof place === 'object' && place !== null ? place.port : 0
  const folder = join(work.path, 'new')
  const [code, stderr] = await start(`-data=${folder}`, `-address=127.0.0.1:${port}`)
  other.close()
  assert.equal(code, 1)
  assert.match(stderr, new RegExp(`cannot listen on 127.0.0.1:${port}: something listens there already`))
  assert.equal(existsSync(folder), false)
})

test('a start whose certificate is not there fails, and leaves nothing behind', async () => {
  const folder = join(work.path, 'without-certificate')
  const config = join(work.path, 'server.json')
  const tcp = { address: '127.0.0.1:0', tls_cert_file: 'none.pem', tls_key_file: 'none.pem' }
  writeFileSync(config, JSON.stringify({ storage: { sqlite: { path: folder } }, listener: [{ tcp }] }))
  const [code, stderr] = await start(`-config=${config}`)
  assert.equal(code, 1)
  assert.match(stderr, /TLS file .*none\.pem does not exist/)
  assert.equal(existsSync(folder), false)
})

test('a start that fails beside a store leaves the store as it was', async () => {
  const folder = join(work.path, 'store')
  const first = await ServerProcess.start(folder)
  await first.stop()
  const before = readdirSync(folder).sort()
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  const place = other.address()
  const port = typeof place === 'object' && place !== null ? place.port : 0
  assert.equal((await start(`-data=${folder}`, `-address=127.0.0.1:${port}`))[0], 1)
  other.close()
  assert.deepEqual(readdirSync(folder).sort(), before)
})
