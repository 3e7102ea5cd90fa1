import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { MAIN, ServerProcess, temporaryFolder } from './server-process.ts'

const folder = temporaryFolder()
after(folder.remove)

function write(name: string, content: string): string {
  const path = join(folder.path, name)
  writeFileSync(path, content)
  return path
}

test('a server starts from HCL, and tells each key without an effect once, where it stands', async () => {
  const file = write(
    'c.hcl',
    `storage "file" {
  path = "store"
}
listener "tcp" {
  address     = "127.0.0.1:0"
  tls_disable = 1
}
ui       = true
log_file = "x"
`,
  )
  const server = await ServerProcess.run([`-config=${file}`])
  const { body } = await server.call('GET', '/v1/sys/seal-status')
  assert.deepEqual([body.storage_type, body.initialized], ['sqlite', false])
  assert.equal(await server.stop(), 0)
  const warnings = server.talk.split('\n').filter((line) => line.includes('[WARN]'))
  assert.deepEqual(
    warnings.map((line) => line.replace(/^\S+ /, '')),
    [
      `[WARN]  ${file}:8:1: "ui" has no effect: this version has no pages`,
      `[WARN]  ${file}:9:1: "log_file" has no effect: the log goes to standard error`,
    ],
  )
  assert.match(server.talk, new RegExp(`Storage: sqlite in ${folder.path}/store$`, 'm'))
})

test('a server starts from what the environment names', async () => {
  const file = write(
    'env.json',
    '{"storage": {"inmem": {}}, "listener": {"tcp": {"address": "127.0.0.1:0", "tls_disable": true}}}',
  )
  const environment = { BAO_CONFIG_PATH: file, CONCLAVE_CONFIG_PATH: '', VAULT_LOG_LEVEL: 'debug' }
  const server = await ServerProcess.run([], { environment })
  assert.equal((await server.call('GET', '/v1/sys/seal-status')).body.storage_type, 'inmem')
  assert.equal(await server.stop(), 0)
  assert.match(server.talk, /\[DEBUG\] request: .*seal-status/)
})

test('a mistake ends the start with 1 and one sentence that has the place', () => {
  const file = write('bad.hcl', 'storage "inmem" {}\nlistener "tcp" {\n  tls_disabel = true\n}\n')
  const run = spawnSync(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', MAIN, 'server', `-config=${file}`],
    { encoding: 'utf8' },
  )
  const sentence = '"listener.tcp.tls_disabel" is not a known key; did you mean "tls_disable"?'
  const stderr = `Error starting the server: ${file}:3:3: ${sentence}\n`
  assert.deepEqual([run.status, run.stdout, run.stderr], [1, '', stderr])
})

test('access and lifetimes of a ceremony are those of the file', async () => {
  const file = write(
    'access.hcl',
    `storage "inmem" {}
unjoined_expiry = "1s"
listener "tcp" {
  address     = "127.0.0.1:0"
  tls_disable = true
}
listener "tcp" {
  address     = "127.0.0.1:0"
  tls_disable = true
  disable_unauthed_rekey_endpoints = true
}
`,
  )
  const server = await ServerProcess.run([`-config=${file}`])
  const guarded = /Listener 2: (http:\/\/\S+)/.exec(server.talk)?.[1]
  const { body } = await server.call('PUT', '/v1/sys/init', { secret_shares: 2, secret_threshold: 2 })
  assert.equal(await server.unseal(body.keys), true)
  const shape = { secret_shares: 3, secret_threshold: 2 }
  const refused = await fetch(`${guarded}/v1/sys/rekey/init`, { method: 'PUT', body: JSON.stringify(shape) })
  assert.equal(refused.status, 403)
  assert.equal((await server.call('PUT', '/v1/sys/rekey/init', shape)).status, 200)
  assert.equal((await server.call('GET', '/v1/sys/rekey/init')).body.started, true)
  await pause(1500)
  assert.equal((await server.call('GET', '/v1/sys/rekey/init')).body.started, false)
  assert.equal(await server.stop(), 0)
})
