import assert from 'node:assert/strict'
import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { describe, test } from 'node:test'
import { hasCode } from '../base/errors.ts'
import { checkHead, checkNamespace, checkPatchType, originOf, tokenOf } from './request-head.ts'

function request(headers: Readonly<Record<string, string>>): IncomingMessage {
  const message = new IncomingMessage(new Socket())
  message.httpVersion = '1.1'
  Object.assign(message.headers, headers)
  return message
}

const refuses = (act: () => unknown, code: 'bad_request' | 'not_found' | 'unsupported_media_type'): void => {
  assert.throws(act, (error: unknown) => hasCode(error, code))
}

test('takes the token from its own header first, also when it is wrong', () => {
  assert.equal(tokenOf(request({ 'x-vault-token': 'a', authorization: 'Bearer b' })), 'a')
  assert.equal(tokenOf(request({ authorization: 'Bearer  b ' })), 'b')
  assert.equal(tokenOf(request({ 'x-vault-token': '', authorization: 'Bearer b' })), 'b')
})

test('takes no token from another scheme, or from none', () => {
  for (const authorization of ['bearer b', 'Basic b', 'Bearer', 'Bearer ', 'b']) {
    assert.equal(tokenOf(request({ authorization })), null, authorization)
  }
  assert.equal(tokenOf(request({})), null)
})

test('takes any of the headers of a proxy as a sign that the peer only hands on', () => {
  const listener = {
    listener: 'l',
    access: { rekey: 'open', generateRoot: 'open', unseal: 'open' },
    retireOn: 'proof',
    serverNames: [],
    isUnix: false,
  } as const
  const forwarded = (name: string): boolean => originOf(request({ [name]: 'x' }), listener).forwarded
  for (const name of ['forwarded', 'via', 'x-real-ip', 'x-forwarded-for', 'x-forwarded-proto']) {
    assert.equal(forwarded(name), true, name)
  }
  assert.equal(forwarded('x-vault-request'), false)
})

describe('what a browser or a proxy sends is guarded on an open listener (custody.md section 3)', () => {
  const facts = {
    listener: 'l',
    access: { rekey: 'open', generateRoot: 'open', unseal: 'open' },
    retireOn: 'proof',
    serverNames: ['vault.example'],
    isUnix: false,
  } as const
  const at = (headers: Record<string, string>): ReturnType<typeof originOf> =>
    originOf(request({ host: '127.0.0.1:8200', ...headers }), facts)

  test('open for who is none of both, under an address, localhost, or a name of ours', () => {
    for (const host of ['127.0.0.1:8200', '[::1]:8200', 'localhost', 'LOCALHOST:1', 'Vault.Example:8200']) {
      const origin = at({ host })
      assert.deepEqual([origin.access.rekey, origin.direct, origin.foreign], ['open', true, false], host)
    }
    const ours = { origin: 'http://127.0.0.1:8200', 'sec-fetch-site': 'same-origin' }
    assert.equal(at(ours).access.rekey, 'open', 'a page of our own')
    assert.equal(at({ 'sec-fetch-site': 'none' }).access.rekey, 'open', 'typed into the address bar')
  })

  test('guarded and foreign for a page of somebody else, and for a name that was bound to us', () => {
    for (const headers of [
      { origin: 'http://evil.example' },
      { origin: 'null' },
      { origin: 'https://127.0.0.1:8200' },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { host: 'evil.example', origin: 'http://evil.example', 'sec-fetch-site': 'same-origin' },
    ]) {
      const { access, direct, foreign } = at(headers)
      assert.deepEqual(
        [access.rekey, access.generateRoot, access.unseal, direct, foreign],
        ['guarded', 'guarded', 'guarded', false, true],
        JSON.stringify(headers),
      )
    }
  })

  test('guarded, and not foreign, for another name without a browser, and behind a proxy', () => {
    for (const headers of [
      { host: 'other.example' },
      { host: '127.0.0.1.evil.example' },
      { 'x-forwarded-for': '10.0.0.1' },
      { 'cf-connecting-ip': '10.0.0.1' },
    ]) {
      const { access, direct, foreign } = at(headers)
      assert.deepEqual([access.rekey, direct, foreign], ['guarded', false, false], JSON.stringify(headers))
    }
  })
})

test('knows the root namespace by its three names, and gives back what was sent', () => {
  assert.equal(checkNamespace(request({}), '/v1/secret/a', false), null)
  for (const namespace of ['root', 'root/', '/root', '']) {
    assert.equal(
      checkNamespace(request({ 'x-vault-namespace': namespace }), '/v1/secret/a', false),
      namespace,
    )
  }
})

test('refuses any other namespace, in other words on the routes that know none', () => {
  const other = request({ 'x-vault-namespace': 'team/a' })
  refuses(() => checkNamespace(other, '/v1/secret/a', false), 'not_found')
  refuses(() => checkNamespace(other, '/v1/sys/init', true), 'bad_request')
  assert.equal(checkNamespace(other, '/v1/sys/seal-status', true), 'team/a')
  assert.equal(checkNamespace(other, '/v1/sys/leader', true), 'team/a')
})

test('takes a patch only as a merge patch, whatever stands behind the type', () => {
  checkPatchType(request({ 'content-type': 'application/merge-patch+json' }))
  checkPatchType(request({ 'content-type': 'Application/Merge-Patch+JSON ; charset=utf-8' }))
  refuses(() => checkPatchType(request({})), 'bad_request')
  refuses(() => checkPatchType(request({ 'content-type': 'application/json' })), 'unsupported_media_type')
})

test('refuses a LIST that announces a body, and takes the empty one that hvac announces', () => {
  const host = { host: 'x' }
  checkHead(request({ ...host, 'content-length': '0' }), 'LIST')
  checkHead(request({ ...host, 'content-length': '5' }), 'PUT')
  refuses(() => checkHead(request({ ...host, 'content-length': '5' }), 'LIST'), 'bad_request')
  refuses(() => checkHead(request({ ...host, 'transfer-encoding': 'chunked' }), 'LIST'), 'bad_request')
})

test('refuses a login within a request, with or without a token, instead of answering it for somebody else', () => {
  const asked = { host: 'x', 'x-vault-inline-auth-path': 'auth/approle/login' }
  refuses(() => checkHead(request(asked), 'GET'), 'bad_request')
  refuses(() => checkHead(request({ ...asked, 'x-vault-token': 'a' }), 'GET'), 'bad_request')
  refuses(() => checkHead(request({ ...asked, 'x-vault-inline-auth-path': '' }), 'GET'), 'bad_request')
})

test('refuses a request that names no host', () => {
  refuses(() => checkHead(request({}), 'GET'), 'bad_request')
})
