import assert from 'node:assert/strict'
import { readFileSync, statSync } from 'node:fs'
import { describe, test } from 'node:test'
import { OpenedServer } from './opened-server.ts'
import { runInTerminal } from './terminal.ts'

const RULES = 'path "secret/data/app" {\n  capabilities = ["read"]\n}\n'

test('policies are written from files and pipes, listed, printed as they are, and taken away', async (context) => {
  const server = await OpenedServer.start(context, 1, 1)
  const written = await server.asRoot(['policy', 'write', 'app', server.file('app.hcl', RULES)])
  assert.deepEqual([written.exitCode, written.stdout], [0, ''])
  assert.match(written.stderr, /^Success! Uploaded policy: app\nNext: conclave token create -policy=app\n$/)
  const piped = await server.asRoot(['policy', 'write', 'Web', '-'], {
    stdin: '{"path":{"x":{"capabilities":["list"]}}}',
  })
  assert.match(piped.stderr, /^Warning: policy name was converted to web\nSuccess! Uploaded policy: Web\n/)

  assert.equal((await server.asRoot(['policy', 'list'])).stdout, 'app\ndefault\nweb\nroot\n')
  const names = JSON.parse((await server.asRoot(['policy', 'list', '-format=json'])).stdout)
  assert.deepEqual(names, ['app', 'default', 'web', 'root'])
  assert.equal((await server.asRoot(['policy', 'read', 'app'])).stdout, RULES)
  assert.deepEqual(JSON.parse((await server.asRoot(['policy', 'read', '-format=json', 'app'])).stdout), {
    policy: RULES,
  })

  assert.equal((await server.asRoot(['policy', 'delete', 'app'])).stderr, 'Success! Deleted policy: app\n')
  const missing = await server.asRoot(['policy', 'read', 'app'])
  assert.deepEqual([missing.exitCode, missing.stderr], [2, 'No policy named: app\n'])
})

test('a policy that cannot be read is refused, by the server or before', async (context) => {
  const server = await OpenedServer.start(context, 1, 1)
  for (const [argv, stdin, exitCode, text] of [
    [['policy', 'write', 'x', '-'], 'path "x" { capabilities=["fly"] }', 2, /invalid capability "fly"/],
    [['policy', 'write', 'x', '-'], ' \n', 1, /^the policy is empty, and nothing was sent/],
    [
      ['policy', 'write', 'x', '/nowhere.hcl'],
      '',
      1,
      /^the file \/nowhere\.hcl is of no use: there is no such file/,
    ],
    [['policy', 'delete', 'root'], '', 2, /cannot delete "root" policy/],
  ] as const) {
    const ran = await server.asRoot(argv, { stdin })
    assert.equal(ran.exitCode, exitCode, ran.stderr)
    assert.match(ran.stderr, text)
  }
})

test('what a token may do is told, with why, and the smallest change', async (context) => {
  const server = await OpenedServer.start(context, 1, 1)
  await server.asRoot(['secrets', 'enable', '-path=secret', '-version=2', 'kv'])
  await server.asRoot(['policy', 'write', 'app', '-'], { stdin: RULES })
  const capabilities = await server.asRoot(['token', 'capabilities', 'secret/data/app'])
  assert.deepEqual([capabilities.exitCode, capabilities.stdout], [0, 'root\n'])

  const explain = async (...argv: readonly string[]): Promise<string> => {
    const { exitCode, stdout, stderr } = await server.asRoot(['policy', 'explain', ...argv])
    assert.equal(exitCode, 0, stderr)
    return stdout
  }
  const allowed = await explain('-policy=app', 'get', 'secret/data/app')
  assert.match(allowed, /^Request +GET secret\/data\/app\nAllowed +yes\n/)
  assert.match(allowed, /^Rule +secret\/data\/app\nPolicies +app\nMissing +n\/a\n$/m)
  const refused = await explain('-policy=app', 'DELETE', '/v1/secret/data/app')
  assert.match(refused, /^Request +DELETE secret\/data\/app\nAllowed +no\n/)
  assert.match(refused, /^Reason +path "secret\/data\/app" of the policy "app" does not give delete\n/m)
  const patch = '\npath "secret/data/app" {\n  capabilities = ["delete"]\n}\n'
  assert.ok(refused.endsWith(`\nThe smallest change of a policy that allows it:\n${patch}`), refused)
  const asRoot = JSON.parse(await explain('-format=json', 'LIST', 'secret/metadata'))
  assert.deepEqual([asRoot.data.allowed, asRoot.data.path], [true, 'secret/metadata/'])
  assert.equal(await explain('-policy=app', '-field=allowed', 'PUT', 'secret/data/app'), 'false')

  await server.asRoot(['secrets', 'enable', '-path=two', '-version=2', 'kv'])
  const typo = await server.asRoot(['policy', 'explain', '-policy=tpyo', 'GET', 'two/app'])
  assert.deepEqual([typo.exitCode, typo.stderr], [0, 'Warning: Policy "tpyo" does not exist\n'])
  assert.match(typo.stdout, /^Reason +no rule of the policy "tpyo" fits the path$/m)
  assert.match(typo.stdout, /did you mean "two\/data\/app"\?\n\nThe .*:\n\npath "two\/data\/app" \{\n/)

  const token = async (...flags: readonly string[]): Promise<{ CONCLAVE_TOKEN: string }> => {
    const { stdout } = await server.asRoot(['token', 'create', '-field=token', '-policy=app', ...flags])
    return { CONCLAVE_TOKEN: stdout.trim() }
  }
  const env = await token()
  // What a refusal advises is open to every token that has `default`.
  const denied = await server.run(['kv', 'delete', 'secret/app'], { env })
  const [, advised = ''] = /tells "conclave (policy explain .+)"/.exec(denied.stderr) ?? []
  assert.equal(advised, 'policy explain DELETE secret/app')
  assert.match((await server.run(advised.split(' '), { env })).stdout, /^Allowed +no$/m)
  const why = await server.run(['policy', 'explain', 'DELETE', 'secret/data/app'], { env })
  assert.deepEqual([why.exitCode, why.stdout], [0, refused])
  const others = await server.run(['policy', 'explain', '-policy=dev', 'GET', 'secret/data/app'], { env })
  assert.equal(others.exitCode, 2)
  const bare = { env: await token('-no-default-policy') }
  const mayNot = await server.run(['policy', 'explain', 'GET', 'secret/data/app'], bare)
  assert.equal(mayNot.exitCode, 2)
  // Not the advice of every other refusal, which is to ask just that.
  assert.doesNotMatch(mayNot.stderr, /Which policy is in the way/)
  assert.match(mayNot.stderr, /takes update on "sys\/policies\/explain"/)

  const none = await server.asRoot(['policy', 'explain', 'FETCH', 'x'])
  assert.deepEqual([none.exitCode, none.stdout], [1, ''])
  assert.match(none.stderr, /^there is no such method: give one of GET, LIST, SCAN, POST, PUT, PATCH, DELETE/)
})

describe('policy fmt, which asks no server', async () => {
  const before = 'path   "a"{capabilities=["read" ,"list"]} # why'
  const after = 'path "a" {\n  capabilities = ["read", "list"]\n} # why\n'

  test('gives a file its usual form, and leaves one alone that has it', async (context) => {
    const server = await OpenedServer.start(context, 1, 1)
    const file = server.file('a.hcl', before)
    const ran = await runInTerminal(['policy', 'fmt', file])
    assert.deepEqual(ran, { exitCode: 0, stdout: '', stderr: `Success! Formatted policy: ${file}\n` })
    assert.equal(readFileSync(file, 'utf8'), after)
    const { mtimeMs } = statSync(file)
    assert.equal((await runInTerminal(['policy', 'fmt', file])).exitCode, 0)
    assert.equal(statSync(file).mtimeMs, mtimeMs)
  })

  test('is a filter, too', async () => {
    const ran = await runInTerminal(['policy', 'fmt', '-'], { stdin: before })
    assert.deepEqual(ran, { exitCode: 0, stdout: after, stderr: '' })
  })

  test('changes nothing of what cannot be read, and says where it cannot', async () => {
    for (const [stdin, text] of [
      ['path "a" {', /^standard input:1:11: /],
      ['{"path":{}}', /^standard input is in the JSON form/],
    ] as const) {
      const ran = await runInTerminal(['policy', 'fmt', '-'], { stdin })
      assert.deepEqual([ran.exitCode, ran.stdout], [1, ''])
      assert.match(ran.stderr, text)
    }
  })
})
