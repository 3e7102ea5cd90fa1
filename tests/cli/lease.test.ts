import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OpenedServer } from './opened-server.ts'

// The leases of every server are those of its tokens (surface.md section 7).
const PREFIX = 'auth/token/create'

test('leases are looked at and ended, one or all below a path, with the words of the peers', async (context) => {
  const server = await OpenedServer.start(context, 1, 1)
  const make = async (): Promise<string> =>
    (await server.asRoot(['token', 'create', '-policy=default', '-ttl=1h', '-field=token'])).stdout
  const lives = async (token: string): Promise<boolean> =>
    (await server.run(['token', 'lookup'], { env: { CONCLAVE_TOKEN: token } })).exitCode === 0
  const said = async (...argv: readonly string[]): Promise<string> => {
    const { exitCode, stdout, stderr } = await server.asRoot(['lease', ...argv])
    assert.deepEqual([exitCode, stdout], [0, ''], stderr)
    return stderr
  }
  const first = await make()
  const listed = await server.asRoot(['list', '-format=json', `sys/leases/lookup/${PREFIX}`])
  const id = `${PREFIX}/${JSON.parse(listed.stdout)[0]}`
  const shown = await server.asRoot(['lease', 'lookup', id])
  assert.equal(shown.exitCode, 0, shown.stderr)
  assert.match(shown.stdout, new RegExp(`^id +${id}$`, 'm'))
  assert.match(shown.stdout, /^ttl +(?:1h|59m\d+s)$/m)
  assert.match((await server.asRoot(['lease', 'lookup', '-field=expire_time', id])).stdout, /^20\d\d-/)
  assert.equal(await said('revoke', '-sync', id), `Success! Revoked lease: ${id}\n`)
  assert.equal(await lives(first), false)

  const tokens = [await make(), await make()]
  const ended = await said('revoke', '-prefix', '-sync', `${PREFIX}/`)
  assert.equal(ended, `Success! Revoked any leases with prefix: ${PREFIX}\n`)
  for (const token of tokens) assert.equal(await lives(token), false)
  assert.equal(await said('revoke', 'none'), 'All revocation operations queued successfully!\n')
  assert.equal(
    await said('revoke', '-prefix', '-force', PREFIX),
    `Success! Force revoked any leases with prefix: ${PREFIX}\n`,
  )
})

test('what is refused of leases, here and by the server', async (context) => {
  const server = await OpenedServer.start(context, 1, 1)
  for (const [argv, exitCode, text] of [
    [['lease', 'lookup', 'none'], 2, /^Error looking up lease: .*\* invalid lease/s],
    [['lease', 'renew', '-increment=1h', 'none'], 2, /^Error renewing none: .*\* lease not found/s],
    [['lease', 'revoke', '-force', 'none'], 1, /^-force needs -prefix/],
    [['lease', 'revoke'], 1, /^Not enough arguments/],
  ] as const) {
    const ran = await server.asRoot(argv)
    assert.deepEqual([ran.exitCode, ran.stdout], [exitCode, ''])
    assert.match(ran.stderr, text)
  }
})
