import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import { InvariantError } from '../base/assert.ts'
import { millis } from '../base/clock.ts'
import { OperatingError } from '../base/errors.ts'
import { REFUSAL_LINES_PER_SECOND } from '../base/limits.ts'
import { ExchangeLog } from './exchange-log.ts'

const written: string[] = []
const ended: unknown[] = []
let now = 0
const line = (level: string) => (event: string, facts: unknown) =>
  void written.push(`${level} ${event} ${JSON.stringify(facts)}`)
const levels = { debug: () => undefined, info: line('info'), warn: line('warn'), error: line('error') }
const clock = { monotonic: () => millis(now) }

beforeEach(() => {
  written.length = 0
  ended.length = 0
  now = 0
})

const open = (): ExchangeLog =>
  new ExchangeLog({ ...levels, flush: () => undefined }, clock, (error) => ended.push(error))
const REFUSED = {
  id: 'i',
  method: 'PUT',
  route: '/v1/sys/unseal',
  status: 400,
  code: 'share_unknown',
  source: '10.0.0.1',
  fault: null,
  ms: 1,
} as const

test('a refusal is one line, with its code and where it came from', () => {
  open().write(REFUSED)
  assert.deepEqual(written, [
    'info request refused {"id":"i","method":"PUT","route":"/v1/sys/unseal","status":400,' +
      '"code":"share_unknown","source":"10.0.0.1"}',
  ])
})

test('a flood of refusals is counted, and the count written in the next second', () => {
  const log = open()
  for (let request = 0; request < REFUSAL_LINES_PER_SECOND + 30; request++) log.write(REFUSED)
  assert.equal(written.length, REFUSAL_LINES_PER_SECOND)
  now = 1000
  log.write(REFUSED)
  const [told, next] = written.slice(REFUSAL_LINES_PER_SECOND)
  assert.equal(told, 'info requests refused, not written {"count":30}')
  assert.match(next ?? '', /^info request refused /)
})

test('a failure of ours says where it was, and nothing of its message; a broken promise ends the server', () => {
  const log = open()
  log.write({ ...REFUSED, status: 500, code: 'internal', fault: new TypeError('canary') })
  const place = /^error request failed .*"why":"TypeError","at":"\S+ server\/exchange-log\.test\.ts:\d+/
  assert.match(written[0] ?? '', place)
  const broken = new InvariantError('canary')
  log.write({ ...REFUSED, status: 500, code: 'internal', fault: broken })
  assert.deepEqual(ended, [broken])
  assert.ok(!written.join('').includes('canary'))
})

test('a failure of the world is told in full: its sentence is made of public facts', () => {
  const fault = new OperatingError('storage_full', 'no room', { detail: { io: true } })
  open().write({ ...REFUSED, status: 500, code: 'storage_full', fault })
  assert.deepEqual(written, [
    'error request failed {"id":"i","route":"/v1/sys/unseal",' +
      '"code":"storage_full","why":"no room","io":true}',
  ])
})
