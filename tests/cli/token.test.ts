import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OpenedServer } from './opened-server.ts'

test('a token is made, looked at, renewed and ended, in its own name and by its accessor', async (context) => {
  const server = await OpenedServer.start(context, 1, 1)
  const settings = ['-ttl=1h', '-explicit-max-ttl=2h', '-use-limit=9', '-metadata=a=b', '-display-name=ci']
  const made = await server.asRoot(['token', 'create', '-policy=default', ...settings, '-format=json'])
  assert.equal(made.exitCode, 0, made.stderr)
  const { auth } = JSON.parse(made.stdout)
  assert.deepEqual(
    [auth.policies, auth.lease_duration, auth.num_uses, auth.metadata],
    [['default'], 3600, 9, { a: 'b' }],
  )

  const own = await server.run(['token', 'lookup', '-field=display_name'], {
    env: { VAULT_TOKEN: auth.client_token },
  })
  assert.equal(own.stdout, 'token-ci')
  const byAccessor = await server.asRoot(['token', 'lookup', '-accessor', auth.accessor])
  assert.match(byAccessor.stdout, /^id +n\/a$/m)
  assert.match(byAccessor.stdout, /^creation_ttl +1h$/m)
  const byToken = await server.asRoot(['token', 'lookup', '-field=accessor', '-'], {
    stdin: auth.client_token,
  })
  assert.deepEqual([byToken.stdout, byToken.stderr], [auth.accessor, ''])

  const renewed = await server.asRoot(['token', 'renew', '-increment=30m', '-field=token_duration', '-'], {
    stdin: auth.client_token,
  })
  assert.equal(renewed.stdout, '1800', renewed.stderr)
  const revoked = await server.asRoot(['token', 'revoke', '-accessor', auth.accessor])
  assert.deepEqual([revoked.exitCode, revoked.stderr], [0, 'Success! Revoked token (if it existed)\n'])
  const again = await server.asRoot(['token', 'revoke', '-accessor', auth.accessor])
  assert.deepEqual([again.exitCode, again.stderr], [0, 'Warning: No token found with this accessor\n'])
  assert.equal((await server.asRoot(['token', 'lookup', '-'], { stdin: auth.client_token })).exitCode, 2)
})

test('the table of a new token has the names of the peers, and -field gives the token alone', async (context) => {
  const server = await OpenedServer.start(context, 1, 1)
  const table = await server.asRoot([
    'token',
    'create',
    '-policy=default',
    '-ttl=90s',
    '-renewable=false',
    '-metadata=a=b',
  ])
  const [, , ...rows] = table.stdout.trimEnd().split('\n')
  const expected = [
    ...[/^token +\S+$/, /^token_accessor +\w{24}$/, /^token_duration +1m30s$/, /^token_renewable +false$/],
    ...[/^token_policies +\["default"\]$/, /^policies +\["default"\]$/, /^token_meta_a +b$/],
  ]
  assert.equal(rows.length, expected.length, table.stdout)
  for (const [at, pattern] of expected.entries()) assert.match(rows[at] ?? '', pattern)
  const token = (await server.asRoot(['token', 'create', '-policy=default', '-field=token'])).stdout
  const env = { CONCLAVE_TOKEN: token }
  assert.equal((await server.run(['token', 'lookup', '-field=id'], { env })).stdout, token)
  // Nothing is ended because an operand was left out.
  const none = await server.run(['token', 'revoke'], { env })
  assert.deepEqual([none.exitCode, none.stdout], [1, ''])
  assert.equal((await server.run(['token', 'revoke', '-self'], { env })).exitCode, 0)
  assert.equal((await server.run(['token', 'lookup'], { env })).exitCode, 2)
})

test('batch tokens, orphans and those that outlive who made them', async (context) => {
  const server = await OpenedServer.start(context, 1, 1)
  const batch = await server.asRoot([
    'token',
    'create',
    '-type=batch',
    '-policy=default',
    '-ttl=5m',
    '-format=json',
  ])
  assert.equal(JSON.parse(batch.stdout).auth.token_type, 'batch')
  const orphan = await server.asRoot([
    'token',
    'create',
    '-orphan',
    '-period=30m',
    '-policy=default',
    '-format=json',
  ])
  assert.equal(JSON.parse(orphan.stdout).auth.orphan, true)

  const parent = (await server.asRoot(['token', 'create', '-field=token'])).stdout
  const child = await server.run(['token', 'create', '-policy=default', '-field=token'], {
    env: { CONCLAVE_TOKEN: parent },
  })
  assert.equal((await server.asRoot(['token', 'revoke', '-mode=orphan', '-'], { stdin: parent })).exitCode, 0)
  assert.equal((await server.run(['token', 'lookup'], { env: { CONCLAVE_TOKEN: parent } })).exitCode, 2)
  assert.equal((await server.run(['token', 'lookup'], { env: { CONCLAVE_TOKEN: child.stdout } })).exitCode, 0)
})

test('what is refused, here and by the server', async (context) => {
  const server = await OpenedServer.start(context, 1, 1)
  for (const [argv, exitCode, text] of [
    [['token', 'create', '-orphan', '-role=r'], 1, /^the role says whether the token is an orphan/],
    [['token', 'create', '-metadata=a'], 1, /^invalid value for flag -metadata: give KEY=VALUE/],
    [['token', 'create', '-renewable=perhaps'], 1, /^invalid boolean value for -renewable/],
    [['token', 'create', '-role=nope'], 2, /\* unknown role nope\n/],
    [['token', 'create', '-type=zzz'], 2, /\* invalid 'token_type' value\n/],
    [['token', 'lookup', '-accessor'], 1, /^-accessor needs an accessor behind it/],
    [['token', 'renew'], 2, /\* lease is not renewable\n/],
    [['token', 'revoke', '-self', 'x'], 1, /^give -self, or a token or an accessor/],
    [['token', 'revoke', '-mode=path', 'x'], 1, /conclave lease revoke -prefix PATH/],
    [['token', 'revoke', '-mode=orphan', '-self'], 1, /^-mode=orphan needs the token itself/],
  ] as const) {
    const ran = await server.asRoot(argv)
    assert.deepEqual([ran.exitCode, ran.stdout], [exitCode, ''], `${argv.join(' ')}: ${ran.stderr}`)
    assert.match(ran.stderr, text)
  }
})
