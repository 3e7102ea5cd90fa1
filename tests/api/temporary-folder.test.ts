import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { temporaryFolder } from './server-process.ts'

const MODULE = new URL('./server-process.ts', import.meta.url).href

test('a temporary folder goes when it is removed, and at the latest with the process', () => {
  const { path, remove } = temporaryFolder()
  assert.ok(existsSync(path))
  remove()
  assert.equal(existsSync(path), false)
  const code = `const { temporaryFolder } = await import('${MODULE}')
    console.log(temporaryFolder().path, temporaryFolder().path)
    throw new Error('a test that fails')`
  const child = spawnSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8' })
  const left = child.stdout.trim().split(' ')
  assert.equal(left.length, 2, child.stderr)
  assert.deepEqual(left.filter(existsSync), [])
})
