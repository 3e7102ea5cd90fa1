import assert from 'node:assert/strict'
import { after, beforeEach, test } from 'node:test'
import { ContractServer } from '../../tests/cli/contract-server.ts'
import { type Ran, runInTerminal } from '../../tests/cli/terminal.ts'

const server = await ContractServer.start()
const { address, answers, lines } = server
after(() => server.close())
beforeEach(() => server.reset())

function operator(...argv: readonly string[]): Promise<Ran> {
  return runInTerminal(['operator', ...argv], { env: { CONCLAVE_ADDR: address, CONCLAVE_TOKEN: 'hvs.t' } })
}

// Hoisted, as the contract has it: an envelope, and its data once more at the top.
const KEY_DATA = '"encryptions":0,"install_time":"2026-11-23T08:39:05.757549695Z","term":3'
const KEY_STATUS = `{"request_id":"r","data":{${KEY_DATA}},${KEY_DATA}}`

test('rotates by POST, then prints the key that is new', async () => {
  answers.set('POST /v1/sys/rotate/keyring', [204, ''])
  answers.set('GET /v1/sys/key-status', [200, KEY_STATUS])
  const { exitCode, stdout, stderr } = await operator('rotate')
  const table = 'Key Term            3\nInstall Time        23 Nov 26 08:39 UTC\nEncryption Count    0\n'
  assert.deepEqual([exitCode, stdout, stderr], [0, table, 'Success! Rotated key\n\n'])
  assert.deepEqual(lines, ['POST /v1/sys/rotate/keyring', 'GET /v1/sys/key-status'])
  const json = await operator('rotate', '-format=json')
  assert.equal(
    json.stdout,
    '{\n  "term": 3,\n  "install_time": "2026-11-23T08:39:05.757549695Z",\n  "encryptions": 0\n}\n',
  )
})

test('passes on that a sealed server rotates nothing', async () => {
  answers.set('POST /v1/sys/rotate/keyring', [503, '{"errors":["Vault is sealed"]}'])
  const { exitCode, stderr } = await operator('rotate')
  const url = `URL: POST ${address}/v1/sys/rotate/keyring`
  const head = `Error rotating key: Error making API request.\n\n${url}\nCode: 503. Errors:\n\n`
  assert.equal(exitCode, 2)
  assert.ok(stderr.startsWith(`${head}* Vault is sealed\n`), stderr)
})

test('lists the members of a cluster', async () => {
  const self = {
    hostname: 'vm',
    api_address: 'http://127.0.0.1:8200',
    cluster_address: 'https://127.0.0.1:8201',
    active_node: true,
    last_echo: null,
    version: '2.6.2',
  }
  const data = JSON.stringify({ nodes: [self] })
  answers.set('GET /v1/sys/ha-status', [200, `{"request_id":"r","data":${data},"nodes":[]}`])
  const { stdout } = await operator('members')
  const [header, rule, line] = stdout.split('\n')
  assert.match(header ?? '', /^Host Name {4}API Address {14}Cluster Address {11}Active Node {4}Version {4}/)
  assert.match(rule ?? '', /^--------- {4}----------- {14}--------------- {11}----------- /)
  assert.match(
    line ?? '',
    /^vm {11}http:\/\/127\.0\.0\.1:8200 {4}https:\/\/127\.0\.0\.1:8201 {4}true {11}2\.6\.2/,
  )
  const json = await operator('members', '-format=json')
  assert.equal(json.stdout, `${JSON.stringify({ Nodes: [self] }, null, 2)}\n`)
})

test('steps down, and takes no -format', async () => {
  answers.set('PUT /v1/sys/step-down', [204, ''])
  const { exitCode, stderr } = await operator('step-down')
  assert.deepEqual([exitCode, stderr], [0, `Success! Stepped down: ${address}\n`])
  assert.match((await operator('step-down', '-format=json')).stderr, /not defined: -format/)
})
