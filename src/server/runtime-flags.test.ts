import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hasCode } from '../base/errors.ts'
import { type RuntimeFlags, refuseRuntimeFlags } from './runtime-flags.ts'

const NONE: RuntimeFlags = {
  execArgv: [],
  nodeOptions: '',
  nodeDebug: '',
  openSsl: [],
  inspectorIsOpen: false,
}

function refusal(flags: Partial<RuntimeFlags>): string {
  try {
    refuseRuntimeFlags({ ...NONE, ...flags })
  } catch (error) {
    assert.ok(hasCode(error, 'config_invalid'))
    return error.message
  }
  return 'it was taken'
}

test('what bin/conclave and a careful operator say is taken', () => {
  const usual = ['--disable-warning=ExperimentalWarning', '--disable-sigusr1']
  assert.equal(refusal({ execArgv: usual, nodeOptions: '--max-old-space-size=512' }), 'it was taken')
})

test('a flag that lets somebody look in is refused, however it is spelled and wherever it stands', () => {
  const flags = [
    ...['--inspect', '--inspect=0', '--inspect-brk=127.0.0.1:1', '--inspect_wait', '-r', '--require=./x.cjs'],
    ...['--import', '--loader=x', '--experimental_loader=x', '--heapsnapshot-signal=SIGUSR2'],
    ...['--heapsnapshot_near_heap_limit=3', '--heap-prof', '--report-on-signal', '--report-on-fatalerror'],
    ...['--report-uncaught-exception', '--abort-on-uncaught-exception', '--tls-keylog=/tmp/x'],
    ...['--openssl-config=/srv/x.cnf', '--openssl_shared-config', '--openssl-legacy-provider'],
    ...['--enable-fips', '--force-fips'],
    ...['--insecure-http-parser', '--security-revert=CVE-2023-46809'],
  ]
  for (const flag of flags) {
    assert.match(refusal({ execArgv: [flag] }), /^Node\.js was started with -.*Leave it away/, flag)
    assert.match(refusal({ nodeOptions: `--trace-warnings  ${flag}` }), /^NODE_OPTIONS has -/, flag)
    assert.match(refusal({ nodeOptions: `"${flag}"` }), /^NODE_OPTIONS has -/, flag)
  }
})

test('the sentence says what the flag does, and does not repeat its value', () => {
  assert.equal(
    refusal({ nodeOptions: '--require="/srv/a b/secret.cjs"' }),
    'NODE_OPTIONS has --require, which runs code of others in this process. Leave it away; -dev takes it',
  )
})

test('an open inspector is refused, whoever opened it', () => {
  assert.match(refusal({ inspectorIsOpen: true }), /^the inspector of Node\.js is open/)
})

test('a variable by which OpenSSL loads a library is refused by its name', () => {
  assert.equal(
    refusal({ openSsl: ['OPENSSL_CONF'] }),
    'OPENSSL_CONF is set, by which OpenSSL loads other code into this process. Unset it; -dev takes it',
  )
})

test('NODE_DEBUG is refused: it prints what requests carry', () => {
  assert.match(refusal({ nodeDebug: 'stream' }), /^NODE_DEBUG is set/)
})
