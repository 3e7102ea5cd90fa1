import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, describe, test } from 'node:test'
import { ServerProcess, temporaryFolder } from '../api/server-process.ts'
import { LiveStore } from '../faults/live-store.ts'
import { SmallDisk } from '../faults/small-disk.ts'
import { freeAddress, runDiagnose, says, type Told } from './diagnosis.ts'
import type { Ran } from './terminal.ts'

// Stores are for nobody else.
process.umask(0o077)

describe('beside a running server', () => {
  const work = temporaryFolder()
  const folder = join(work.path, 'store')
  let store: LiveStore

  before(async () => {
    store = await LiveStore.make(folder)
    await store.write('a', { text: 'a secret value' })
  })

  after(async () => {
    await store.server.stop()
    work.remove()
  })

  test('says who serves the store, in which state, and writes nothing', async () => {
    const left = contents(folder)
    const told = await diagnosed(folder, addressOf(store.server))
    says(told, 'store folder', 'ok', /: 0700 and 0600, of one user/)
    says(told, 'store lock', 'ok', new RegExp(`^held by process ${store.server.pid} \\(node\\)`))
    says(
      told,
      'store records',
      'ok',
      /, \d+ entries, serial \d+; any 2 of the 3 shares of key set 1 open it$/,
    )
    // Well or not: that is for the disk of this machine to say.
    const flush = told.find(({ check }) => check === 'flush')
    assert.match(flush?.message ?? '', /ms at least, .* ms in the middle, .* ms at most, of 20/)
    says(told, 'listener 1', 'ok', /the server of this store answers at 127\.0\.0\.1:\d+: open/)
    says(told, 'umask', 'ok', /^077/)
    // This server was started without bin/conclave, which has Node.js leave SIGUSR1 alone.
    says(told, 'inspector', 'warning', /SIGUSR1 opens the inspector/)
    assert.deepEqual(contents(folder), left)
    assert.equal((await store.read('a')).status, 200, 'the server goes on')
  })

  test('shows nothing secret, in any form', async () => {
    const address = addressOf(store.server)
    const secrets = [store.token, ...store.keys, 'a secret value']
    for (const format of ['table', 'json', 'yaml']) {
      const { stdout, stderr } = await diagnose(folder, address, [`-format=${format}`])
      for (const secret of secrets) assert.ok(!(stdout + stderr).includes(secret))
    }
  })

  test('another store is told as that at its address, and its server is not said to be stopped', async () => {
    const other = await LiveStore.make(join(work.path, 'other'))
    await other.server.stop()
    const told = await diagnosed(other.folder, addressOf(store.server), 1)
    says(told, 'listener 1', 'failure', /a server of another store listens .* Next: choose another address/)
  })

  test('a server whose store was taken away beneath it is a failure', async () => {
    const address = addressOf(store.server)
    rmSync(join(folder, 'conclave.db-wal'))
    assert.equal((await store.write('b', { n: 1 })).status, 500)
    const told = await diagnosed(folder, address, 1)
    says(told, 'listener 1', 'failure', /store_removed Next: see "When storage is in trouble"/)
  })
})

describe('on a stopped server', () => {
  const work = temporaryFolder()
  const folder = join(work.path, 'store')
  let store: LiveStore

  before(async () => {
    store = await LiveStore.make(folder)
    await store.server.stop()
  })

  after(() => work.remove())

  test('all is well where all is well: exit 0, nothing written, the address is free', async () => {
    const left = contents(folder)
    const told = await diagnosed(folder, await freeAddress())
    says(told, 'store lock', 'ok', /^free: no server has this store/)
    says(told, 'store records', 'ok', /key set 1 open it/)
    says(told, 'listener 1', 'ok', /is free/)
    assert.deepEqual(contents(folder), left)
  })

  test('a store that a killed server left is read with its log, and neither file changes', async () => {
    const crashed = await LiveStore.make(join(work.path, 'crashed'))
    await crashed.server.kill()
    const left = contents(crashed.folder)
    says(
      await diagnosed(crashed.folder, await freeAddress()),
      'store records',
      'ok',
      /serial 2; any 2 of the 3/,
    )
    assert.deepEqual(contents(crashed.folder), left)
    await crashed.restart()
    await crashed.server.stop()
  })

  test('what is wrong is told with what to do, and ends with 1', async () => {
    const other = createServer((_request, response) => response.end('hello'))
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    const address = `127.0.0.1:${(other.address() as AddressInfo).port}`
    chmodSync(join(folder, 'node.key'), 0o640)
    try {
      const { exitCode, stdout, stderr } = await diagnose(folder, address)
      assert.equal(exitCode, 1)
      assert.match(
        stdout,
        /^\[ failure \] {2}store folder +\S+node\.key is open to other users: run {2}chmod 600/m,
      )
      assert.match(
        stdout,
        /^\[ failure \] {2}listener 1 +another program listens at \S+\n +Next: stop it, or/m,
      )
      assert.match(stderr, /2 failures/)
    } finally {
      chmodSync(join(folder, 'node.key'), 0o600)
      other.close()
    }
  })

  test('a damaged record is a warning, as its copy opens the store: exit 2', async () => {
    using database = new DatabaseSync(join(folder, 'conclave.db'))
    const key = 'core/custody/copy'
    const kept = database.prepare('SELECT value FROM entries WHERE key = ?').get(key)?.['value']
    database.prepare('UPDATE entries SET value = ? WHERE key = ?').run(new Uint8Array(3), key)
    const told = await diagnosed(folder, await freeAddress(), 2)
    says(told, 'store records', 'warning', /a record or its copy is damaged or missing Next: unseal/)
    database.prepare('UPDATE entries SET value = ? WHERE key = ?').run(kept ?? null, key)
  })

  test('a store that is cut short is a failure, with where to get another', async () => {
    const cut = join(work.path, 'cut')
    mkdirSync(cut)
    writeFileSync(join(cut, 'conclave.db'), readFileSync(join(folder, 'conclave.db')).subarray(0, 8192))
    const told = await diagnosed(cut, await freeAddress(), 1)
    says(told, 'store records', 'failure', /damaged.* Next: .*conclave snapshot restore/)
  })

  test('a folder that is not there is a warning: it may be a slip of the keyboard', async () => {
    const none = join(work.path, 'none', 'at', 'all')
    says(
      await diagnosed(none, await freeAddress(), 2),
      'store folder',
      'warning',
      /is not there.* check the path/,
    )
    assert.throws(() => statSync(none))
  })
})

test('a disk that is full is a failure, and so is one that is read-only', async (context) => {
  const disk = SmallDisk.inMemory(16)
  if (disk === null) return context.skip('this user may not mount a small disk here')
  try {
    const store = await LiveStore.make(join(disk.path, 'store'))
    await store.server.stop()
    disk.fill()
    const full = await diagnosed(store.folder, await freeAddress(), 1)
    says(full, 'space', 'failure', /^0 MiB free Next: make room/)
    says(full, 'file system', 'warning', /tmpfs is in memory/)
    disk.makeRoom()
    assert.ok(disk.remount('ro'))
    const readOnly = await diagnosed(store.folder, await freeAddress(), 1)
    says(readOnly, 'file system', 'failure', /read-only/)
    says(readOnly, 'store records', 'ok', /key set 1 open it/)
  } finally {
    disk.unmount()
  }
})

test('a configuration that cannot be used is a failure, and what it would have named is not guessed', async () => {
  const work = temporaryFolder()
  const file = join(work.path, 'bad.hcl')
  writeFileSync(file, 'storge "sqlite" { path = "data" }\n')
  const { exitCode, stdout } = await runDiagnose([`-config=${file}`, '-format=json'])
  assert.equal(exitCode, 1)
  const { status, checks } = JSON.parse(stdout)
  assert.equal(status, 'failure')
  says(checks, 'configuration', 'failure', /bad\.hcl:1:1.*storge.* Next: mend it/)
  assert.ok(!checks.some(({ check }: Told) => check.startsWith('store') || check.startsWith('listener')))
  work.remove()
})

test('follows a configuration as the server does, with its warnings and its certificates', async () => {
  const work = temporaryFolder()
  const file = join(work.path, 'a.hcl')
  writeFileSync(
    file,
    `storage "sqlite" { path = "store" }
     listener "tcp" {
       address       = "${await freeAddress()}"
       tls_cert_file = "cert.pem"
       tls_key_file  = "key.pem"
     }
     disable_mlock = true\n`,
  )
  const { exitCode, stdout } = await runDiagnose([`-config=${file}`, '-format=json'])
  const { checks } = JSON.parse(stdout)
  assert.equal(exitCode, 1)
  says(checks, 'store folder', 'warning', new RegExp(`^${join(work.path, 'store')} is not there`))
  says(checks, 'listener 1 tls', 'failure', /cert\.pem does not exist/)
  assert.ok(checks.some(({ status, message }: Told) => status === 'warning' && /disable_mlock/.test(message)))
  work.remove()
})

test('looks at sockets, and at a certificate of the server’s own making', async () => {
  const work = temporaryFolder()
  const file = join(work.path, 'a.hcl')
  const address = await freeAddress()
  writeFileSync(
    file,
    `storage "sqlite" { path = "store" }
     listener "unix" { address = "s" }
     listener "tcp" { address = "${address}" }\n`,
  )
  const flags = [`-config=${file}`, '-tls-self-signed']
  const look = async (): Promise<readonly Told[]> =>
    JSON.parse((await runDiagnose([...flags, '-format=json'])).stdout).checks
  const before = await look()
  says(before, 'listener 1', 'ok', /\/s is free$/)
  assert.ok(!before.some(({ check }) => check === 'listener 2 tls'), 'the first start makes it')
  const server = await ServerProcess.run(flags)
  const running = await look()
  says(running, 'listener 1', 'ok', /the server of this store answers at \S+\/s: empty/)
  says(running, 'listener 2', 'ok', /the server of this store answers at 127/)
  says(running, 'listener 2 tls', 'ok', /self-signed\.pem, good until .*, with its key/)
  await server.stop()
  work.remove()
})

function diagnose(folder: string, address: string, more: readonly string[] = []): Promise<Ran> {
  return runDiagnose([`-data=${folder}`, `-address=${address}`, ...more])
}

/** The findings. The exit code is the one of the worst, but for warnings that come from this machine. */
async function diagnosed(folder: string, address: string, wanted?: number): Promise<readonly Told[]> {
  const { exitCode, stdout } = await diagnose(folder, address, ['-format=json'])
  const { status, checks } = JSON.parse(stdout)
  assert.equal(exitCode, { ok: 0, failure: 1, warning: 2 }[status as 'ok'])
  if (wanted !== undefined) assert.equal(exitCode, wanted, stdout)
  else assert.notEqual(status, 'failure', stdout)
  return checks
}

function addressOf({ origin }: ServerProcess): string {
  return origin.replace('http://', '')
}

/** A digest of every file but the log's index, which is memory that processes share. */
function contents(folder: string): ReadonlyMap<string, string> {
  const names = readdirSync(folder).filter((name) => !name.endsWith('-shm'))
  return new Map(names.sort().map((name) => [name, hash('sha256', readFileSync(join(folder, name)))]))
}
