import assert from 'node:assert/strict'
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, test } from 'node:test'
import { ServerProcess, temporaryFolder } from '../api/server-process.ts'
import { LiveStore } from '../faults/live-store.ts'
import { runInTerminal } from './terminal.ts'

let work: ReturnType<typeof temporaryFolder>
let folder: string

beforeEach(() => {
  work = temporaryFolder()
  folder = join(work.path, 'store')
})

afterEach(() => work.remove())

test('a store that was never opened goes when its words are typed, and another is initialised in its place', async () => {
  const { storeId, words } = await initialised()
  const ran = await runInTerminal(['store', 'discard', `-data=${folder}`], {
    isTty: true,
    typed: [[/Type the two words of its key set/, `  ${words.toUpperCase()} \r`]],
  })
  assert.equal(ran.exitCode, 0, ran.stderr)
  assert.ok(ran.stderr.includes(`Key set: "${words}"`), 'whoever types has seen which store it is')
  assert.match(ran.stdout, new RegExp(`^Store ID {4,}${storeId}$`, 'm'))
  assert.match(ran.stderr, /Next: conclave server\n {6}conclave operator init/)
  assert.deepEqual(readdirSync(folder).sort(), ['ceremony.journal', 'conclave.db.lock', 'node.key'])

  const server = await ServerProcess.start(folder)
  const { body } = await server.call('PUT', '/v1/sys/init', { secret_shares: 3, secret_threshold: 2 })
  assert.ok(await server.unseal(body.keys))
  await server.stop()
})

test('a crash after the first of its files leaves no store, whatever the log says', async () => {
  const server = await ServerProcess.start(folder)
  await server.call('PUT', '/v1/sys/init', { secret_shares: 3, secret_threshold: 2 })
  await server.kill()
  assert.ok(existsSync(join(folder, 'conclave.db-wal')))
  rmSync(join(folder, 'conclave.db'))
  const again = await ServerProcess.start(folder)
  assert.equal((await again.call('GET', '/v1/sys/custody/status')).body.state, 'empty')
  await again.stop()
})

test('-force asks nothing, for a script, which is told what went', async () => {
  const { storeId, words } = await initialised()
  const ran = await runInTerminal(['store', 'discard', '-force', `-data=${folder}`, '-format=json'])
  assert.equal(ran.exitCode, 0, ran.stderr)
  const { discarded, store_id, words: told } = JSON.parse(ran.stdout)
  assert.deepEqual([discarded, store_id, told], [folder, storeId, words])
  assert.ok(!existsSync(join(folder, 'conclave.db')))
})

test('other words, and nobody to ask, discard nothing', async () => {
  const { storeId } = await initialised()
  const wrong = await runInTerminal(['store', 'discard', `-data=${folder}`], {
    isTty: true,
    typed: [[/Type the two words/, 'abandon ability\r']],
  })
  assert.deepEqual([wrong.exitCode, /these are not its words/.test(wrong.stderr)], [1, true])
  for (const terminal of [{}, { isTty: true }]) {
    const flags = terminal.isTty === true ? ['-non-interactive'] : []
    const ran = await runInTerminal(['store', 'discard', `-data=${folder}`, ...flags], terminal)
    assert.equal(ran.exitCode, 1)
    assert.match(ran.stderr, /cannot be asked for here[\s\S]*Type it on a terminal, or give -force\./)
  }
  assert.equal(await storeIdNow(), storeId)
})

test('a store that was opened is never discarded, -force or not, empty or not', async () => {
  const store = await LiveStore.make(folder)
  await store.server.stop()
  await refuses(/was opened \(serial \d+\) and may hold secrets: it is never discarded/)
  await store.restart()
  await store.server.stop()
})

test('one that says it was never opened, and holds what mounts keep, is not discarded either', async () => {
  await initialised()
  change("INSERT INTO entries VALUES ('logical/x/a', x'01')")
  await refuses(/may hold secrets/)
})

test('a record that cannot be read proves nothing, and so does an older copy', async () => {
  await initialised()
  change("UPDATE entries SET value = x'7b7d' WHERE key = 'core/custody/copy'")
  await refuses(/custody record/)
  change("DELETE FROM entries WHERE key = 'core/custody/copy'")
  await refuses(/custody record/)
})

test('refuses while a server has the store, where there is none, and where it is of another program', async () => {
  await refuses(/there is no initialised store in/)
  const server = await ServerProcess.start(folder)
  await refuses(/another process serves the store/)
  await server.stop()
  await refuses(/there is no initialised store in/)
  rmSync(join(folder, 'conclave.db'))
  writeFileSync(join(folder, 'conclave.db'), '', { mode: 0o600 })
  change('CREATE TABLE theirs (x)')
  await refuses(/SQLite database of another program/)
})

/** Exit code 1 and the sentence; all files are there as before. */
async function refuses(sentence: RegExp): Promise<void> {
  const before = existsSync(folder) ? readdirSync(folder).sort() : []
  const ran = await runInTerminal(['store', 'discard', '-force', `-data=${folder}`])
  assert.deepEqual([ran.exitCode, ran.stdout], [1, ''], ran.stderr)
  assert.match(ran.stderr, sentence)
  const after = existsSync(folder) ? readdirSync(folder).sort() : []
  assert.deepEqual(
    before.filter((name) => !after.includes(name)),
    [],
  )
}

/** Shares were dealt, nobody gave one, and the server has stopped. */
async function initialised(): Promise<{ readonly storeId: string; readonly words: string }> {
  const server = await ServerProcess.start(folder)
  await server.call('PUT', '/v1/sys/init', { secret_shares: 3, secret_threshold: 2 })
  const { body } = await server.call('GET', '/v1/sys/custody/status')
  assert.equal(body.state, 'never opened')
  await server.stop()
  return { storeId: body.store_id, words: body.live.words }
}

async function storeIdNow(): Promise<string> {
  const server = await ServerProcess.start(folder)
  const { body } = await server.call('GET', '/v1/sys/custody/status')
  await server.stop()
  return body.store_id
}

function change(sql: string): void {
  using database = new DatabaseSync(join(folder, 'conclave.db'))
  database.exec(sql)
}
