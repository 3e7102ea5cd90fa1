import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OpenedServer } from './opened-server.ts'

test('an answer is wrapped for another, who unwraps it once', async (context) => {
  const server = await OpenedServer.start(context, 1, 1)
  await server.asRoot(['secrets', 'enable', '-path=kv2', '-version=2', 'kv'])
  await server.asRoot(['kv', 'put', 'kv2/app', 'password=-'], { stdin: 'tiger' })
  const table = await server.asRoot(['kv', 'get', '-wrap-ttl=2m', 'kv2/app'])
  assert.match(table.stdout, /^wrapping_token: +\S+\nwrapping_accessor: +\w{24}\nwrapping_token_ttl: +2m\n/m)
  assert.match(table.stdout, /^wrapping_token_creation_path: +kv2\/data\/app$/m)
  assert.ok(!table.stdout.includes('tiger'))

  const wrap = async (...argv: readonly string[]): Promise<string> => {
    const { exitCode, stdout, stderr } = await server.asRoot([
      ...argv,
      '-wrap-ttl=60s',
      '-field=wrapping_token',
    ])
    assert.equal(exitCode, 0, stderr)
    return stdout
  }
  // Beside a token of one's own.
  const token = await wrap('kv', 'get', 'kv2/app')
  const unwrapped = await server.asRoot(['unwrap', '-format=json', '-'], { stdin: `${token}\n` })
  assert.deepEqual(JSON.parse(unwrapped.stdout).data.data, { password: 'tiger' })
  const again = await server.asRoot(['unwrap', '-'], { stdin: token })
  assert.equal(again.exitCode, 2)
  assert.match(again.stderr, /\* wrapping token is not valid or does not exist\n/)

  // By somebody who has nothing but the wrapping token.
  const made = await wrap('token', 'create', '-policy=default')
  const fetched = await server.run(['unwrap', '-field=token', '-'], { stdin: made })
  assert.equal(fetched.exitCode, 0, fetched.stderr)
  const used = await server.run(['token', 'lookup', '-field=id'], { env: { CONCLAVE_TOKEN: fetched.stdout } })
  assert.equal(used.stdout, fetched.stdout)

  // As the token in use.
  const own = await wrap('kv', 'get', 'kv2/app')
  const asToken = await server.run(['unwrap', '-format=json'], { env: { VAULT_TOKEN: own } })
  assert.deepEqual(JSON.parse(asToken.stdout).data.data, { password: 'tiger' })
})

test('names, policies and capabilities can be wrapped as well', async (context) => {
  const server = await OpenedServer.start(context, 1, 1)
  for (const argv of [
    ['policy', 'list'],
    ['policy', 'read', 'default'],
    ['secrets', 'list'],
    ['token', 'capabilities', 'sys/mounts'],
    ['list', 'sys/policies/acl'],
  ]) {
    const { exitCode, stdout, stderr } = await server.asRoot([...argv, '-wrap-ttl=60s'])
    assert.equal(exitCode, 0, stderr)
    assert.match(stdout, /^wrapping_token: /m, argv.join(' '))
  }
})

test('nothing is unwrapped without a token, and one on the command line is warned of', async (context) => {
  const server = await OpenedServer.start(context, 1, 1)
  const none = await server.run(['unwrap'])
  assert.deepEqual([none.exitCode, none.stdout], [1, ''])
  assert.match(none.stderr, /^give a wrapping token, or - for standard input/)
  const shown = await server.asRoot(['unwrap', 'hvs.unknown'])
  assert.equal(shown.exitCode, 2)
  assert.match(shown.stderr, /^Warning: a token on the command line can be seen by others/)
  assert.ok(!shown.stderr.includes('hvs.unknown'))
})
