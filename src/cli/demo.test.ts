import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { after, test } from 'node:test'
import { nodePrimitives } from '../crypto/node/primitives.ts'
import { sha256Stream } from '../crypto/node/sha256-stream.ts'
import { machine } from '../server/machine.ts'
import { systemEntropy } from '../server/system-ports.ts'
import { runCli } from './main.ts'

// A server that takes any share for a good one: the demo has to notice.
const CREDULOUS_SERVER = `
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
const config = JSON.parse(readFileSync(process.argv[3].slice('-config='.length)))
const port = Number(config.listener[0].tcp.address.split(':')[1])
const key = (digit) => String(digit).repeat(66)
const answers = {
  'PUT /v1/sys/init': { keys: [1, 2, 3, 4, 5].map(key), keys_base64: [], root_token: 'hvs.abc' },
  'PUT /v1/sys/unseal': { sealed: true, t: 3, n: 5, progress: 1 },
}
createServer((request, response) => {
  response.end(JSON.stringify(answers[request.method + ' ' + request.url] ?? {}))
}).listen(port, '127.0.0.1')
`

const folder = await mkdtemp(join(tmpdir(), 'conclave-cli-demo-'))
after(() => rm(folder, { recursive: true }))

async function demoWith(program: string) {
  const file = join(folder, 'server.mjs')
  await writeFile(file, program)
  const stdout = new PassThrough()
  const stderr = new PassThrough()
  const io = {
    stdin: new PassThrough(),
    stdout,
    stderr,
    // The demo's folder lies in the temporary folder of the environment.
    env: process.env,
    tty: { stdin: false, stdout: false, stderr: false },
    entry: [process.execPath, file],
  }
  const ports = {
    loadServer: () => Promise.reject(new Error('not asked for')),
    loadHashing: async () => nodePrimitives,
    loadSha256: async () => sha256Stream,
    loadEntropy: async () => systemEntropy,
    loadMachine: async () => machine,
  }
  const before = await demoFolders()
  const exitCode = await runCli(['demo'], io, ports)
  const left = (await demoFolders()).filter((name) => !before.includes(name))
  return { exitCode, left, stdout: String(stdout.read()), stderr: String(stderr.read()) }
}

async function demoFolders(): Promise<readonly string[]> {
  return (await readdir(tmpdir())).filter((name) => /^conclave-demo-/.test(name))
}

test('ends with 1 and leaves nothing behind when a step is not as it should be', async () => {
  const { exitCode, left, stdout, stderr } = await demoWith(CREDULOUS_SERVER)
  assert.equal(exitCode, 1)
  assert.match(stdout, /200 keys 1111… 2222… 3333… 4444… 5555… root_token hvs\.…\n/)
  assert.match(stderr, /this should have been refused/)
  assert.deepEqual(left, [])
})

test('ends with 1 and the last words of a server that does not start', async () => {
  const { exitCode, left, stderr } = await demoWith('console.error("no room"); process.exit(3)')
  assert.equal(exitCode, 1)
  assert.match(stderr, /the server ended at once.*no room/s)
  assert.deepEqual(left, [])
})
