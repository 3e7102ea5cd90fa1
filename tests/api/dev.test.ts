import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { lstatSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { MAIN, ServerProcess, temporaryFolder } from './server-process.ts'

const HERE = '-dev-listen-address=127.0.0.1:0'

/** A server for development with a home of its own, and the two secrets that it printed. */
async function startDev(
  flags: readonly string[],
  environment: NodeJS.ProcessEnv = {},
  home = temporaryFolder(),
): Promise<{
  readonly server: ServerProcess
  readonly home: string
  readonly unsealKey: string
  readonly rootToken: string
}> {
  after(home.remove)
  const server = await ServerProcess.run(['-dev', ...flags], {
    environment: { ...CLEAN, HOME: home.path, ...environment },
  })
  after(() => server.kill())
  // The end of what it says at the start, on each of the two streams.
  const hasSpoken = (): boolean =>
    /not for production/.test(server.talk) && /server started: /.test(server.talk)
  for (let waited = 0; !hasSpoken() && waited < 10_000; waited += 20) await pause(20)
  const unsealKey = /^Unseal Key: (.*)$/m.exec(server.talk)?.[1]
  const rootToken = /^Root Token: (.*)$/m.exec(server.talk)?.[1]
  assert.ok(unsealKey !== undefined && rootToken !== undefined, server.talk)
  return { server, home: home.path, unsealKey, rootToken }
}

/** What could be set where the tests run. */
const CLEAN = Object.fromEntries(
  Object.keys(process.env)
    .filter((name) => /^(?:CONCLAVE|BAO|VAULT)_/.test(name) && name !== 'CONCLAVE_MAIN')
    .map((name) => [name, undefined]),
)

/** Runs a command to its end; for what is refused. */
function refusal(...flags: readonly string[]): { readonly code: number | null; readonly stderr: string } {
  const environment = { ...process.env, ...CLEAN }
  const run = spawnSync(process.execPath, [MAIN, 'server', ...flags], { encoding: 'utf8', env: environment })
  return { code: run.status, stderr: run.stderr.replaceAll(/^\(node:.*\n|^\(Use .*\n/gm, '') }
}

describe('conclave server -dev', () => {
  test('is initialised with one key, open, and knows its root token', async () => {
    const { server, rootToken } = await startDev([HERE])
    const { body } = await server.call('GET', '/v1/sys/seal-status')
    assert.deepEqual(
      [body.initialized, body.sealed, body.t, body.n, body.storage_type],
      [true, false, 1, 1, 'inmem'],
    )
    const self = await server.call('GET', '/v1/auth/token/lookup-self', undefined, rootToken)
    assert.deepEqual([self.status, self.body.data.id, self.body.data.policies], [200, rootToken, ['root']])
    assert.match(rootToken, /^hvs\.[A-Za-z0-9]{24}$/)
  })

  test('says that it started, and the lines that test harnesses look for, each at the start of a line', async () => {
    const { server } = await startDev([HERE])
    for (const line of [
      /server started!$/m,
      /^WARNING! /m,
      /^Unseal Key: [A-Za-z0-9+/]{43}=$/m,
      /^Root Token: \S+$/m,
    ]) {
      assert.match(server.talk, line)
    }
    assert.ok(server.talk.includes(`    $ export VAULT_ADDR='${server.origin}'\n`))
    assert.match(server.talk, /^secret\/ is a KV engine of version 2:/m)
  })

  test('keeps secrets at secret/, in version 2 of the engine (surface.md section 13.8)', async () => {
    const { server, rootToken } = await startDev([HERE])
    const given = { data: { password: 'tiger' } }
    assert.equal((await server.call('PUT', '/v1/secret/data/app', given, rootToken)).status, 200)
    const { body } = await server.call('GET', '/v1/secret/data/app', undefined, rootToken)
    assert.deepEqual(body.data.data, { password: 'tiger' })
  })

  test('seals, and opens again with the key that it printed', async () => {
    const { server, unsealKey, rootToken } = await startDev([HERE])
    assert.equal(Buffer.from(unsealKey, 'base64').length, 32)
    assert.equal((await server.call('PUT', '/v1/sys/seal', undefined, rootToken)).status, 204)
    assert.equal(await server.unseal([unsealKey]), true)
    assert.equal((await server.call('GET', '/v1/auth/token/lookup-self', undefined, rootToken)).status, 200)
  })

  test('ends cleanly when it is told to, and has written nothing but the token', async () => {
    const { server, home } = await startDev([HERE])
    assert.equal(await server.stop(), 0)
    assert.deepEqual(readdirSync(home), ['.vault-token'])
  })
})

describe('the root token of -dev', () => {
  test('is the one that was asked for, and there is no other', async () => {
    const { server, rootToken } = await startDev([HERE, '-dev-root-token-id=my-root!'])
    assert.equal(rootToken, 'my-root!')
    const { body } = await server.call('GET', '/v1/auth/token/lookup-self', undefined, 'my-root!')
    assert.deepEqual([body.data.id, body.data.orphan, body.data.policies], ['my-root!', true, ['root']])
    assert.equal((await server.call('GET', '/v1/auth/token/lookup-self', undefined, 'my-root')).status, 403)
    assert.doesNotMatch(server.talk, /hvs\./)
  })

  test('comes from the environment as well, and a flag wins', async () => {
    const environment = {
      VAULT_DEV_ROOT_TOKEN_ID: 'of-the-environment',
      BAO_DEV_LISTEN_ADDRESS: '127.0.0.1:0',
    }
    assert.equal((await startDev([], environment)).rootToken, 'of-the-environment')
    assert.equal((await startDev(['-dev-root-token-id=of-the-flag'], environment)).rootToken, 'of-the-flag')
  })

  test('is left for the command line, readable by nobody else, in place of an older one', async () => {
    const home = temporaryFolder()
    const file = join(home.path, '.vault-token')
    writeFileSync(file, 'an older token', { mode: 0o644 })
    const { rootToken, server } = await startDev([HERE], {}, home)
    assert.equal(readFileSync(file, 'utf8'), rootToken)
    assert.equal(statSync(file).mode & 0o777, 0o600)
    assert.ok(server.talk.includes(`The command line finds the root token in ${file}.`))
  })

  test('goes where the command line would look', async () => {
    const elsewhere = temporaryFolder()
    after(elsewhere.remove)
    const file = join(elsewhere.path, 'token')
    const { rootToken, home } = await startDev([HERE], { CONCLAVE_TOKEN_PATH: file })
    assert.equal(readFileSync(file, 'utf8'), rootToken)
    assert.deepEqual(readdirSync(home), [])
  })

  test('is not left behind when that is not wanted', async () => {
    const { home, server } = await startDev([HERE, '-dev-no-store-token'])
    assert.deepEqual(readdirSync(home), [])
    assert.doesNotMatch(server.talk, /finds the root token/)
  })

  test('does not go through a symbolic link: what it leads to stays, and the server says so', async () => {
    const home = temporaryFolder()
    const target = join(home.path, 'target')
    const link = join(home.path, '.vault-token')
    writeFileSync(target, 'of somebody else')
    symlinkSync(target, link)
    const { server } = await startDev([HERE], {}, home)
    assert.equal(readFileSync(target, 'utf8'), 'of somebody else')
    assert.ok(lstatSync(link).isSymbolicLink())
    assert.deepEqual(readdirSync(home.path).toSorted(), ['.vault-token', 'target'])
    assert.ok(server.talk.includes(`${link} is a symbolic link, which is not followed`), server.talk)
    assert.doesNotMatch(server.talk, /finds the root token/)
  })

  test('is not left in a folder that cannot be written', async () => {
    const home = temporaryFolder()
    const file = join(home.path, 'none', 'token')
    const { server } = await startDev([HERE], { VAULT_TOKEN_PATH: file }, home)
    assert.ok(
      server.talk.includes(`was not stored for the command line: ${file} cannot be written: ENOENT`),
      server.talk,
    )
  })
})

test('-dev beyond this machine guards its ceremonies and warns of the plain line', async () => {
  const { server } = await startDev(['-dev-listen-address=0.0.0.0:0'])
  assert.match(server.talk, /\(ceremonies guarded\)$/m)
  assert.match(server.talk, /^It listens beyond this machine, without TLS/m)
})

describe('refused before anything is made:', () => {
  const beside = 'has no place beside -dev, which keeps everything in memory\n\n'
  const starting = 'Error starting the server:'
  const refusals = [
    [['-dev', '-data=x'], `-data ${beside}Leave one of the two away.\n`],
    [['-dev', '-config=x.hcl'], `-config ${beside}Leave one of the two away.\n`],
    [['-dev', '-address=127.0.0.1:1'], `-address ${beside}Say -dev-listen-address instead.\n`],
    [['-dev-root-token-id=x'], '-dev-root-token-id needs -dev, which was not given\n'],
    [['-dev-no-store-token'], '-dev-no-store-token needs -dev, which was not given\n'],
    [['-dev', '-dev-tls'], '-dev-tls comes with a later version of conclave\n'],
    [
      ['-dev', '-dev-root-token-id=a b'],
      `${starting} -dev-root-token-id must be 1 to 512 visible ASCII characters, as it travels in a header\n`,
    ],
    [
      ['-dev', '-dev-listen-address=here'],
      `${starting} -dev-listen-address must be host:port, for example 127.0.0.1:8200\n`,
    ],
  ] as const
  for (const [flags, stderr] of refusals) {
    test(flags.join(' '), () => assert.deepEqual(refusal(...flags), { code: 1, stderr }))
  }
})
