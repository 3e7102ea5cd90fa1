import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parseExactly } from '../../client/json-numbers.ts'
import { UsageError } from '../failure.ts'
import { type Naming, programEnvironment } from './program-environment.ts'

const PLAIN: Naming = { prefix: '', upper: false, replace: false }

function values(json: string) {
  return parseExactly(json) as Record<string, unknown>
}

function environment(json: string, naming: Partial<Naming> = {}, present: Record<string, string> = {}) {
  return programEnvironment(present, [{ path: 'secret/app', values: values(json) }], { ...PLAIN, ...naming })
}

describe('a program gets', () => {
  test('a variable for every key, beside what it would have anyway', () => {
    assert.deepEqual(environment('{"user":"web","_x9":""}', {}, { HOME: '/h' }), {
      HOME: '/h',
      user: 'web',
      _x9: '',
    })
  })

  test('text as it is, with line ends and blanks, and the rest as JSON with its digits', () => {
    const json = '{"t":" a\\nb ","n":1.0,"big":9007199254740993,"yes":true,"o":{"p":[1,"x"]}}'
    assert.deepEqual(environment(json), {
      t: ' a\nb ',
      n: '1.0',
      big: '9007199254740993',
      yes: 'true',
      o: '{"p":[1,"x"]}',
    })
  })

  test('names with something in front, in capitals', () => {
    const naming = { prefix: 'APP_', upper: true }
    assert.deepEqual(environment('{"db-password":"x","9é.z":"y"}', naming), {
      APP_DB_PASSWORD: 'x',
      APP_9__Z: 'y',
    })
  })

  test('a value in place of a variable that is set, when told so', () => {
    assert.deepEqual(environment('{"A":"new"}', { replace: true }, { A: 'old' }), { A: 'new' })
  })
})

describe('no program is started where', () => {
  for (const [what, json, naming, message] of [
    ['a key is no name', '{"a-b":"v"}', {}, /^"a-b" of secret\/app is no name of a variable$/],
    ['a key begins with a digit', '{"9a":"v"}', {}, /^"9a" of secret\/app is no name/],
    ['a key is empty', '{"":"v"}', {}, /^"" of secret\/app is no name/],
    ['a key has an equals sign', '{"A=B":"v"}', {}, /^"A=B" of secret\/app is no name/],
    [
      'two keys become one name',
      '{"a-b":"v","a.b":"w"}',
      { upper: true },
      /"a\.b" of .* and "a-b" of .* would both be A_B/,
    ],
    [
      'a variable would be replaced',
      '{"SET":"v"}',
      {},
      /^"SET" of secret\/app would replace the variable SET$/,
    ],
    ['there is no value', '{"a":null}', {}, /^"a" of secret\/app has no value$/],
    ['a value has a zero byte', '{"a":"v\\u0000w"}', {}, /^"a" of secret\/app has a zero byte in it/],
  ] as const) {
    test(what, () => {
      assert.throws(
        () => environment(json, naming, { SET: 'old' }),
        (error: unknown) =>
          error instanceof UsageError && message.test(error.message) && !/[vw]\b.?old/.test(error.message),
      )
    })
  }

  for (const name of [
    'LD_PRELOAD',
    'DYLD_INSERT_LIBRARIES',
    'PATH',
    'BASH_ENV',
    'NODE_OPTIONS',
    'BASH_FUNC_ls',
    'PYTHONPATH',
    'GCONV_PATH',
    '_JAVA_OPTIONS',
    'OPENSSL_CONF',
    'CORECLR_PROFILER_PATH',
    'GIT_CONFIG_COUNT',
    'EDITOR',
  ]) {
    test(`a secret would choose what code it loads, by ${name}, also where it may replace variables`, () => {
      assert.throws(
        () => environment(`{"${name}":"v"}`, { replace: true }),
        /would choose what code the program loads/,
      )
    })
  }

  test('two secrets have the same name', () => {
    const sources = ['secret/a', 'secret/b'].map((path) => ({ path, values: { k: 'v' } }))
    assert.throws(
      () => programEnvironment({}, sources, PLAIN),
      /"k" of secret\/b and "k" of secret\/a would both be k/,
    )
  })

  test('several things stand in the way: each is named, and no value', () => {
    assert.throws(
      () => environment('{"a-b":"tiger","c d":"lion"}'),
      (error: unknown) =>
        error instanceof UsageError &&
        error.message ===
          '2 values cannot become variables:\n' +
            '  "a-b" of secret/app is no name of a variable\n  "c d" of secret/app is no name of a variable',
    )
  })
})
