import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { OpenedServer } from './opened-server.ts'
import type { Ran, Terminal } from './terminal.ts'

type Run = (line: string, terminal?: Terminal) => Promise<Ran>

/** A server with KV of both versions, and a way to call `conclave kv …` as root. */
async function withBoth(
  context: Parameters<typeof OpenedServer.start>[0],
): Promise<{ server: OpenedServer; kv: Run }> {
  const server = await OpenedServer.start(context, 1, 1)
  for (const version of [1, 2]) {
    await server.asRoot(['secrets', 'enable', `-path=team/kv${version}`, `-version=${version}`, 'kv'])
  }
  return { server, kv: (line, terminal) => server.asRoot(['kv', ...line.split(' ')], terminal) }
}

async function good(ran: Promise<Ran>): Promise<string> {
  const { exitCode, stdout, stderr } = await ran
  assert.equal(exitCode, 0, stderr)
  return stdout
}

async function dataOf(kv: Run, path: string): Promise<unknown> {
  return JSON.parse(await good(kv(`get -format=json ${path}`))).data.data
}

test('a secret of version 2 is found under every spelling of its path', async (context) => {
  const { server, kv } = await withBoth(context)
  const { origin } = server.server
  await good(kv('put team/kv2/web/app user=web'))
  for (const path of [
    'team/kv2/web/app',
    '/team/kv2/web/app',
    'team/kv2/data/web/app',
    'team/kv2/metadata/web/app',
    'v1/team/kv2/data/web/app',
    '/v1/team/kv2/data/web/app',
    `${origin}/v1/team/kv2/data/web%2Fapp`,
    '-mount=team/kv2 web/app',
    '-mount=/team/kv2/ /web/app',
    '-mount team/kv2 web/app',
  ]) {
    const stdout = await good(kv(`get ${path}`))
    assert.match(
      stdout,
      /^=+ Secret Path =+\nPath {8}team\/kv2\/web\/app\nAPI path {4}team\/kv2\/data\/web\/app\n/,
      path,
    )
    assert.match(stdout, /\n=+ Metadata =+\nKey +Value\n/)
    assert.match(stdout, /\n=+ Data =+\nKey +Value\n--- +-----\nuser +web\n$/)
    assert.equal(await good(kv(`get -field=user ${path}`)), 'web')
  }
})

test('a person who types a value behind its name is told how nobody sees it, and a script is told nothing', async (context) => {
  const { kv } = await withBoth(context)
  const note = /^Note: a value on the command line can be seen .* password=- asks .* password=@FILE reads /m
  for (const line of ['put team/kv1/a password=hunter2', 'put team/kv2/a password=hunter2 pin=1']) {
    const person = await kv(line, { isTty: true })
    assert.deepEqual([person.exitCode, person.stderr.match(/^Note: /gm)?.length], [0, 1], person.stderr)
    assert.match(person.stderr, note)
    assert.doesNotMatch(person.stdout + person.stderr, /hunter2/)
    assert.equal((await kv(line)).stderr.includes('Note: '), false, 'a script')
  }
  assert.match((await kv('patch team/kv2/a password=other', { isTty: true })).stderr, note)
  const typed = [[/password \(will be hidden\): /, 'hunter2\n']] as const
  for (const [line, terminal] of [
    ['put team/kv2/a user=web password=-', { isTty: true, typed }],
    ['put team/kv2/a password=', { isTty: true }],
    ['put -non-interactive team/kv2/a password=hunter2', { isTty: true }],
  ] as const) {
    const ran = await kv(line, terminal)
    assert.deepEqual([ran.exitCode, ran.stderr.includes('Note: ')], [0, false], ran.stderr)
  }
})

test('a key whose name begins with data/ is named with -mount, which takes the path as it stands', async (context) => {
  const { kv } = await withBoth(context)
  await good(kv('put -mount=team/kv2 data/app user=deep'))
  await good(kv('put team/kv2/data/app user=flat'))
  assert.deepEqual(await dataOf(kv, '-mount=team/kv2 data/app'), { user: 'deep' })
  assert.deepEqual(await dataOf(kv, 'team/kv2/data/data/app'), { user: 'deep' })
  assert.deepEqual(await dataOf(kv, 'team/kv2/app'), { user: 'flat' })
})

test('version 1 has the same commands, and names as they are', async (context) => {
  const { kv } = await withBoth(context)
  const put = await kv('put team/kv1/data/app password=-', { stdin: 'tiger' })
  assert.equal(put.stderr, 'Success! Data written to: team/kv1/data/app\n')
  const shown = await good(kv('get team/kv1/data/app'))
  assert.match(shown, /^=+ Secret Path =+\nPath {4}team\/kv1\/data\/app\n\n=+ Data =+\nKey +Value\n/)
  assert.equal(await good(kv('get -field=password -mount=team/kv1 data/app')), 'tiger')
  assert.equal(await good(kv('list team/kv1')), 'Keys\n----\ndata/\n')
  assert.equal(await good(kv('scan -mount=team/kv1')), 'Keys\n----\ndata/app\n')
  assert.equal(
    (await kv('delete team/kv1/data/app')).stderr,
    'Success! Data deleted (if it existed) at: team/kv1/data/app\n',
  )
  const missing = await kv('get team/kv1/data/app')
  assert.deepEqual([missing.exitCode, missing.stderr], [2, 'No value found at team/kv1/data/app\n'])
})

test('versions come, go, come back, are destroyed, and roll back', async (context) => {
  const { kv } = await withBoth(context)
  await good(kv('put -cas=0 team/kv2/app a=1 b=2'))
  const refused = await kv('put -cas=0 team/kv2/app a=2')
  assert.equal(refused.exitCode, 2)
  assert.match(refused.stderr, /\* check-and-set parameter did not match the current version\n/)
  assert.match(await good(kv('patch team/kv2/app a=3')), /\nversion +2\n/)
  assert.deepEqual(await dataOf(kv, 'team/kv2/app'), { a: '3', b: '2' })
  assert.deepEqual(await dataOf(kv, '-version=1 team/kv2/app'), { a: '1', b: '2' })

  const gone = await kv('delete team/kv2/app')
  assert.match(
    gone.stderr,
    /^Success! Data deleted \(if it existed\) at: team\/kv2\/app \(API path team\/kv2\/data\/app\)\n/,
  )
  const deleted = await kv('get team/kv2/app')
  assert.equal(deleted.exitCode, 0)
  assert.match(deleted.stdout, /\ndeletion_time +20/)
  assert.doesNotMatch(deleted.stdout, /= Data =/)
  const field = await kv('get -field=a team/kv2/app')
  assert.deepEqual([field.exitCode, field.stdout], [2, ''])
  assert.match(field.stderr, /^No data found at team\/kv2\/app/)

  await good(kv('undelete -versions=2 team/kv2/app'))
  assert.deepEqual(await dataOf(kv, 'team/kv2/app'), { a: '3', b: '2' })
  await good(kv('delete -versions=1,2 team/kv2/data/app'))
  await good(kv('undelete -versions=1 -versions 2 team/kv2/app'))
  assert.match(await good(kv('rollback -version=1 team/kv2/app')), /\nversion +3\n/)
  assert.deepEqual(await dataOf(kv, 'team/kv2/app'), { a: '1', b: '2' })
  await good(kv('destroy -versions=1 team/kv2/app'))
  const destroyed = await kv('rollback -version=1 team/kv2/app')
  assert.equal(destroyed.exitCode, 2)
  assert.match(destroyed.stderr, /^No value found in version 1 of team\/kv2\/app/)

  const metadata = await good(kv('metadata get team/kv2/app'))
  assert.match(metadata, /\nAPI path {4}team\/kv2\/metadata\/app\n/)
  assert.match(
    metadata,
    /\n=+ Version 1 =+\nKey +Value\n--- +-----\ncreated_time .*\ndeletion_time +n\/a\ndestroyed +true\n/,
  )
  assert.equal(await good(kv('metadata get -field=current_version team/kv2/app')), '3')
  await good(kv('metadata delete team/kv2/app'))
  assert.equal((await kv('metadata get team/kv2/app')).exitCode, 2)
})

test('a patch takes values away, or reads and writes the version that it read', async (context) => {
  const { server, kv } = await withBoth(context)
  await good(kv('put team/kv2/app a=1 b=2'))
  await good(kv('patch -remove-data=b team/kv2/app c=3'))
  assert.deepEqual(await dataOf(kv, 'team/kv2/app'), { a: '1', c: '3' })
  await good(kv('patch -method=rw -remove-data=a team/kv2/app d=-', { stdin: '4' }))
  assert.deepEqual(await dataOf(kv, 'team/kv2/app'), { c: '3', d: '4' })
  for (const method of ['patch', 'rw']) {
    const missing = await kv(`patch -method=${method} team/kv2/none a=1`)
    assert.deepEqual(
      [missing.exitCode, missing.stderr],
      [2, 'No value found at team/kv2/none (API path team/kv2/data/none)\n'],
    )
    const stale = await kv(`patch -method=${method} -cas=1 team/kv2/app a=1`)
    assert.match(stale.stderr, /check-and-set parameter did not match the current version/)
  }
  await good(server.asRoot(['patch', 'team/kv2/data/app', '-'], { stdin: '{"data":{"c":null}}' }))
  assert.deepEqual(await dataOf(kv, 'team/kv2/app'), { d: '4' })
})

test('a token with the rights to two paths alone uses kv get and, without the right to patch, kv patch', async (context) => {
  const { server, kv } = await withBoth(context)
  await good(kv('put team/kv2/app a=1 b=2'))
  const rules = 'path "team/kv2/data/app" { capabilities = ["read", "update"] }'
  await server.asRoot(['policy', 'write', 'app', '-'], { stdin: rules })
  const env = {
    CONCLAVE_TOKEN: (await server.asRoot(['token', 'create', '-policy=app', '-field=token'])).stdout,
  }
  assert.equal(await good(server.run(['kv', 'get', '-field=a', 'team/kv2/app'], { env })), '1')
  await good(server.run(['kv', 'patch', 'team/kv2/app', 'a=3'], { env }))
  assert.deepEqual(await dataOf(kv, 'team/kv2/app'), { a: '3', b: '2' })
  const strict = await server.run(['kv', 'patch', '-method=patch', 'team/kv2/app', 'a=4'], { env })
  assert.equal(strict.exitCode, 2)
  assert.match(strict.stderr, /Code: 403\./)
})

test('metadata is set, changed in parts, and listed', async (context) => {
  const { kv } = await withBoth(context)
  const settings =
    '-max-versions=3 -cas-required=false -delete-version-after=1h ' +
    '-custom-metadata=owner=web -custom-metadata=a=b'
  const put = await kv(`metadata put ${settings} team/kv2/app`)
  assert.equal(put.stderr, 'Success! Data written to: team/kv2/app (API path team/kv2/metadata/app)\n')
  await good(kv('metadata patch -cas-required -remove-custom-metadata=a -custom-metadata=c=d team/kv2/app'))
  const { data } = JSON.parse(await good(kv('metadata get -format=json team/kv2/app')))
  assert.deepEqual(
    [data.max_versions, data.cas_required, data.delete_version_after, data.custom_metadata],
    [3, true, '1h0m0s', { owner: 'web', c: 'd' }],
  )
  await good(kv('put -cas=0 team/kv2/x/y a=1'))
  assert.equal(await good(kv('list team/kv2')), 'Keys\n----\napp\nx/\n')
  assert.equal(await good(kv('list -format=json team/kv2/data/x')), '[\n  "y"\n]\n')
  assert.equal(await good(kv('scan team/kv2/')), 'Keys\n----\napp\nx/y\n')
  const empty = await kv('list team/kv2/none')
  assert.deepEqual(
    [empty.exitCode, empty.stderr],
    [2, 'No value found at team/kv2/none (API path team/kv2/metadata/none)\n'],
  )
})

test('a mount of version 1 becomes one of version 2, with what it holds', async (context) => {
  const { kv } = await withBoth(context)
  await good(kv('put team/kv1/app a=1'))
  const { exitCode, stderr } = await kv('enable-versioning /team/kv1/')
  assert.equal(exitCode, 0, stderr)
  assert.match(stderr, /Success! Tuned the secrets engine at: team\/kv1\/\n$/)
  // While its values are moved it says so, and clients ask again (surface.md section 5.2).
  let read = await kv('get -format=json team/kv1/app')
  while (/will resume service shortly/.test(read.stderr)) read = await kv('get -format=json team/kv1/app')
  assert.deepEqual(JSON.parse(read.stdout).data.data, { a: '1' })
})

test('values come from files and pipes, numbers keep their digits, and none is shown', async (context) => {
  const { server, kv } = await withBoth(context)
  const file = server.file('value', 'line one\nline two\n')
  const put = await kv(`put team/kv2/app cert=@${file} password=-`, { stdin: 'tiger' })
  assert.ok(!/line one|tiger/.test(put.stdout + put.stderr))
  assert.equal(await good(kv('get -field=cert team/kv2/app')), 'line one\nline two\n')
  await good(kv('put team/kv2/app -', { stdin: '{"n":1.0,"big":9007199254740993,"o":{"p":[true,null]}}' }))
  assert.match(await good(kv('get -format=json team/kv2/app')), /"n": 1\.0,\n +"big": 9007199254740993,/)
  assert.equal(await good(kv('get -field=o team/kv2/app')), '{"p":[true,null]}')
})

describe('refuses before anything is asked for', async () => {
  test('what names no secret, or needs versions', async (context) => {
    const { kv } = await withBoth(context)
    for (const [line, text] of [
      [
        'get team/kv2',
        /^"team\/kv2\/" is a folder: name a secret below it\n\nSee them with "conclave kv list team\/kv2\/"/,
      ],
      ['put team/kv2/x/ a=1', /^"team\/kv2\/x\/" is a folder/],
      ['list', /^give the path of a secret/],
      ['put team/kv2/app', /^Not enough arguments/],
      ['patch team/kv2/app', /^there is nothing to change/],
      ['put -cas=1 team/kv1/app a=1', /^-cas needs versions/],
      ['get -version=1 team/kv1/app', /^-version needs versions/],
      ['delete -versions=1 team/kv1/app', /^-versions needs versions/],
      ['undelete team/kv2/app', /^say which versions/],
      ['destroy -versions=x team/kv2/app', /^invalid value for flag -versions/],
      ['rollback team/kv2/app', /^say which version/],
      [
        'rollback -version=1 team/kv1/app',
        /is a KV mount of version 1, .*\n\nMake it version 2 with "conclave kv enable-versioning/,
      ],
      ['metadata get team/kv1/app', /is a KV mount of version 1/],
      ['metadata patch team/kv2/app', /^there is nothing to change/],
      [
        'metadata put -custom-metadata=a=1 -custom-metadata=a=2 team/kv2/app',
        /^-custom-metadata has the same key twice/,
      ],
    ] as const) {
      const { exitCode, stdout, stderr } = await kv(line)
      assert.deepEqual([exitCode, stdout], [1, ''], `${line}: ${stderr}`)
      assert.match(stderr, text)
    }
  })

  test('a mount that the token cannot see, with the words of the server', async (context) => {
    const { kv } = await withBoth(context)
    const { exitCode, stderr } = await kv('get nowhere/app')
    assert.equal(exitCode, 2)
    assert.match(stderr, /^Error looking for the mount: .*\* preflight capability check returned 403/s)
  })
})
