import assert from 'node:assert/strict'
import { test } from 'node:test'
import { leaderStatus, rekeyStatus, sealStatus } from '../client/answers.ts'
import { parseExactly } from '../client/json-numbers.ts'
import { logicalRows } from './logical-output.ts'
import { rekeyRows } from './operator-rekey.ts'
import { renderTable, renderValue } from './output.ts'
import { progressLine, sealStatusRows } from './status.ts'

// The tables are those of key-lifecycle.md section 10.3, byte for byte.

const NO_HA = leaderStatus({ ha_enabled: false })
const BUILD = { version: '2.6.2', commit_date: '2026-08-18T10:43:05Z', storage_type: 'file', type: 'shamir' }

test('prints a sealed status as the peers do', () => {
  const status = sealStatus({
    ...BUILD,
    initialized: false,
    sealed: true,
    t: 0,
    n: 0,
    progress: 0,
    nonce: '',
  })
  assert.equal(
    renderTable(sealStatusRows(status, NO_HA)),
    `Key                Value
---                -----
Seal Type          shamir
Initialized        false
Sealed             true
Total Shares       0
Threshold          0
Unseal Progress    0/0
Unseal Nonce       n/a
Version            2.6.2
Commit Date        2026-08-18T10:43:05Z
Storage Type       file
HA Enabled         false
`,
  )
})

test('prints an open status as the peers do', () => {
  const cluster = {
    cluster_name: 'vault-cluster-6ca9241f',
    cluster_id: '75c03beb-5b68-9b65-e9fb-9602a22076af',
  }
  const status = sealStatus({ ...BUILD, ...cluster, initialized: true, sealed: false, t: 3, n: 5 })
  assert.equal(
    renderTable(sealStatusRows(status, NO_HA)),
    `Key             Value
---             -----
Seal Type       shamir
Initialized     true
Sealed          false
Total Shares    5
Threshold       3
Version         2.6.2
Commit Date     2026-08-18T10:43:05Z
Storage Type    file
Cluster Name    vault-cluster-6ca9241f
Cluster ID      75c03beb-5b68-9b65-e9fb-9602a22076af
HA Enabled      false
`,
  )
})

test('prints a rekey as the peers do, idle and running', () => {
  const idle = rekeyStatus({ nonce: '', started: false, required: 3 })
  assert.equal(
    renderTable(rekeyRows(idle)),
    'Key        Value\n---        -----\nNonce      n/a\nStarted    false\n',
  )
  const nonce = '0470001c-b711-2aa8-cd75-f390a8f1eb0a'
  const running = rekeyStatus({ nonce, started: true, t: 2, n: 3, progress: 0, required: 3 })
  assert.equal(
    renderTable(rekeyRows(running)),
    `Key                      Value
---                      -----
Nonce                    0470001c-b711-2aa8-cd75-f390a8f1eb0a
Started                  true
Progress                 0/3
New Shares               3
New Threshold            2
Verification Required    false
`,
  )
})

test('prints data by name, behind the lease', () => {
  const rows = logicalRows({ lease_duration: 2764800, lease_id: '', data: { b: 'x', a: { c: [1] } } })
  assert.deepEqual(rows, [
    ['refresh_interval', '768h'],
    ['a', '{"c":[1]}'],
    ['b', 'x'],
  ])
})

test('keeps numbers as they came in JSON, and whole ones in YAML', async () => {
  const value = parseExactly('{"a":1.0,"b":9007199254740993}')
  assert.equal(await renderValue('json', value), '{\n  "a": 1.0,\n  "b": 9007199254740993\n}\n')
  assert.equal(await renderValue('yaml', value), 'a: 1\nb: 9007199254740993\n')
})

test('says how many shares are still needed', () => {
  assert.equal(progressLine(2, 3), '2 of 3 shares are in; 1 more needed.')
  assert.equal(progressLine(1, 3), '1 of 3 shares is in; 2 more needed.')
})
