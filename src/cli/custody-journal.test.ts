import assert from 'node:assert/strict'
import { Writable } from 'node:stream'
import { after, before, test } from 'node:test'
import { TestServer } from '../../tests/api/in-process.ts'
import { runCli } from './main.ts'

let server: TestServer

before(async () => {
  server = await TestServer.start()
  await server.call('PUT', '/v1/sys/unseal', { key: 'ab'.repeat(33) })
  await server.open(3, 2)
})

after(() => server.close())

function sink(): { stream: Writable; text: () => string } {
  const pieces: string[] = []
  const stream = new Writable({
    write(piece: Buffer, _encoding, done) {
      pieces.push(piece.toString())
      done()
    },
  })
  return { stream, text: () => pieces.join('') }
}

async function run(
  argv: readonly string[],
  token = server.rootToken,
): Promise<{ exitCode: number; stdout: string; stderr: string }> {
  const [stdout, stderr] = [sink(), sink()]
  const io = {
    stdin: process.stdin,
    stdout: stdout.stream,
    stderr: stderr.stream,
    env: { CONCLAVE_ADDR: server.origin, CONCLAVE_TOKEN: token },
    tty: { stdin: false, stdout: false, stderr: false },
    entry: [],
  }
  const none = (): never => assert.fail('this command needs nothing else')
  const ports = {
    loadServer: none,
    loadHashing: none,
    loadSha256: none,
    loadEntropy: none,
    loadMachine: none,
  }
  const exitCode = await runCli(['custody', 'journal', ...argv], io, ports)
  return { exitCode, stdout: stdout.text(), stderr: stderr.text() }
}

test('prints one entry a line, by sequence, with who, from where and why not', async () => {
  const { exitCode, stdout, stderr } = await run([])
  assert.equal(exitCode, 0)
  assert.equal(stderr, '')
  const lines = stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.split(/ {2,}/))
  assert.deepEqual(lines[0], ['Seq', 'Time', 'Event', 'Share', 'Source', 'Reason', 'Count', 'Ceremony'])
  const words = lines
    .slice(2)
    .map(([seq, , event, share, source, reason, count]) => [...[seq, event, share, source, reason, count]])
  assert.deepEqual(words, [
    ['1', 'unseal refused', '-', '127.0.0.1', 'not_initialized', '1'],
    ['2', 'init completed', '-', '127.0.0.1', '-', '1'],
    ['3', 'unseal share_counted', '1', '127.0.0.1', '-', '1'],
    ['4', 'unseal share_counted', '2', '127.0.0.1', '-', '1'],
    ['5', 'unseal completed', '-', '127.0.0.1', '-', '1'],
  ])
})

test('for scripts it is a list, of as many entries as were asked for', async () => {
  const { stdout } = await run(['-format=json', '-after=2', '-limit=1'])
  const entries = JSON.parse(stdout)
  assert.equal(entries.length, 1)
  assert.deepEqual([entries[0].sequence, entries[0].event, entries[0].share], [3, 'share_counted', 1])
  const yaml = await run(['-format=yaml', '-limit=1'])
  assert.match(yaml.stdout, /^- sequence: 5\n/)
})

test('nothing new is no failure', async () => {
  const { exitCode, stdout, stderr } = await run(['-after=5'])
  assert.equal(exitCode, 0)
  assert.equal(stdout.split('\n').length, 3)
  assert.equal(stderr, 'No entries.\n')
  assert.equal((await run(['-after=5', '-format=json'])).stdout, '[]\n')
})

test('without a good token it is refused', async () => {
  const { exitCode, stderr } = await run([], 'hvs.wrong')
  assert.equal(exitCode, 2)
  assert.match(stderr, /^Error reading the journal: .*permission denied/s)
})

test('the help shows examples and flags', async () => {
  const { exitCode, stdout } = await run(['-h'])
  assert.equal(exitCode, 0)
  assert.match(stdout, /conclave custody journal -limit=5/)
  assert.match(stdout, /-after=N/)
})
