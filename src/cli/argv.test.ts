import assert from 'node:assert/strict'
import { test } from 'node:test'
import { normaliseArgv } from './argv.ts'
import { COMMANDS } from './commands.ts'
import { UsageError } from './failure.ts'
import { parseArguments } from './grammar.ts'

async function specOf(name: string) {
  const entry = COMMANDS.find((candidate) => candidate.name === name)
  assert.ok(entry)
  return (await entry.load()).command
}

const init = await specOf('operator init')
const rekey = await specOf('operator rekey')
const rotateKeys = await specOf('operator rotate-keys')
const generateRoot = await specOf('operator generate-root')
const unseal = await specOf('operator unseal')
const server = await specOf('server')

test('reads every spelling of a number', () => {
  const spellings = [
    ['-key-shares=7'],
    ['-key-shares', '7'],
    ['--key-shares=7'],
    ['--key-shares', '7'],
    ['-n', '7'],
    ['-n=7'],
    ['--n=7'],
  ]
  for (const argv of spellings)
    assert.equal(parseArguments(init, argv).flags.number('key-shares'), 7, argv.join(' '))
})

test('knows every flag of the contract for operator init', () => {
  const { flags } = parseArguments(init, [
    '-status',
    '-t=2',
    '-format',
    'json',
    '-address=http://h:1',
    '-ns=x',
  ])
  assert.ok(flags.on('status'))
  assert.equal(flags.number('key-threshold'), 2)
  assert.deepEqual(
    [flags.text('format'), flags.text('address'), flags.text('namespace')],
    ['json', 'http://h:1', 'x'],
  )
  const keys = parseArguments(init, ['-pgp-keys=a,b', '-root-token-pgp-key=c', '-recovery-pgp-keys=d']).flags
  assert.deepEqual(
    ['pgp-keys', 'root-token-pgp-key', 'recovery-pgp-keys'].map((name) => keys.text(name)),
    ['a,b', 'c', 'd'],
  )
  const recovery = parseArguments(init, ['-recovery-shares=1', '-recovery-threshold=1']).flags
  assert.deepEqual([recovery.number('recovery-shares'), recovery.number('recovery-threshold')], [1, 1])
  for (const flag of ['-wrap-ttl=1h', '-output-curl-string']) {
    assert.throws(() => parseArguments(init, [flag]), /is no flag of this command/, flag)
  }
})

test('knows every flag of the contract for operator rekey and rotate-keys', () => {
  const switches = ['init', 'status', 'verify', 'backup', 'backup-delete', 'backup-retrieve']
  const texts = { nonce: 'abc', target: 'recovery', 'pgp-keys': 'a.asc,b.asc' }
  const argv = [
    ...switches.map((name) => `-${name}`),
    ...Object.entries(texts).flatMap(([name, value]) => [`-${name}`, value]),
    ...['-n', '4', '-t', '2', '-cancel=false', '-'],
  ]
  for (const spec of [rekey, rotateKeys]) {
    const { flags, operands } = parseArguments(spec, argv)
    for (const name of switches) assert.ok(flags.on(name), name)
    assert.equal(flags.on('cancel'), false)
    assert.deepEqual([flags.number('key-shares'), flags.number('key-threshold')], [4, 2])
    for (const [name, value] of Object.entries(texts)) assert.equal(flags.text(name), value)
    assert.deepEqual(operands, ['-'])
  }
})

test('takes the names of key files only once', () => {
  assert.throws(
    () => parseArguments(rekey, ['-pgp-keys=a', '-pgp-keys=b']),
    (error) => error instanceof UsageError && /-pgp-keys: can only be specified once$/.test(error.message),
  )
})

test('knows every flag of the contract for operator generate-root', () => {
  const argv = [
    '-init',
    '-cancel',
    '-status',
    '-generate-otp',
    '-decode=-',
    '-otp=o',
    '-pgp-key=k',
    '-nonce=n',
  ]
  const { flags } = parseArguments(generateRoot, argv)
  for (const name of ['init', 'cancel', 'status', 'generate-otp']) assert.ok(flags.on(name), name)
  const texts = ['decode', 'otp', 'pgp-key', 'nonce'].map((name) => flags.text(name))
  assert.deepEqual(texts, ['-', 'o', 'k', 'n'])
  assert.throws(() => parseArguments(generateRoot, ['-recovery-token']), /comes with a later version/)
})

test('knows the flags of operator unseal, also behind the share', () => {
  const { flags, operands } = parseArguments(unseal, ['abcd', '-format=json', '-reset', '--non-interactive'])
  assert.deepEqual(operands, ['abcd'])
  assert.deepEqual([flags.on('reset'), flags.on('non-interactive')], [true, true])
  assert.throws(() => parseArguments(unseal, ['-migrate']), /comes with a later version/)
})

test('collects a flag that is given several times, and reads switches that begin with no', () => {
  const { flags } = parseArguments(server, ['-config=a.json', '-config', 'b.json', '-no-color'])
  assert.deepEqual(flags.list('config'), ['a.json', 'b.json'])
  assert.ok(flags.on('no-color'))
  assert.equal(parseArguments(server, []).flags.on('no-color'), false)
})

test('takes a value that begins with a dash, and what stands behind --', () => {
  assert.equal(parseArguments(rekey, ['-nonce', '-x']).flags.text('nonce'), '-x')
  assert.deepEqual(parseArguments(unseal, ['--', '-AbC']).operands, ['-AbC'])
})

test('refuses unknown flags, missing values and wrong numbers in the words of the contract', () => {
  const refusals: readonly [readonly string[], string][] = [
    [['-bogus'], 'flag provided but not defined: -bogus'],
    [['--bogus=1'], 'flag provided but not defined: -bogus'],
    [['-nonce'], 'flag needs an argument: -nonce'],
    [['-n', 'five'], 'invalid value for flag -key-shares: give a whole number'],
    [['a', 'b'], 'Too many arguments (expected 0-1, got 2)'],
  ]
  for (const [argv, message] of refusals) {
    assert.throws(
      () => parseArguments(rekey, argv),
      (error) => error instanceof UsageError && error.message === message,
      message,
    )
  }
})

test('does not repeat an unknown flag that may be a share', () => {
  const share = '-5d4f9kdeMCdNEUVuBlw1HiKkA3VNQk30ZMVtOHqJNWKy'
  const flags = { known: [], later: [] }
  assert.throws(
    () => normaliseArgv([share], flags),
    (error) => error instanceof UsageError && !error.message.includes('5d4f'),
  )
})
