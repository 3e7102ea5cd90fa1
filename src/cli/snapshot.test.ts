import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { after, before, test } from 'node:test'
import { utf8 } from '../base/encoding.ts'
import { nodePrimitives } from '../crypto/node/primitives.ts'
import { sha256Stream } from '../crypto/node/sha256-stream.ts'
import { openSqliteStore } from '../physical/sqlite/sqlite-backend.ts'
import { machine } from '../server/machine.ts'
import { systemEntropy } from '../server/system-ports.ts'
import { runCli } from './main.ts'

const vectorFile = new URL('../../tests/vectors/storage-format.json', import.meta.url)
const CUSTODY = utf8(String(JSON.parse(readFileSync(vectorFile, 'utf8')).vectors.custody_record))
const FACTS = JSON.parse(Buffer.from(CUSTODY).toString())

const root = mkdtempSync(join(tmpdir(), 'conclave-cli-'))
const data = join(root, 'data')
const file = join(root, 'of-today.snapshot')

before(async () => {
  const store = await openSqliteStore({ folder: data })
  await store.commit([{ op: 'put', key: 'core/custody', value: CUSTODY }])
  await store.close()
})

after(() => rmSync(root, { recursive: true }))

test('saves, inspects and restores, and each time says whose shares open it', async () => {
  const { number, threshold, shares } = FACTS.live
  const opens = new RegExp(`opens with any ${threshold} of the ${shares.length} shares of key set ${number}`)
  const saved = await run(['snapshot', 'save', `-data=${data}`, file])
  assert.equal(saved.exitCode, 0, saved.stderr)
  assert.match(saved.stderr, opens)
  assert.match(saved.stdout, /^Entries {4,}1$/m)
  const inspected = await run(['snapshot', 'inspect', file])
  assert.equal(inspected.stdout, saved.stdout)
  assert.match(inspected.stderr, opens)
  const restored = await run(['snapshot', 'restore', `-data=${join(root, 'restored')}`, file])
  assert.equal(restored.stdout, saved.stdout)
  assert.match(restored.stderr, opens)
  assert.match(restored.stderr, /Next: conclave server -data=.*restored\n/)
})

test('gives a script the facts, and nothing else', async () => {
  const { stdout, stderr } = await run(['snapshot', 'inspect', '-format=json', file])
  const facts = JSON.parse(stdout)
  assert.equal(facts.store_id, Buffer.from(FACTS.store_id, 'base64').toString('hex'))
  assert.equal(facts.live.number, FACTS.live.number)
  assert.match(facts.digest, /^[0-9a-f]{64}$/)
  assert.equal(stderr, '')
})

test('replaces a snapshot only with -force, and a store never', async () => {
  const refused = await run(['snapshot', 'save', `-data=${data}`, file])
  assert.equal(refused.exitCode, 1)
  assert.match(refused.stderr, /is there already: .*-force/)
  assert.equal((await run(['snapshot', 'save', '-force', `-data=${data}`, file])).exitCode, 0)
  const over = await run(['snapshot', 'restore', `-data=${data}`, file])
  assert.equal(over.exitCode, 1)
  assert.match(over.stderr, /holds a store already.*\n\nFor example: conclave snapshot restore -data=/)
})

test('restoring into the folder of a server that runs says what to do', async () => {
  const store = await openSqliteStore({ folder: data })
  const { exitCode, stderr } = await run(['snapshot', 'restore', `-data=${data}`, file])
  await store.close()
  assert.equal(exitCode, 1)
  assert.match(stderr, /a server runs on the store in .*data/)
  assert.match(stderr, /another folder with -data.*or stop that server and move its store away/s)
})

test('tells a file of another kind from a damaged snapshot', async () => {
  const letter = join(root, 'letter')
  writeFileSync(letter, 'root:x:0:0:root:/root:/bin/sh\n')
  const { exitCode, stderr } = await run(['snapshot', 'inspect', letter])
  assert.equal(exitCode, 1)
  assert.match(stderr, /letter is no snapshot/)
  assert.doesNotMatch(stderr, /damaged/)
})

test('refuses a file that is no snapshot, with exit code 1', async () => {
  const { exitCode, stdout, stderr } = await run(['snapshot', 'inspect', join(data, 'conclave.db')])
  assert.equal(exitCode, 1)
  assert.equal(stdout, '')
  assert.match(stderr, /not as we made them|damaged/)
})

async function run(argv: readonly string[]) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()]
  const io = {
    stdin: new PassThrough(),
    stdout,
    stderr,
    env: {},
    tty: { stdin: false, stdout: false, stderr: false },
    entry: [],
  }
  const ports = {
    loadServer: () => Promise.reject(new Error('not asked for')),
    loadHashing: async () => nodePrimitives,
    loadSha256: async () => sha256Stream,
    loadEntropy: async () => systemEntropy,
    loadMachine: async () => machine,
  }
  const exitCode = await runCli(argv, io, ports)
  return { exitCode, stdout: String(stdout.read() ?? ''), stderr: String(stderr.read() ?? '') }
}
