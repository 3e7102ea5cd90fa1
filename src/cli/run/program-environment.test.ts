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

  test('what steers a program under a name that steers nothing, when something is put in front', () => {
    const json = '{"HOME":"h","http_proxy":"p","npm_config_registry":"r"}'
    assert.deepEqual(environment(json, { prefix: 'APP_' }), {
      APP_HOME: 'h',
      APP_http_proxy: 'p',
      APP_npm_config_registry: 'r',
    })
  })

  test('names that look like some that steer, and do not', () => {
    const json =
      '{"GIT_TOKEN":"a","GIT_AUTHOR_NAME":"b","LUA_INITIAL":"c","PROXY_PASSWORD":"d","HOMEPAGE":"e"}'
    assert.deepEqual(environment(json), JSON.parse(json))
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
    ...['LUA_INIT', 'LUA_INIT_5_1', 'LUA_INIT_5_4', 'LUA_PATH', 'LUA_CPATH_5_3'],
    ...['npm_config_script_shell', 'NPM_CONFIG_SCRIPT_SHELL', 'npm_config_node_options', 'Npm_Config_prefix'],
    ...['GLIBC_TUNABLES', 'MALLOC_CONF', 'HOME', 'XDG_CONFIG_HOME', 'CURL_HOME', 'WGETRC'],
    ...['GIT_SSH_COMMAND', 'GIT_SEQUENCE_EDITOR', 'GIT_PROXY_COMMAND', 'GIT_TEMPLATE_DIR', 'GIT_DIR'],
  ]) {
    test(`a secret would choose what code it loads, by ${name}, also where it may replace variables`, () => {
      assert.throws(
        () => environment(`{"${name}":"v"}`, { replace: true }),
        /would choose what code the program loads/,
      )
    })
  }

  for (const name of [
    ...['SSL_CERT_FILE', 'SSL_CERT_DIR', 'NODE_EXTRA_CA_CERTS', 'NODE_TLS_REJECT_UNAUTHORIZED'],
    ...['HTTP_PROXY', 'http_proxy', 'Https_Proxy', 'HTTPS_PROXY', 'ALL_PROXY', 'all_proxy', 'no_proxy'],
    ...['GIT_SSL_NO_VERIFY', 'GIT_SSL_CAINFO', 'REQUESTS_CA_BUNDLE', 'CURL_CA_BUNDLE'],
  ]) {
    test(`a secret would choose whom it talks to, by ${name}, also where it may replace variables`, () => {
      assert.throws(
        () => environment(`{"${name}":"v"}`, { replace: true }),
        (error: unknown) =>
          error instanceof UsageError &&
          error.message ===
            `"${name}" of secret/app would choose whom the program talks to and trusts, as ${name}`,
      )
    })
  }

  test('a name steers by what is put in front of it', () => {
    const steers = /would choose what code the program loads, as GIT_SSH$/
    assert.throws(() => environment('{"SSH":"v"}', { prefix: 'GIT_' }), steers)
  })

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
