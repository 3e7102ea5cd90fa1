import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ORIGIN } from '../../tests/sim/origin.ts'
import type { LogicalRequest, Operation } from '../logical/request.ts'
import { envelope, wholeBody } from './envelope.ts'

const request = (operation: Operation): LogicalRequest => ({
  id: '1b4e28ba-2fa1-41d2-883f-0016d3cca427',
  operation,
  path: 'secret/a',
  data: null,
  wrap: null,
  token: null,
  origin: ORIGIN,
})

test('has every member in the order of the contract, null where there is nothing', () => {
  const { status, body } = envelope(request('read'), {})
  assert.equal(status, 200)
  assert.equal(
    JSON.stringify(body),
    '{"request_id":"1b4e28ba-2fa1-41d2-883f-0016d3cca427","lease_id":"","renewable":false,' +
      '"lease_duration":0,"data":null,"wrap_info":null,"warnings":null,"auth":null}',
  )
})

test('carries data, warnings and the time that a value is good for', () => {
  const body = wholeBody('id', { data: { a: 1 }, warnings: ['w'], leaseDuration: 60 })
  assert.deepEqual([body['data'], body['warnings'], body['lease_duration']], [{ a: 1 }, ['w'], 60])
})

test('an answer may have no body at all', () => {
  assert.deepEqual(envelope(request('patch'), { status: 404, bare: null }), { status: 404, body: null })
})

test('answers nothing with 404 where something was looked for, and with 204 where something was done', () => {
  for (const operation of ['read', 'list', 'scan', 'help'] as const) {
    assert.deepEqual(envelope(request(operation), null), { status: 404, body: { errors: [] } })
  }
  for (const operation of ['create', 'update', 'patch', 'delete'] as const) {
    assert.deepEqual(envelope(request(operation), null), { status: 204, body: null })
  }
})
