import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'

/** Modules of Node.js, and files of packages in CommonJS, that `files` of src have a process load. */
function loadedBy(files: readonly string[]): readonly string[] {
  const urls = files.map((file) => new URL(`../src/${file}`, import.meta.url).href)
  const code = `
for (const url of ${JSON.stringify(urls)}) await import(url)
const { createRequire } = await import('node:module')
const packages = Object.keys(createRequire('/').cache)
process.stdout.write([...process.moduleLoadList, ...packages].join('\\n'))`
  const flags = ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', code]
  return execFileSync(process.execPath, flags, { encoding: 'utf8' }).split('\n')
}

for (const [what, files] of [
  ['a server', ['server/run.ts', 'server/build.ts']],
  ['a client', ['client/conclave-client.ts']],
] as const) {
  test(`${what} loads node:http, without the second HTTP client in it, and TLS only for TLS`, () => {
    const loaded = loadedBy(files)
    assert.ok(loaded.includes('NativeModule http'))
    assert.ok(!loaded.includes('NativeModule internal/deps/undici/undici'))
    assert.ok(!loaded.includes('NativeModule https'))
  })
}

test('a server loads what writes metrics when somebody first asks for them', () => {
  const hasLibrary = (files: readonly string[]): boolean =>
    loadedBy(files).some((path) => path.includes('/prom-client/'))
  assert.equal(hasLibrary(['server/run.ts', 'server/build.ts', 'server/measurements.ts']), false)
  assert.equal(hasLibrary(['metrics/prometheus.ts']), true)
})
