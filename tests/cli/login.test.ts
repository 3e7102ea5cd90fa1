import assert from 'node:assert/strict'
import { existsSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { OpenedServer } from './opened-server.ts'

describe('login', async () => {
  test('asks for the token, shows nothing of it, and keeps it for this user alone', async (context) => {
    const server = await OpenedServer.start(context, 1, 1)
    const env = { HOME: server.folder }
    const typed = [[/Token \(will be hidden\): /, `${server.token}\r`]] as const
    const { exitCode, stdout, stderr } = await server.run(['login'], { isTty: true, env, typed })
    assert.equal(exitCode, 0, stderr)
    assert.match(stdout, /^token_policies +\["root"\]$/m)
    assert.match(stderr, /Success! The token is in .*\.vault-token\.\nNext: conclave token lookup\n$/)
    assert.ok(!(stdout + stderr).includes(server.token))
    const file = server.path('.vault-token')
    assert.equal(readFileSync(file, 'utf8'), server.token)
    assert.equal(statSync(file).mode & 0o777, 0o600)
  })

  test('takes it by standard input, and the commands that follow use it', async (context) => {
    const server = await OpenedServer.start(context, 1, 1)
    const env = { HOME: server.folder }
    assert.equal((await server.run(['token', 'lookup'], { env })).exitCode, 2)
    assert.equal(
      (await server.run(['login', '-no-print', '-'], { env, stdin: `${server.token}\n` })).exitCode,
      0,
    )
    assert.equal((await server.run(['token', 'lookup', '-field=id'], { env })).stdout, server.token)
    assert.equal((await server.run(['print', 'token'], { env })).stdout, `${server.token}\n`)
  })

  test('closes a file that others could read, and writes through no link', async (context) => {
    const server = await OpenedServer.start(context, 1, 1)
    const env = { HOME: server.folder }
    const file = server.path('.vault-token')
    writeFileSync(file, 'old', { mode: 0o644 })
    assert.equal((await server.run(['login', '-'], { env, stdin: server.token })).exitCode, 0)
    assert.equal(statSync(file).mode & 0o777, 0o600)
    const elsewhere = { CONCLAVE_TOKEN_PATH: server.path('link') }
    symlinkSync(server.file('target', 'kept'), elsewhere.CONCLAVE_TOKEN_PATH)
    const { exitCode, stderr } = await server.run(['login', '-'], { env: elsewhere, stdin: server.token })
    assert.equal(exitCode, 1)
    assert.match(stderr, /is a symbolic link, which is not followed/)
    assert.equal(readFileSync(server.path('target'), 'utf8'), 'kept')
  })

  test('keeps nothing of a token that is none, or when told so', async (context) => {
    const server = await OpenedServer.start(context, 1, 1)
    const env = { HOME: server.folder }
    const wrong = await server.run(['login', '-'], { env, stdin: 'hvs.wrong' })
    assert.equal(wrong.exitCode, 2)
    assert.match(wrong.stderr, /^Error authenticating: Error making API request\./)
    // Not to log in, which is what was tried.
    assert.match(wrong.stderr, /This token is mistyped, expired, used up, revoked or bound/)
    assert.doesNotMatch(wrong.stderr, /conclave login/)
    const blank = await server.run(['login', '-'], { env, stdin: 'two words' })
    assert.deepEqual([blank.exitCode, /two words/.test(blank.stderr)], [1, false])
    const checked = await server.run(['login', '-no-store', '-'], { env, stdin: server.token })
    assert.match(checked.stderr, /It was kept nowhere\./)
    const only = await server.run(['login', '-token-only', '-'], { env, stdin: server.token })
    assert.equal(only.stdout, server.token)
    assert.equal(existsSync(server.path('.vault-token')), false)
  })

  test('warns of a token on the command line, and of a variable that wins over what is kept', async (context) => {
    const server = await OpenedServer.start(context, 1, 1)
    const env = { HOME: server.folder, VAULT_TOKEN: 'hvs.old' }
    const { exitCode, stderr } = await server.run(['login', `token=${server.token}`], { env })
    assert.equal(exitCode, 0, stderr)
    assert.match(stderr, /^Warning: a token on the command line can be seen by others/)
    assert.match(stderr, /Warning: VAULT_TOKEN is set and wins over it\./)
    assert.ok(!stderr.includes(server.token))
  })

  test('gives programs the shape that the peers have', async (context) => {
    const server = await OpenedServer.start(context, 1, 1)
    const ran = await server.run(['login', '-no-store', '-format=json', '-'], { stdin: server.token })
    const { auth } = JSON.parse(ran.stdout)
    assert.deepEqual([auth.client_token, auth.policies, auth.lease_duration], [server.token, ['root'], 0])
    const field = await server.run(['login', '-no-store', '-field=token', '-'], { stdin: server.token })
    assert.equal(field.stdout, server.token)
  })

  test('refuses to ask where nobody can answer, and another method than token', async (context) => {
    const server = await OpenedServer.start(context, 1, 1)
    const silent = await server.run(['login'])
    assert.equal(silent.exitCode, 1)
    assert.match(silent.stderr, /standard input is not a terminal\n\nGive it with -/)
    assert.equal((await server.run(['login', '-non-interactive'], { isTty: true })).exitCode, 1)
    const method = await server.run(['login', '-method=userpass', '-format=json'])
    assert.equal(JSON.parse(method.stderr).error.code, 'not_yet')
  })
})

describe('the token of a command', () => {
  test('is that of the environment by its own name, then the peers’ names, then that of the file', async (context) => {
    const server = await OpenedServer.start(context, 1, 1)
    const file = { HOME: server.folder }
    server.file('.vault-token', 'hvs.file\n')
    const printed = async (env: Record<string, string>): Promise<string> =>
      (await server.run(['print', 'token'], { env })).stdout
    assert.equal(await printed(file), 'hvs.file\n')
    assert.equal(await printed({ ...file, VAULT_TOKEN: 'hvs.v' }), 'hvs.v\n')
    assert.equal(await printed({ ...file, VAULT_TOKEN: 'hvs.v', BAO_TOKEN: 'hvs.b' }), 'hvs.b\n')
    const all = { VAULT_TOKEN: 'hvs.v', BAO_TOKEN: 'hvs.b', CONCLAVE_TOKEN: 'hvs.c' }
    assert.equal(await printed({ ...file, ...all }), 'hvs.c\n')
    const other = { BAO_TOKEN_PATH: server.file('other', 'hvs.other') }
    assert.equal(await printed({ ...file, ...other }), 'hvs.other\n')
  })

  test('may be missing: print token says what to do', async (context) => {
    const server = await OpenedServer.start(context, 1, 1)
    const { exitCode, stdout, stderr } = await server.run(['print', 'token'], {
      env: { HOME: server.folder },
    })
    assert.deepEqual([exitCode, stdout, stderr], [1, '', 'There is no token.\n\nNext: conclave login\n'])
  })
})
