import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  DEFAULT_CONFIG,
  DEFAULT_LISTENER,
  type ListenerConfig,
  type ServerConfig,
  type TlsConfig,
} from '../config/config.ts'
import { type BannerState, banner } from './banner.ts'

const TLS: TlsConfig = {
  certificate: { certFile: 'c', keyFile: 'k' },
  minVersion: 'tls12',
  maxVersion: 'tls13',
  clientCertificates: 'asked',
  clientCaFile: null,
}
const STATE: BannerState = {
  status: { phase: 'empty', shares: 0, threshold: 0, progress: 0, nonce: '' },
  addresses: [],
  version: '0',
  program: 'conclave',
  isDev: false,
  selfSigned: null,
}
const SELF_SIGNED = { fingerprint: 'AB:CD', certFile: '/srv/data/self-signed.pem', isNew: false }

const tcp = (host: string, tls: TlsConfig | null = null): ListenerConfig => ({
  ...DEFAULT_LISTENER,
  host,
  tls,
})
const unix: ListenerConfig = {
  ...DEFAULT_LISTENER,
  type: 'unix',
  path: '/run/c.sock',
  mode: 0o600,
  user: null,
  group: null,
}

function shown(listeners: readonly ListenerConfig[], state: Partial<BannerState> = {}): string {
  const config: ServerConfig = { ...DEFAULT_CONFIG, listeners }
  const addresses = listeners.map((one) =>
    one.type === 'unix' ? `unix://${one.path}` : `${one.tls === null ? 'http' : 'https'}://${one.host}:8200`,
  )
  return banner(config, { ...STATE, addresses, ...state })
}

test('warns of plain HTTP beyond this machine, says who can read what, and what to do', () => {
  const text = shown([tcp('127.0.0.1'), tcp('0.0.0.0')])
  assert.match(text, /WARNING! Listener 2, http:\/\/0\.0\.0\.0:8200, speaks plain HTTP beyond this machine/)
  assert.match(text, /every share, token and secret/)
  assert.match(text, /tls_cert_file and tls_key_file/)
  assert.ok(text.indexOf('WARNING!') < text.indexOf('Next,'), 'before what is to be typed')
})

test('warns of nothing on loopback, with TLS, or at a socket', () => {
  assert.doesNotMatch(shown([tcp('127.0.0.1'), tcp('::1'), tcp('0.0.0.0', TLS), unix]), /WARNING/)
})

test('says where it listens, and who can reach that', () => {
  const text = shown([tcp('127.0.0.1'), unix])
  assert.match(text, /Listener 1: http:\/\/127\.0\.0\.1:8200 \(ceremonies open, this machine only\)\n/)
  assert.match(text, /Listener 2: unix:\/\/\/run\/c\.sock \(ceremonies open, this machine only\)\n/)
})

test('a listener for metrics alone is told as such, and is not where to go on', () => {
  const alone = { ...tcp('10.0.0.5'), metrics: { access: 'anyone', onlyAt: '/v1/sys/metrics' } } as const
  const text = shown([alone, tcp('127.0.0.2')])
  assert.match(text, /Listener 1: http:\/\/10\.0\.0\.5:8200 \(metrics only\)\n/)
  assert.match(text, /\n {2}export CONCLAVE_ADDR=http:\/\/127\.0\.0\.2:8200\n/)
  assert.doesNotMatch(text, /WARNING/)
  // A token would cross the network.
  const asking = { ...alone, metrics: { access: 'token', onlyAt: '/v1/sys/metrics' } } as const
  assert.match(shown([asking, tcp('127.0.0.2')]), /WARNING! Listener 1/)
})

test('shows the fingerprint of a certificate of its own, and what makes a client trust it', () => {
  const own = { ...TLS, certificate: 'self-signed' } as const
  const text = shown([unix, tcp('0.0.0.0', own)], { selfSigned: SELF_SIGNED })
  assert.match(text, /Certificate: self-signed, \/srv\/data\/self-signed\.pem\n +SHA-256: AB:CD\n/)
  assert.match(text, /\n {2}export CONCLAVE_ADDR=https:\/\/localhost:8200\n/)
  assert.match(
    text,
    /\n {2}export CONCLAVE_CACERT=\/srv\/data\/self-signed\.pem {3}# elsewhere: a copy of it\n/,
  )
  assert.doesNotMatch(text, /clients do not know it/)
  const first = shown([tcp('127.0.0.1', own)], { selfSigned: { ...SELF_SIGNED, isNew: true } })
  assert.match(first, /self-signed\.pem, new: clients do not know it yet\n/)
})
