import assert from 'node:assert/strict'
import { readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, type TestContext, test } from 'node:test'
import { ServerProcess, temporaryFolder } from '../api/server-process.ts'
import { LiveStore } from '../faults/live-store.ts'
import type { Authority } from '../http/authority.ts'
import { freeAddress, runDiagnose, says, type Told, writeCertificates } from './diagnosis.ts'

// Stores are for nobody else.
process.umask(0o077)

const work = temporaryFolder()
let authority: Authority
before(() => {
  authority = writeCertificates(work.path)
})
after(() => {
  authority.remove()
  work.remove()
})

let count = 0
const PLAIN = 'listener "tcp" { address = "127.0.0.1:0"\n tls_disable = true }'

/** A configuration with a store of its own and a listener of these terms, then perhaps a plain one. */
async function config(terms: string, more = ''): Promise<string> {
  const name = `c${count++}`
  const file = join(work.path, `${name}.hcl`)
  const listener = `listener "tcp" {\n address = "${await freeAddress()}"\n ${terms}\n}`
  writeFileSync(file, `storage "sqlite" { path = "store-${name}" }\n${listener}\n${more}\n`)
  return `-config=${file}`
}

async function start(t: TestContext, flag: string): Promise<ServerProcess> {
  const server = await ServerProcess.run([flag])
  t.after(() => server.kill())
  return server
}

async function diagnosed(...flags: readonly string[]): Promise<readonly Told[]> {
  const { exitCode, stdout } = await runDiagnose([...flags, '-format=json'])
  const { status, checks } = JSON.parse(stdout)
  assert.equal(exitCode, { ok: 0, failure: 1, warning: 2 }[status as 'ok'])
  for (const { next } of checks) assert.doesNotMatch(next ?? '', /^stop it/)
  return checks
}

describe('a running server is not taken for another program where', () => {
  for (const version of ['tls12', 'tls13']) {
    test(`it wants a client certificate, by ${version}`, async (t) => {
      const files = 'tls_cert_file = "cert.pem"\n tls_key_file = "key.pem"\n tls_client_ca_file = "ca.pem"'
      const terms = `tls_max_version = "${version}"\n tls_require_and_verify_client_cert = true`
      const flag = await config(`${files}\n ${terms}`)
      const server = await start(t, flag)
      const told = await diagnosed(flag)
      const sentence = `asks for a client certificate, as it is to, and process ${server.pid} serves`
      says(told, 'listener 1', 'ok', new RegExp(sentence))
    })
  }

  test('its listener serves only metrics', async (t) => {
    const flag = await config('tls_disable = true\n telemetry { metrics_only = true }', PLAIN)
    const server = await start(t, flag)
    const sentence = `serves only metrics, as it is to, and process ${server.pid} serves this store`
    says(await diagnosed(flag), 'listener 1', 'ok', new RegExp(sentence))
  })

  test('it was stopped by a signal', async (t) => {
    const flag = await config('tls_disable = true')
    const server = await start(t, flag)
    process.kill(server.pid, 'SIGSTOP')
    const told = await diagnosed(flag)
    const sentence = `does not answer, and process ${server.pid} serves .*kill -CONT ${server.pid}`
    says(told, 'listener 1', 'warning', new RegExp(sentence))
  })

  test('every file of its store was removed', async (t) => {
    const store = await LiveStore.make(join(work.path, 'removed'))
    t.after(() => store.server.kill())
    for (const name of readdirSync(store.folder)) rmSync(join(store.folder, name))
    const address = store.server.origin.replace('http://', '')
    const told = await diagnosed(`-data=${store.folder}`, `-address=${address}`)
    const found = told.find(({ check }) => check === 'listener 1')
    assert.ok(found !== undefined)
    // A failure once the server has seen it, which it looks for once a second.
    assert.notEqual(found.status, 'ok')
    assert.match(`${found.message} ${found.next}`, /leave it running, and read out what you can/)
  })
})
