import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fromUtf8, utf8 } from '../../base/encoding.ts'
import { SecretBytes } from '../../base/secret-bytes.ts'
import { cardGrid } from './card-grid.ts'

test('numbers the words, five a line', () => {
  using card = SecretBytes.take(utf8('zoo abandon letter october abstract act zebra'))
  using grid = cardGrid(card)
  assert.deepEqual(
    grid
      .lend(fromUtf8)
      .split('\n')
      .map((line) => line.trimEnd()),
    [' 1 zoo         2 abandon     3 letter      4 october     5 abstract', ' 6 act         7 zebra', ''],
  )
})
