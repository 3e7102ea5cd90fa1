import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { readTypedLine, type TypedLine } from './typed-line.ts'

/** What bash has in COMP_WORDBREAKS unless somebody changed it. */
const BREAKS = ' \t\n"\'@><=;|&(:'

function bash(line: string, breaks = BREAKS): TypedLine {
  return readTypedLine('bash', `${breaks}\0${line}`)
}

describe('the words of a line in bash', () => {
  for (const [line, words, current] of [
    ['conclave ', [], ''],
    ['conclave re', [], 're'],
    ['conclave  read\tsec', ['read'], 'sec'],
    ['conclave read a\\ b', ['read'], 'a b'],
    ['conclave read "a b', ['read'], 'a b'],
    ['conclave read "a \\"\\$\\`\\\\\\x', ['read'], 'a "$`\\\\x'],
    ["conclave read 'a\\ b", ['read'], 'a\\ b'],
    ['conclave read a"b c"d', ['read'], 'ab cd'],
    ["conclave read ''", ['read'], ''],
    ["conclave '' ''", [''], ''],
    ['conclave read a\\', ['read'], 'a'],
    ['conclave read $(touch x)', ['read', '$(touch'], 'x)'],
    ['', [], ''],
  ] as const) {
    test(JSON.stringify(line), () => {
      const typed = bash(line)
      assert.deepEqual([typed.words, typed.current], [words, current])
    })
  }

  for (const [line, kept] of [
    ['conclave read secret/a', ''],
    ['conclave read -format=js', '-format='],
    ['conclave read -format=', '-format='],
    ['conclave read secret/u@ex', 'secret/u@'],
    ['conclave read secret/a:b=c', 'secret/a:b='],
    ['conclave read secret/a\\:b\\=c', ''],
    ['conclave read "secret/a:b', ''],
    ['conclave read x"a:b', 'x'],
    ['conclave read "x"/a', 'x'],
  ] as const) {
    test(`of the last word of ${line} it keeps ${JSON.stringify(kept)}`, () => {
      const typed = bash(line)
      assert.equal(typed.current.slice(0, typed.kept), kept)
    })
  }

  for (const [line, quote] of [
    ['conclave read "a', '"'],
    ['conclave read \'a"', "'"],
    ['conclave read "a\\"', '"'],
    ['conclave read "a"', ''],
    ['conclave read \\"a', ''],
  ] as const) {
    test(`knows the quote that is open in ${line}`, () => assert.equal(bash(line).quote, quote))
  }

  test('breaks only where its user wants it to', () => {
    assert.equal(bash('conclave read -format=js', ' \t\n').kept, 0)
  })
})

describe('the words of a line in fish', () => {
  for (const [line, words, current] of [
    ['conclave read sec\n', ['read'], 'sec'],
    ['conclave read a\\ b\n', ['read'], 'a b'],
    ['conclave read "a \\"\\$\\\\\\x\n', ['read'], 'a "$\\\\x'],
    ["conclave read 'it\\'s \\\\ \\x\n", ['read'], "it's \\ \\x"],
    ['conclave read x"a b\n', ['read'], 'xa b'],
    ['conclave read -format=j\n', ['read'], '-format=j'],
  ] as const) {
    test(JSON.stringify(line), () => {
      const typed = readTypedLine('fish', line)
      assert.deepEqual([typed.words, typed.current, typed.kept], [words, current, 0])
    })
  }
})

test('zsh sends words that are whole already', () => {
  const sent = 'conclave\0read\0-format=json\0secret/a b\n\0'
  assert.deepEqual(readTypedLine('zsh', sent), {
    words: ['read', '-format=json'],
    current: 'secret/a b\n',
    kept: 0,
    quote: '',
  })
  assert.deepEqual(readTypedLine('zsh', ''), { words: [], current: '', kept: 0, quote: '' })
})
