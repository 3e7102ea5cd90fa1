import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openLog } from './log.ts'

async function lineOf(facts: Readonly<Record<string, string | number>>): Promise<string> {
  const lines: string[] = []
  const log = await openLog({ level: 'info', format: 'standard', write: (line) => lines.push(line) })
  log.info('event', facts)
  return lines.join('')
}

test('the number of a share is shown: it is what people call it', async () => {
  assert.match(await lineOf({ share: 3 }), /event: share=3\n$/)
})

test('text under the name of a secret is not, whoever passes it', async () => {
  for (const name of ['share', 'key', 'token', 'password', 'secret', 'authorization']) {
    assert.match(await lineOf({ [name]: 'canary', other: 'shown' }), /: \w+=\[redacted\] other=shown\n$/)
  }
})
