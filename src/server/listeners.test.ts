import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { Authority } from '../../tests/http/authority.ts'
import { type Clock, type Millis, type UnixMillis, unixMillis } from '../base/clock.ts'
import { DEFAULT_LISTENER, type ListenerConfig } from '../config/config.ts'
import { BodyBudget } from '../http/body-budget.ts'
import { Listeners, prepareListeners } from './listeners.ts'
import type { Log } from './log.ts'
import { systemClock, systemEntropy } from './system-ports.ts'

const folder = mkdtempSync(join(tmpdir(), 'conclave-listeners-'))
const authority = new Authority()
after(() => {
  authority.remove()
  rmSync(folder, { recursive: true })
})

const DAY_MS = 86_400_000

/** A clock whose days pass when they are told to. */
class Days implements Clock {
  readonly monotonic = systemClock.monotonic
  #now: UnixMillis
  #waiting: (() => void)[] = []

  constructor(start: string) {
    this.#now = unixMillis(Date.parse(start))
  }

  now(): UnixMillis {
    return this.#now
  }

  sleep(delay: Millis, signal?: AbortSignal): Promise<void> {
    if (delay < DAY_MS) return systemClock.sleep(delay, signal)
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#waiting.push(resolve)
    signal?.addEventListener('abort', () => resolve())
    return promise
  }

  async pass(days: number): Promise<void> {
    this.#now = unixMillis(this.#now + days * DAY_MS)
    for (const resolve of this.#waiting.splice(0)) resolve()
    await pause(1)
  }
}

async function open(
  listener: ListenerConfig,
  clock: Clock,
): Promise<{ listeners: Listeners; warned: string[] }> {
  const warned: string[] = []
  const quiet = (): void => undefined
  const warn = (event: string): void => void warned.push(event.replaceAll(`${folder}/`, ''))
  const log: Log = { debug: quiet, info: quiet, warn, error: quiet, flush: quiet }
  const config = { storage: { type: 'inmem' }, listeners: [listener] } as const
  const listeners = await Listeners.open(config, await prepareListeners(config.listeners, clock), {
    clock,
    entropy: systemEntropy,
    machine: { hostname: 'box', addresses: [] },
    log,
    logExchange: quiet,
    service: {
      bareRoutes: new Map(),
      openMetrics: { path: '', summary: '', emptyBody: 'object', needsOpen: false, handlers: {} },
      gate: quiet,
      admit: () => null,
      standingOf: async () => 'stranger',
      dispatch: async () => null,
      newId: () => 'id',
      bodies: new BodyBudget(),
      answers: new BodyBudget(),
    },
  })
  return { listeners, warned }
}

test('a certificate that nobody looks after is told every day, from a month before its end', async (t) => {
  const { cert, key } = authority.issue('localhost', { from: '20260101000000Z', to: '20270101000000Z' })
  const certificate = { certFile: join(folder, 'c.pem'), keyFile: join(folder, 'k.pem') }
  writeFileSync(certificate.certFile, cert)
  writeFileSync(certificate.keyFile, key, { mode: 0o600 })
  const tls = {
    certificate,
    minVersion: 'tls12',
    maxVersion: 'tls13',
    clientCertificates: 'asked',
    clientCaFile: null,
  } as const
  const clock = new Days('2026-12-01T00:00:00Z')
  const { listeners, warned } = await open({ ...DEFAULT_LISTENER, port: 0, tls }, clock)
  t.after(() => listeners.close(0))
  assert.deepEqual(warned, [])
  await clock.pass(1)
  assert.deepEqual(warned, [])
  await clock.pass(1)
  const soon = 'listener-1: the certificate in c.pem expires at 2027-01-01T00:00:00.000Z. '
  const renew = 'Put a new one there and send SIGHUP'
  assert.deepEqual(warned, [soon + renew])
  await clock.pass(30)
  assert.equal(warned.length, 2)
  assert.match(warned[1] ?? '', /^listener-1: the certificate in c\.pem expired at 2027-01-01/)
})

test('an address of a listener that is there twice is refused before anything is made', async () => {
  const twice = [DEFAULT_LISTENER, DEFAULT_LISTENER].map((one) => ({ ...one, host: '127.0.0.2', port: 8299 }))
  await assert.rejects(prepareListeners(twice, systemClock), /cannot listen on 127\.0\.0\.2:8299: something/)
})

test('a store in memory has its own certificate in memory, for the names of the listener', async (t) => {
  const tls = {
    certificate: 'self-signed',
    minVersion: 'tls12',
    maxVersion: 'tls13',
    clientCertificates: 'none',
    clientCaFile: null,
  } as const
  const { listeners } = await open({ ...DEFAULT_LISTENER, port: 0, tls }, systemClock)
  t.after(() => listeners.close(0))
  assert.match(listeners.urls[0] ?? '', /^https:\/\/127\.0\.0\.1:\d+$/)
  assert.match(listeners.selfSigned?.fingerprint ?? '', /^(?:[0-9A-F]{2}:){31}[0-9A-F]{2}$/)
  assert.equal(listeners.selfSigned?.certFile, null)
  // What has no file is not read again.
  listeners.reload()
  const socket = connect(Number(new URL(listeners.urls[0] ?? '').port), '127.0.0.1')
  await new Promise((resolve) => socket.once('connect', resolve))
  socket.destroy()
})
