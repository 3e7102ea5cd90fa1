import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { ContractServer } from './contract-server.ts'
import { type Ran, runInTerminal } from './terminal.ts'

const TOKEN = 'hvs.ExampleOfToken0123456789'
const READ = ['read', 'secret/x'] as const

describe('the token and what else the environment says', () => {
  let server: ContractServer
  const home = mkdtempSync(join(tmpdir(), 'conclave-own-token-'))
  const file = join(home, '.vault-token')
  before(async () => {
    server = await ContractServer.start()
    server.answers.set('GET /v1/secret/x', [200, '{"data":{"k":"v"}}'])
  })
  after(() => {
    server.close()
    rmSync(home, { recursive: true })
  })
  const run = async (env: Record<string, string>, argv: readonly string[] = READ): Promise<Ran> =>
    await runInTerminal(argv, { env: { CONCLAVE_ADDR: server.address, ...env } })

  for (const name of ['CONCLAVE_TOKEN', 'BAO_TOKEN', 'VAULT_TOKEN']) {
    test(`${name} may have a line end behind it, as the token file has`, async () => {
      const { exitCode, stderr } = await run({ [name]: `${TOKEN}\n` })
      assert.deepEqual([exitCode, stderr], [0, ''])
      assert.equal((await run({ [name]: `${TOKEN}\r\n` }, ['print', 'token'])).stdout, `${TOKEN}\n`)
    })

    test(`${name} that is no token is refused by its name, and not shown`, async () => {
      for (const value of ['hvs.two\nlines', 'hvs.two words', 'hvs.\u0436', 'hvs.\u00e9', 'a'.repeat(4097)]) {
        const seen = server.lines.length
        const { exitCode, stdout, stderr } = await run({ [name]: value })
        assert.deepEqual([exitCode, stdout], [1, ''])
        assert.match(stderr, new RegExp(`^${name} holds no token: `))
        assert.doesNotMatch(stderr, /hvs|two|lines|\u0436|aaa|defect/)
        assert.equal(server.lines.length, seen)
      }
    })
  }

  for (const [name, flag] of [
    ['NAMESPACE', 'namespace'],
    ['WRAP_TTL', 'wrap-ttl'],
  ] as const) {
    test(`a ${flag} that cannot stand in a header is refused by where it was set, and not shown`, async () => {
      for (const value of ['\u0438\u043c\u044f', 'a\nb', '\u001b[31m']) {
        for (const prefix of ['CONCLAVE_', 'BAO_', 'VAULT_']) {
          const { exitCode, stderr } = await run({ [prefix + name]: value, CONCLAVE_TOKEN: TOKEN })
          assert.deepEqual(
            [exitCode, stderr.split('\n')[0]],
            [1, `${prefix}${name} cannot be sent: it is to be ASCII, and on one line`],
          )
        }
        const flagged = await run({ CONCLAVE_TOKEN: TOKEN }, ['read', `-${flag}=${value}`, 'secret/x'])
        assert.equal(flagged.exitCode, 1)
        assert.ok(flagged.stderr.startsWith(`-${flag} cannot be sent: `), flagged.stderr)
      }
      assert.equal((await run({ CONCLAVE_TOKEN: TOKEN, [`VAULT_${name}`]: '5\n' })).exitCode, 0)
    })
  }

  test('a token file that others may read is used with one warning, which says what to do', async () => {
    writeFileSync(file, `${TOKEN}\n`)
    for (const mode of [0o644, 0o640, 0o604, 0o602]) {
      chmodSync(file, mode)
      const octal = `0${mode.toString(8)}`
      const shown =
        `Warning: other users of this machine may open the token file ${file} (mode ${octal}).\n` +
        `Close it with: chmod 600 ${file}\n`
      const { exitCode, stdout, stderr } = await run({ HOME: home }, ['read', '-format=json', 'secret/x'])
      assert.deepEqual([exitCode, stderr], [0, shown])
      assert.deepEqual(JSON.parse(stdout).data, { k: 'v' })
      assert.equal((await run({ HOME: home }, ['print', 'token'])).stderr, shown)
      // Its token was not used.
      assert.equal((await run({ HOME: home, CONCLAVE_TOKEN: TOKEN })).stderr, '')
    }
    chmodSync(file, 0o600)
    assert.equal((await run({ HOME: home })).stderr, '')
  })

  test('a token file that holds no token is refused, and not shown', async () => {
    writeFileSync(file, 'hvs.two words\n', { mode: 0o600 })
    const { exitCode, stderr } = await run({ HOME: home })
    assert.equal(exitCode, 1)
    assert.ok(stderr.startsWith(`${file} holds no token: `), stderr)
    assert.doesNotMatch(stderr, /hvs|two/)
  })
})
