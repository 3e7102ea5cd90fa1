import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, beforeEach, describe, test } from 'node:test'
import { Holder } from '../api/pgp-holder.ts'
import { ContractServer } from './contract-server.ts'
import { runInTerminal } from './terminal.ts'

/*
 * A server that shows one thing and lets people sign another: no share may reach it. It speaks the shapes of
 * the contract, as no real server of ours would do this.
 */

const SHARE = '5efc2e321d87fc1917378cefe7cb801e3d8111dc5d1df7008db9cd7702e47a6914'
const LIVE = {
  id: '000102030405060708090a0b0c0d0e0f',
  number: 1,
  words: 'abandon amount',
  shares: 3,
  threshold: 2,
}
const STATEMENT = {
  backup: false,
  ceremony_id: 'n1',
  delivery: 'clear to the request that completes it',
  expires: 1795596000000,
  flow: 'verified',
  format: 1,
  key_sets: [{ id: LIVE.id, number: 1 }],
  kind: 'rekey',
  opened: 1795509600000,
  shares: 1,
  store_id: 'f0e0d0c0b0a090807060504030201000',
  threshold: 1,
  verify: 'threshold',
}
const STATUS = {
  nonce: 'n1',
  started: true,
  t: 1,
  n: 1,
  progress: 0,
  required: 2,
  backup: false,
  verification_required: true,
}

function status(statement: object, changed: object = {}): string {
  const bytes = Buffer.from(JSON.stringify(statement)).toString('base64')
  return JSON.stringify({ ...STATUS, ...changed, statement: bytes })
}

describe('a server whose statement is not what it shows', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'conclave-dishonest-'))
  const holder = await Holder.make()
  const server = await ContractServer.start()
  const { answers, lines } = server
  const env = { CONCLAVE_ADDR: server.address }
  after(() => {
    server.close()
    rmSync(folder, { recursive: true })
  })
  beforeEach(() => {
    server.reset()
    answers.set('GET /v1/sys/custody/status', [200, JSON.stringify({ state: 'open', live: LIVE })])
  })

  const noShareWasSent = (): void =>
    assert.ok(!lines.some((line) => line.startsWith('PUT /v1/sys/rekey/update')))

  test('gets no share from operator rekey', async () => {
    answers.set('GET /v1/sys/rekey/init', [200, status({ ...STATEMENT, shares: 2 })])
    const { exitCode, stderr } = await runInTerminal(['operator', 'rekey'], { env, isTty: true })
    assert.equal(exitCode, 1)
    assert.match(stderr, /says something else than the status does \("shares"\): no share was sent/)
    noShareWasSent()
  })

  test('gets no share from custody rekey', async () => {
    answers.set('GET /v1/sys/rekey/init', [200, status({ ...STATEMENT, flow: 'direct' })])
    const file = join(folder, 'share')
    writeFileSync(file, SHARE)
    const argv = ['custody', 'rekey', `-share-file=${file}`, `-out=${join(folder, 'a')}`]
    const { exitCode, stderr } = await runInTerminal(argv, { env })
    assert.deepEqual([exitCode, /\("flow"\)/.test(stderr)], [1, true])
    noShareWasSent()
  })

  test('gets no share when it names another key than was given', async () => {
    answers.set('GET /v1/sys/rekey/init', [200, '{"nonce":"","started":false,"required":2}'])
    const delivery = [{ fingerprint: holder.fingerprint, key_sha256: 'ab'.repeat(32), kind: 'openpgp' }]
    const changed = { pgp_fingerprints: [holder.fingerprint] }
    answers.set('PUT /v1/sys/rekey/init', [200, status({ ...STATEMENT, delivery }, changed)])
    const [share, key] = [join(folder, 'share'), join(folder, 'key.asc')]
    writeFileSync(share, SHARE)
    writeFileSync(key, holder.armored)
    const argv = ['custody', 'rekey', '-t=1', `-share-file=${share}`, `-pgp-keys=${key}`]
    const { exitCode, stderr } = await runInTerminal(argv, { env })
    assert.deepEqual([exitCode, /to other keys than were given/.test(stderr)], [1, true])
    noShareWasSent()
  })

  test('gets no share for a change that somebody else has begun, with keys of their own', async () => {
    const delivery = [{ fingerprint: 'cd'.repeat(20), key_sha256: 'ab'.repeat(32), kind: 'openpgp' }]
    answers.set('GET /v1/sys/rekey/init', [200, status({ ...STATEMENT, delivery })])
    const [share, key] = [join(folder, 'share'), join(folder, 'key.asc')]
    writeFileSync(share, SHARE)
    writeFileSync(key, holder.armored)
    const argv = ['custody', 'rekey', '-t=1', `-share-file=${share}`, `-pgp-keys=${key}`]
    const { exitCode, stderr } = await runInTerminal(argv, { env })
    assert.deepEqual([exitCode, /another change of shares is under way/.test(stderr)], [1, true])
    noShareWasSent()
  })

  test('gets no second share when the ceremony is exchanged under the eyes of the people', async () => {
    answers.set('GET /v1/sys/rekey/init', [200, status(STATEMENT)])
    answers.set('PUT /v1/sys/rekey/update', [200, JSON.stringify({ ...STATUS, progress: 1 })])
    const exchanged = { ...STATEMENT, ceremony_id: 'n2' }
    const { exitCode, stderr } = await runInTerminal(['custody', 'rekey'], {
      env,
      isTty: true,
      typed: [
        [
          /A share of today/,
          () => {
            answers.set('GET /v1/sys/rekey/init', [200, status(exchanged, { nonce: 'n2', progress: 1 })])
            return `${SHARE}\r`
          },
        ],
      ],
    })
    assert.deepEqual([exitCode, /another one runs/.test(stderr)], [1, true])
    assert.equal(lines.filter((line) => line === 'PUT /v1/sys/rekey/update').length, 1)
  })
})
