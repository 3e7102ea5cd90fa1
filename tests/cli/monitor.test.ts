import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { MAIN } from '../api/server-process.ts'
import { OpenedServer } from './opened-server.ts'

test('monitor shows what the server writes to its log, until it is interrupted', async (context) => {
  const server = await OpenedServer.start(context, 1, 1)
  const flags = [
    '--disable-warning=ExperimentalWarning',
    MAIN,
    'monitor',
    '-log-level=debug',
    '-log-format=json',
  ]
  const env = { CONCLAVE_ADDR: server.server.origin, CONCLAVE_TOKEN: server.token }
  const child = spawn(process.execPath, flags, { env, stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'close')
  let shown = ''
  child.stdout.on('data', (piece) => {
    shown += String(piece)
  })
  // Whether it listens yet, nothing tells: something is asked for until the log has it.
  while (!shown.includes('\n')) await server.asRoot(['read', 'nowhere/x'])
  child.kill('SIGINT')
  const [, signal] = await ended
  assert.equal(signal, 'SIGINT')
  const [line = ''] = shown.split('\n')
  assert.equal(JSON.parse(line).level, 'debug')
  assert.ok(!shown.includes(server.token))
})
