import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { hasCode } from '../base/errors.ts'
import { listen } from './endpoint.ts'

test('a socket in a folder that is not there is not told of the rights of ports', async () => {
  const path = join(tmpdir(), 'no such folder', 's')
  await assert.rejects(listen(createServer(), { path }), (error) => {
    assert.ok(hasCode(error, 'config_invalid'))
    assert.match(error.message, /its folder is not there, or not for this user to write in$/)
    return true
  })
})
