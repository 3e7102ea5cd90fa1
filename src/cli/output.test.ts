import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keyStatus, leaderStatus, sealStatus } from '../client/answers.ts'
import { parseExactly } from '../client/json-numbers.ts'
import { logicalRows } from './logical-output.ts'
import { keyRows } from './operator-key-status.ts'
import { renderFacts, renderGrid, renderTable, renderValue } from './output.ts'
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

test('prints facts without a header, and the time as Go writes RFC 822', () => {
  const status = keyStatus({ term: 1, install_time: '2026-11-23T08:39:02.343591388Z', encryptions: 20 })
  assert.equal(
    renderFacts(keyRows(status)),
    'Key Term            1\nInstall Time        23 Nov 26 08:39 UTC\nEncryption Count    20\n',
  )
})

test('prints a grid as wide as its cells', () => {
  const header = ['Host Name', 'API Address', 'Version', 'Last Echo']
  assert.equal(
    renderGrid([header, ['vm', 'http://127.0.0.1:8200', '2.6.2', '']]),
    `Host Name    API Address              Version    Last Echo
---------    -----------              -------    ---------
vm           http://127.0.0.1:8200    2.6.2      n/a
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
