import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, describe, test } from 'node:test'
import { Holder } from '../api/pgp-holder.ts'
import { ServerProcess, temporaryFolder } from '../api/server-process.ts'
import { OpenedServer } from './opened-server.ts'
import { runInTerminal } from './terminal.ts'

let holders: readonly Holder[]
before(async () => {
  holders = await Promise.all([Holder.make(), Holder.make(), Holder.make()])
})

/** Files of every form that the contract knows: armored, binary, base64. */
function keyFiles({ folder }: { readonly folder: string }): readonly string[] {
  const [first, second, third] = holders
  const contents = {
    'first.asc': first?.armored ?? '',
    'second.gpg': Buffer.from(second?.key ?? '', 'base64'),
    'third.b64': `${third?.key}\n`,
  }
  return Object.entries(contents).map(([name, content]) => {
    writeFileSync(join(folder, name), content)
    return join(folder, name)
  })
}

/** What the holders read from messages in base64, in their order. */
function readAll(messages: readonly string[]): Promise<string[]> {
  return Promise.all(messages.map((message, at) => holders[at]!.read(message)))
}

function messagesIn(stdout: string): readonly string[] {
  return [...stdout.matchAll(/^Key \d+ fingerprint: [0-9a-f]+; value: (\S+)$/gm)].map(([, value]) => value!)
}

function cell(table: string, title: string): string {
  return new RegExp(`^${title} {4,}(.+)$`, 'm').exec(table)?.[1] ?? ''
}

describe('keys of people on the command line', () => {
  test('operator init encrypts each share and the token', async (t) => {
    const { path, remove } = temporaryFolder()
    const server = await ServerProcess.start(join(path, 'data'))
    t.after(async () => {
      await server.stop()
      remove()
    })
    const files = keyFiles({ folder: path })
    const argv = ['operator', 'init', '-n=3', '-t=2', `-pgp-keys=${files.join(', @')}`]
    const env = { CONCLAVE_ADDR: server.origin }
    const few = await runInTerminal(['operator', 'init', '-n=2', '-t=2', argv[4] ?? ''], { env })
    assert.deepEqual([few.exitCode, /number of .*PGP keys/.test(few.stderr)], [2, true], few.stderr)
    const made = await runInTerminal([...argv, `-root-token-pgp-key=${files[0]}`], { env })
    assert.equal(made.exitCode, 0, made.stderr)
    const messages = [...made.stdout.matchAll(/^Unseal Key \d: (\S+)$/gm)].map(([, value]) => value!)
    const shares = await readAll(messages)
    assert.equal(await server.unseal(shares.slice(0, 2)), true)
    const token = await holders[0]!.read(/^Initial Root Token: (\S+)$/m.exec(made.stdout)?.[1] ?? '')
    const looked = await server.call('GET', '/v1/auth/token/lookup-self', undefined, token)
    assert.equal(looked.status, 200)
  })

  test('operator rekey: to keys, with a backup that can be read and taken away', async (t) => {
    const server = await OpenedServer.start(t, 2, 2)
    const argv = ['operator', 'rekey', '-init', '-n=3', '-t=2', `-pgp-keys=${keyFiles(server).join(',')}`]
    const started = await server.run([...argv, '-backup'])
    assert.equal(started.exitCode, 0, started.stderr)
    const prints = holders.map((holder) => holder.fingerprint)
    assert.equal(cell(started.stdout, 'PGP Fingerprints'), `[${prints.join(' ')}]`)
    const nonce = `-nonce=${cell(started.stdout, 'Nonce')}`
    await server.run(['operator', 'rekey', nonce, ...server.shareFiles(1)])
    const last = await server.run(['operator', 'rekey', nonce, ...server.shareFiles(2)])
    const shares = await readAll(messagesIn(last.stdout))
    const backup = await server.asRoot(['operator', 'rekey', '-backup-retrieve', '-format=json'])
    const { data } = JSON.parse(backup.stdout)
    assert.deepEqual(Object.keys(data.keys).sort(), [...prints].sort())
    assert.deepEqual(data.keys_base64[prints[1]!], [messagesIn(last.stdout)[1]])
    const table = await server.asRoot(['operator', 'rotate-keys', '-backup-retrieve'])
    assert.match(cell(table.stdout, 'keys_base64'), /^map\[[0-9a-f]{40}:\[/)
    assert.equal((await server.asRoot(['operator', 'rekey', '-backup-delete'])).exitCode, 0)
    assert.equal((await server.asRoot(['operator', 'rekey', '-backup-retrieve'])).exitCode, 2)
    assert.equal(await server.reopensWith(shares.slice(1)), true)
  })

  test('operator generate-root: to a key', async (t) => {
    const server = await OpenedServer.start(t, 1, 1)
    const [file] = keyFiles(server)
    const started = await server.run(['operator', 'generate-root', '-init', `-pgp-key=${file}`])
    assert.equal(cell(started.stdout, 'PGP Fingerprint'), holders[0]?.fingerprint)
    const nonce = `-nonce=${cell(started.stdout, 'Nonce')}`
    const last = await server.run(['operator', 'generate-root', nonce, ...server.shareFiles(1)])
    assert.match(last.stderr, /base64 -d \| gpg -d/)
    assert.match(await holders[0]!.read(cell(last.stdout, 'Encoded Token')), /^hvs\./)
  })

  test('custody rekey: a file for each holder, proven by what they read', async (t) => {
    const server = await OpenedServer.start(t, 2, 2)
    const folder = server.path('new')
    const keys = `-pgp-keys=${keyFiles(server).join(',')}`
    const made = await server.run([
      ...['custody', 'rekey', keys, '-t=2', `-out=${folder}`, '-format=json'],
      ...server.shareFiles(1, 2),
    ])
    assert.equal(made.exitCode, 0, made.stderr)
    const { phase, files, pgp_fingerprints } = JSON.parse(made.stdout)
    assert.deepEqual([phase, pgp_fingerprints], ['verifying', holders.map((one) => one.fingerprint)])
    assert.match(made.stderr, new RegExp(`encrypted to {2}1\\. ${holders[0]?.fingerprint}\n`))
    const messages = files.map((file: string) => readFileSync(file).toString('base64'))
    const shares = await readAll(messages)
    const back = [0, 2].map((at) => `-share-file=${server.file(`new-${at}`, shares[at] ?? '')}`)
    const done = await server.run(['custody', 'rekey', '-format=json', ...back])
    assert.equal(JSON.parse(done.stdout).phase, 'complete')
    assert.equal(await server.reopensWith(shares.slice(1)), true)
  })

  test('custody rekey without a folder gives the messages in its answer', async (t) => {
    const server = await OpenedServer.start(t, 1, 1)
    const keys = `-pgp-keys=${keyFiles(server).join(',')}`
    const made = await server.run([
      ...['custody', 'rekey', '-direct', keys, '-t=2', '-format=json'],
      ...server.shareFiles(1),
    ])
    const { phase, keys_base64 } = JSON.parse(made.stdout)
    assert.equal(phase, 'complete')
    assert.equal(await server.reopensWith((await readAll(keys_base64)).slice(0, 2)), true)
  })

  test('nothing is sent of a file that holds no public key', async (t) => {
    const server = await OpenedServer.start(t, 1, 1)
    const files = [server.file('text', 'no key'), server.path('missing'), 'keybase:somebody']
    for (const file of files) {
      const { exitCode, stderr } = await server.run(['operator', 'rekey', '-init', `-pgp-keys=${file}`])
      assert.equal(exitCode, 1)
      assert.match(stderr, /error decoding given PGP key|there is no such file|nothing is looked up/)
    }
    const two = await server.run(['operator', 'generate-root', '-init', '-pgp-key=a,b'])
    assert.equal(two.exitCode, 1)
    assert.equal((await server.server.call('GET', '/v1/sys/rekey/init')).body.started, false)
  })
})
