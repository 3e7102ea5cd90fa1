import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'

/** The modules of Node.js that a process has loaded once it has loaded `files` of src. */
function loadedBy(files: readonly string[]): readonly string[] {
  const urls = files.map((file) => new URL(`../src/${file}`, import.meta.url).href)
  const code = `
for (const url of ${JSON.stringify(urls)}) await import(url)
process.stdout.write(process.moduleLoadList.join('\\n'))`
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
