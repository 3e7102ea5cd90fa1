import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OpenedServer } from './opened-server.ts'

test('mounts come, are set, move and go, with the words of the peers', async (context) => {
  const server = await OpenedServer.start(context, 1, 1)
  const said = async (argv: readonly string[]): Promise<string> => {
    const { exitCode, stdout, stderr } = await server.asRoot(argv)
    assert.deepEqual([exitCode, stdout], [0, ''], stderr)
    return stderr
  }
  const settings = [
    '-description=of the team',
    '-default-lease-ttl=1h',
    '-version=1',
    '-listing-visibility=unauth',
  ]
  const enabled = await said(['secrets', 'enable', '-path=/team/kv/', ...settings, 'kv'])
  assert.equal(enabled, 'Success! Enabled the kv secrets engine at: team/kv/\n')
  const { body } = await server.server.call('GET', '/v1/sys/mounts/team/kv', undefined, server.token)
  const { type, description, config, options } = body.data
  assert.deepEqual([type, description, options], ['kv', 'of the team', { version: '1' }])
  assert.deepEqual([config.default_lease_ttl, config.listing_visibility], [3600, 'unauth'])

  const tuned = await said(['secrets', 'tune', '-max-lease-ttl=2h', '-description=', 'team/kv/'])
  assert.equal(tuned, 'Success! Tuned the secrets engine at: team/kv/\n')
  const tune = await server.asRoot(['read', '-format=json', 'sys/mounts/team/kv/tune'])
  assert.equal(JSON.parse(tune.stdout).data.max_lease_ttl, 7200)
  assert.equal(JSON.parse(tune.stdout).data.description, '')

  const moved = await said(['secrets', 'move', 'team/kv', 'kv'])
  assert.match(
    moved,
    /^Started moving secrets engine team\/kv\/ to kv\/, with migration ID [0-9a-f-]{36}\nSuccess! Finished/,
  )

  const table = (await server.asRoot(['secrets', 'list'])).stdout
  assert.match(table, /^Path +Type +Accessor +Description\n---- +---- +-------- +-----------\n/)
  assert.match(table, /^kv\/ +kv +kv_[0-9a-f]{8} +n\/a$/m)
  assert.match(
    (await server.asRoot(['secrets', 'list', '-detailed'])).stdout,
    /^kv\/ .* 1h +2h +\{"version":"1"\} +false +/m,
  )
  const json = JSON.parse((await server.asRoot(['secrets', 'list', '-format=json'])).stdout)
  assert.equal(json['kv/'].type, 'kv')

  const disabled = await said(['secrets', 'disable', 'kv'])
  assert.equal(disabled, 'Success! Disabled the secrets engine (if it existed) at: kv/\n')
  assert.equal(await said(['secrets', 'disable', 'kv']), disabled)
  assert.doesNotMatch((await server.asRoot(['secrets', 'list'])).stdout, /^kv\//m)
})

test('mounts: what the server refuses, and what is not sent to it', async (context) => {
  const server = await OpenedServer.start(context, 1, 1)
  for (const [argv, exitCode, text] of [
    [['secrets', 'enable', 'zzz'], 2, /\* plugin not found in the catalog: zzz\n/],
    [['secrets', 'disable', 'sys'], 2, /\* cannot unmount "sys\/"\n/],
    [['secrets', 'move', 'none', 'other'], 2, /\* no matching mount at "none\/"\n/],
    [['secrets', 'tune', 'cubbyhole'], 1, /^there is nothing to change/],
    [
      ['secrets', 'tune', '-listing-visibility=x', 'cubbyhole'],
      1,
      /^invalid value for flag -listing-visibility/,
    ],
    [['secrets', 'enable', '-options=version', 'kv'], 1, /^invalid value for flag -options: give KEY=VALUE/],
    [['secrets', 'disable', '/'], 1, /^give the path of a mount/],
  ] as const) {
    const ran = await server.asRoot(argv)
    assert.equal(ran.exitCode, exitCode, ran.stderr)
    assert.match(ran.stderr, text)
  }
})
