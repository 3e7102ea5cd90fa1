import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { ServerProcess, temporaryFolder } from './api/server-process.ts'
import { ROOT } from './source/tree.ts'

function node(...words: readonly string[]) {
  return spawnSync(process.execPath, ['--disable-warning=ExperimentalWarning', ...words], {
    encoding: 'utf8',
  })
}

test('what is built runs as a package does: a server, its thread, and what stands beside dist', async () => {
  const { path: root, remove } = temporaryFolder()
  const main = join(root, 'dist/main.js')
  const { status, stderr } = node(join(ROOT, 'build.ts'), join(root, 'dist'))
  assert.deepEqual([status, stderr], [0, ''])
  for (const beside of ['package.json', 'completions']) {
    cpSync(join(ROOT, beside), join(root, beside), { recursive: true })
  }
  symlinkSync(join(ROOT, 'node_modules'), join(root, 'node_modules'))

  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  assert.equal(node(main, 'version').stdout, `Conclave v${version}\n`)
  assert.match(node(main, 'completion', 'bash').stdout, /^complete -F _conclave_complete conclave$/m)

  const flags = ['server', `-data=${join(root, 'store')}`, '-address=127.0.0.1:0']
  const server = await ServerProcess.run(flags, { main })
  try {
    const terms = { secret_shares: 1, secret_threshold: 1 }
    const { body: made } = await server.call('PUT', '/v1/sys/init', terms)
    assert.ok(await server.unseal(made.keys))
    const mounted = await server.call('POST', '/v1/sys/mounts/kv', { type: 'kv' }, made.root_token)
    assert.equal(mounted.status, 204)
  } finally {
    assert.equal(await server.stop(), 0)
  }
  remove()
})
