import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DEFAULT_CONFIG, type ServerConfig } from '../config/config.ts'
import { banner } from './banner.ts'

const STATUS = { phase: 'empty', shares: 0, threshold: 0, progress: 0, nonce: '' } as const

function shown(
  ...listeners: readonly { host: string; tls?: { certFile: string; keyFile: string } }[]
): string {
  const [usual] = DEFAULT_CONFIG.listeners
  assert(usual !== undefined)
  const config: ServerConfig = {
    ...DEFAULT_CONFIG,
    listeners: listeners.map((one) => ({ ...usual, ...one })),
  }
  const addresses = listeners.map(({ host, tls }) => `${tls ? 'https' : 'http'}://${host}:8200`)
  return banner(config, { status: STATUS, addresses, version: '0', program: 'conclave', isDev: false })
}

test('warns of plain HTTP beyond this machine, says who can read what, and what to do', () => {
  const text = shown({ host: '127.0.0.1' }, { host: '0.0.0.0' })
  assert.match(text, /WARNING! Listener 2, http:\/\/0\.0\.0\.0:8200, speaks plain HTTP beyond this machine/)
  assert.match(text, /every share, token and secret/)
  assert.match(text, /tls_cert_file and tls_key_file/)
  assert.ok(text.indexOf('WARNING!') < text.indexOf('Next,'), 'before what is to be typed')
})

test('warns of nothing on loopback, or with TLS', () => {
  const tls = { certFile: 'c', keyFile: 'k' }
  assert.doesNotMatch(shown({ host: '127.0.0.1' }, { host: '::1' }, { host: '0.0.0.0', tls }), /WARNING/)
})
