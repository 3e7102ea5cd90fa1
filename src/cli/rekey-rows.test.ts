import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rekeyStatus, verifyStatus } from '../client/rekey-answers.ts'
import { renderTable, renderValue } from './output.ts'
import { backupRows, backupValue, rekeyRows, rekeyValue, verifyRows, verifyValue } from './rekey-rows.ts'

// The tables and objects are those of key-lifecycle.md section 10.3, byte for byte.

const NONCE = 'c8f9bb13-2d95-095a-87c1-847331d27032'
const VERIFY_NONCE = '1aacbaf4-5b37-e870-6bcd-f1fac7ba978e'
const RUNNING = { nonce: NONCE, started: true, t: 2, n: 3, progress: 0, required: 2 }
const FINGERPRINTS = [
  'd7e4b97613ed2aa62faf53e9b9f01e5b2a76c5c7',
  'b5244f17b97c152a560accd79ab0013fe8e431a2',
  '7ee50ed3b4e808cb1b208aef869dc9ef6db63562',
]

test('prints an idle rekey as the peers do', async () => {
  const idle = rekeyStatus({ nonce: '', started: false, required: 3, pgp_fingerprints: null })
  assert.equal(
    renderTable(rekeyRows(idle)),
    'Key        Value\n---        -----\nNonce      n/a\nStarted    false\n',
  )
  assert.equal(
    await renderValue('json', rekeyValue(idle)),
    `{
  "nonce": "",
  "started": false,
  "t": 0,
  "n": 0,
  "progress": 0,
  "required": 3,
  "pgp_fingerprints": null,
  "backup": false,
  "verification_required": false,
  "verification_nonce": ""
}
`,
  )
})

test('prints a rekey that waits for its new shares to be given back as the peers do', () => {
  const status = rekeyStatus({ ...RUNNING, verification_required: true, verification_nonce: VERIFY_NONCE })
  assert.equal(
    renderTable(rekeyRows(status)),
    `Key                      Value
---                      -----
Nonce                    c8f9bb13-2d95-095a-87c1-847331d27032
Started                  true
Progress                 0/2
New Shares               3
New Threshold            2
Verification Required    true
Verification Nonce       1aacbaf4-5b37-e870-6bcd-f1fac7ba978e
`,
  )
})

test('prints a rekey to keys of people as the peers do', () => {
  const status = rekeyStatus({ ...RUNNING, pgp_fingerprints: FINGERPRINTS, backup: true })
  assert.equal(
    renderTable(rekeyRows(status)).split('\n').slice(7).join('\n'),
    `Verification Required    false
PGP Fingerprints         [${FINGERPRINTS.join(' ')}]
Backup                   true
`,
  )
})

test('says of a rekey whose progress is whole that it is being verified', () => {
  const status = rekeyStatus({ ...RUNNING, progress: 2 })
  assert.match(renderTable(rekeyRows(status)), /^Progress {17}2\/2 \(verification in progress\)$/m)
})

test('prints a verification as the peers do', async () => {
  const status = verifyStatus({ nonce: VERIFY_NONCE, started: true, t: 2, n: 3, progress: 0 })
  assert.equal(
    renderTable(verifyRows(status)),
    `Key                      Value
---                      -----
Started                  true
New Shares               3
New Threshold            2
Verification Nonce       1aacbaf4-5b37-e870-6bcd-f1fac7ba978e
Verification Progress    0/2
`,
  )
  assert.equal(
    await renderValue('json', verifyValue(status)),
    `{
  "nonce": "1aacbaf4-5b37-e870-6bcd-f1fac7ba978e",
  "started": true,
  "t": 2,
  "n": 3,
  "progress": 0
}
`,
  )
})

test('prints a backup as the peers do: maps by name, and an envelope without a request', async () => {
  const backup = { nonce: NONCE, keys: { b: ['02'], a: ['01', '03'] }, keysBase64: { a: ['AQ==', 'Aw=='] } }
  assert.equal(
    renderTable(backupRows(backup)),
    `Key            Value
---            -----
keys           map[a:[01 03] b:[02]]
keys_base64    map[a:[AQ== Aw==]]
nonce          c8f9bb13-2d95-095a-87c1-847331d27032
`,
  )
  assert.deepEqual(Object.keys(JSON.parse(await renderValue('json', backupValue(backup)))), [
    'request_id',
    'lease_id',
    'lease_duration',
    'renewable',
    'data',
    'warnings',
  ])
})
