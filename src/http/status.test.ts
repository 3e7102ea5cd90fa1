import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ERROR_CODES, OperatingError } from '../base/errors.ts'
import { renderError } from './status.ts'

const rendered = (code: OperatingError['code']): ReturnType<typeof renderError> =>
  renderError(new OperatingError(code, 'the sentence', { detail: { canary: 1 }, cause: new Error('canary') }))

test('has a status for every code, and shows the code', () => {
  for (const code of ERROR_CODES) {
    const { status, body } = rendered(code)
    assert.ok([400, 403, 404, 405, 413, 415, 429, 500, 503].includes(status), `${code}: ${status}`)
    assert.equal(body.code, code)
    assert.doesNotMatch(JSON.stringify(body), /canary/)
  }
})

test('answers with the statuses of the contract (surface.md section 1.2)', () => {
  assert.equal(rendered('bad_request').status, 400)
  assert.equal(rendered('permission_denied').status, 403)
  assert.equal(rendered('not_found').status, 404)
  assert.equal(rendered('unsupported_path').status, 404)
  assert.equal(rendered('unsupported_operation').status, 405)
  assert.equal(rendered('too_large').status, 413)
  assert.equal(rendered('unsupported_media_type').status, 415)
  assert.equal(rendered('sealed').status, 503)
  assert.equal(rendered('audit_unavailable').status, 500)
})

test('keeps the sentence of a failure of our own, but for those an operator has to see', () => {
  assert.deepEqual(rendered('corrupt_entry').body.errors, ['internal error'])
  assert.deepEqual(rendered('audit_unavailable').body.errors, ['internal error'])
  assert.deepEqual(rendered('storage_full').body.errors, ['the sentence'])
  assert.deepEqual(rendered('store_rolled_back').body.errors, ['the sentence'])
})

test('answers what nobody expected with a bare 500', () => {
  for (const thrown of [new Error('canary'), new TypeError('canary'), 'canary', null, undefined]) {
    const bare = { status: 500, body: { errors: ['internal error'], code: 'internal' } }
    assert.deepEqual(renderError(thrown), bare)
  }
})

test('has no sentence where the contract has none', () => {
  assert.deepEqual(renderError(new OperatingError('not_found', '')).body.errors, [])
})
