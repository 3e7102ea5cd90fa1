import assert from 'node:assert/strict'
import { mkdtempSync, openSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { after, before, describe, test } from 'node:test'
import { runCli } from '../../src/cli/main.ts'
import { nodePrimitives } from '../../src/crypto/node/primitives.ts'
import { sha256Stream } from '../../src/crypto/node/sha256-stream.ts'
import { machine } from '../../src/server/machine.ts'
import { systemEntropy } from '../../src/server/system-ports.ts'
import { TestServer } from '../api/in-process.ts'

const folder = mkdtempSync(join(tmpdir(), 'conclave-transcript-'))
after(() => rmSync(folder, { recursive: true }))
const file = (name: string): string => join(folder, name)

/** `conclave transcript …` against a real server, and offline. */
describe('conclave transcript', () => {
  let server: TestServer
  let keys: string[]
  before(async () => {
    server = await TestServer.start()
    keys = await server.open(3, 2)
    await rekey()
  })
  after(() => server.close())

  async function rekey(): Promise<void> {
    await server.call('PUT', '/sys/rekey/init', { secret_shares: 3, secret_threshold: 2 })
    await server.call('PUT', '/sys/rekey/update', { key: keys[0] })
    keys = (await server.call('PUT', '/sys/rekey/update', { key: keys[1] })).body.keys
    // Another connection: the answer has arrived, and the old set is retired before this is answered.
    await server.call('GET', '/v1/sys/custody/status')
  }

  async function run(argv: readonly string[], stdin = ''): Promise<Ran> {
    return await runCommand(argv, { stdin, address: server.origin, token: server.rootToken })
  }

  test('list shows the newest first, as a table and for a script', async () => {
    const table = await run(['transcript', 'list'])
    assert.equal(table.exitCode, 0, table.stderr)
    const [head, rule, ...rows] = table.stdout.trimEnd().split('\n')
    assert.match(head!, /^Id +Kind +Opened +Ended +Outcome +Serial$/)
    assert.match(rule!, /^-- +---- +------ +----- +------- +------$/)
    assert.deepEqual(
      rows.map((row) =>
        row
          .split(/ {2,}/)
          .filter((_, column) => [1, 4].includes(column))
          .join(' '),
      ),
      ['retire completed', 'rekey completed', 'unseal completed', 'init completed'],
    )
    const json = JSON.parse((await run(['transcript', 'list', '-format=json'])).stdout)
    assert.deepEqual(
      json.map((one: { kind: string }) => one.kind),
      ['retire', 'rekey', 'unseal', 'init'],
    )
    const older = JSON.parse(
      (await run(['transcript', 'list', '-format=json', `-after=${json[1].id}`])).stdout,
    )
    assert.deepEqual(older, json.slice(2))
  })

  test('export writes a file that verify checks without a server, and a pipe', async () => {
    const exported = await run(['transcript', 'export', file('audit.jsonl')])
    assert.equal(exported.exitCode, 0, exported.stderr)
    assert.match(exported.stderr, /4 transcripts exported/)
    const verified = await offline(['transcript', 'verify', file('audit.jsonl')])
    assert.equal(verified.exitCode, 0, verified.stderr)
    assert.match(verified.stdout, /^Ceremonies {4,}4$/m)
    assert.match(verified.stdout, /^Key Set 2 {4,}[a-z]+ [a-z]+ \(2 of 3 shares\)$/m)
    assert.match(verified.stderr, /compare Head with transcript_head/)
    const piped = await run(['transcript', 'export'])
    assert.equal(piped.stdout, readFileSync(file('audit.jsonl'), 'utf8'))
    assert.equal((await offline(['transcript', 'verify', '-'], piped.stdout)).exitCode, 0)
  })

  test('export replaces a file only with -force', async () => {
    writeFileSync(file('there.jsonl'), 'precious')
    const refused = await run(['transcript', 'export', file('there.jsonl')])
    assert.deepEqual([refused.exitCode, readFileSync(file('there.jsonl'), 'utf8')], [1, 'precious'])
    assert.match(refused.stderr, /there already/)
    assert.equal((await run(['transcript', 'export', '-force', file('there.jsonl')])).exitCode, 0)
    assert.equal((await offline(['transcript', 'verify', file('there.jsonl')])).exitCode, 0)
  })

  test('verify tells a script who agreed to what', async () => {
    const { stdout } = await offline(['transcript', 'verify', '-format=json', file('audit.jsonl')])
    const value = JSON.parse(stdout)
    const status = await server.call('GET', '/v1/sys/custody/status')
    assert.equal(value.verified, true)
    assert.deepEqual(
      [value.head, value.identity_key, value.store_id, value.serial],
      [status.body.transcript_head, status.body.identity_key, status.body.store_id, status.body.serial],
    )
    const rekeys = value.ceremonies.filter((one: { kind: string }) => one.kind === 'rekey')
    assert.deepEqual(
      rekeys.map((one: { consents: unknown; dealt: unknown }) => [one.consents, one.dealt]),
      [
        [
          [
            { key_set: 1, share: 1, verb: 'agree' },
            { key_set: 1, share: 2, verb: 'agree' },
          ],
          2,
        ],
      ],
    )
    assert.equal(value.key_sets[1].words, status.body.live.words)
  })

  test('verify tells the bad line, with exit code 2, to people and to scripts', async () => {
    const lines = readFileSync(file('audit.jsonl'), 'utf8').split('\n')
    // The header, two lines of init, four of the unseal; then the rekey: opened, and the first who agreed.
    const bad = lines.with(8, lines[8]!.replace('"share":1', '"share":2')).join('\n')
    const told = await offline(['transcript', 'verify', '-'], bad)
    assert.equal(told.exitCode, 2)
    assert.equal(told.stdout, '')
    assert.match(told.stderr, /^NOT verified: line 9 of - /m)
    const json = await offline(['transcript', 'verify', '-format=json', '-'], bad)
    assert.equal(json.exitCode, 2)
    const { fault, ...rest } = JSON.parse(json.stdout)
    assert.deepEqual(rest, { verified: false, file: '-', line: 9 })
    assert.match(fault, /is not signed by share 2 of key set 1|altered/)
  })

  test('every newline that is another byte, and every one that is put in, is told at its line', async () => {
    const text = readFileSync(file('audit.jsonl'), 'utf8')
    let line = 0
    for (let at = 0; at < text.length; at++) {
      if (text[at] !== '\n') continue
      line++
      const joined = `${text.slice(0, at)}x${text.slice(at + 1)}`
      const told = await offline(['transcript', 'verify', '-'], joined)
      assert.equal(told.exitCode, 2)
      assert.match(told.stderr, new RegExp(`^NOT verified: line ${line} of - `, 'm'))
      const broken = `${text.slice(0, at - 9)}\n${text.slice(at - 9)}`
      assert.match(
        (await offline(['transcript', 'verify', '-'], broken)).stderr,
        new RegExp(`^NOT verified: line ${line} of - `, 'm'),
      )
    }
    const blank = text.replace('\n', '\n\n')
    assert.match((await offline(['transcript', 'verify', '-'], blank)).stderr, /line 2 of - /)
    assert.equal((await offline(['transcript', 'verify', '-'], text.trimEnd())).exitCode, 0)
  })

  test('-head finds what was cut off at the end, also where the header was mended', async () => {
    const status = await server.call('GET', '/v1/sys/custody/status')
    const head: string = status.body.transcript_head
    const whole = await offline(['transcript', 'verify', `-head=${head}`, file('audit.jsonl')])
    assert.equal(whole.exitCode, 0, whole.stderr)
    assert.doesNotMatch(whole.stderr, /What was cut off/)
    const lines = readFileSync(file('audit.jsonl'), 'utf8').trimEnd().split('\n')
    const cut = lines.slice(
      0,
      lines.findLastIndex((line) => line.includes('"event":"opened"')),
    )
    const mended = JSON.stringify({
      ...JSON.parse(lines[0]!),
      ceremonies: 3,
      head: Buffer.from(nodePrimitives.sha256(Buffer.from(cut.at(-1)!))).toString('hex'),
    })
    const shorter = `${cut.with(0, mended).join('\n')}\n`
    assert.equal(
      (await offline(['transcript', 'verify', '-'], shorter)).exitCode,
      0,
      'the file alone tells nothing',
    )
    const found = await offline(['transcript', 'verify', `-head=${head}`, '-'], shorter)
    assert.equal(found.exitCode, 2)
    assert.match(found.stderr, /NOT verified: the closing line [0-9a-f]{64} is not there/)
    assert.equal((await offline(['transcript', 'verify', '-head=abc', '-'], shorter)).exitCode, 1)
  })

  test('an export and what came after it verify together, and the second not without the first', async () => {
    const [newest] = JSON.parse((await run(['transcript', 'list', '-format=json'])).stdout)
    await rekey()
    const more = await run(['transcript', 'export', `-after=${newest.id}`, file('more.jsonl')])
    assert.match(more.stderr, /2 transcripts exported/)
    const both = await offline(['transcript', 'verify', file('audit.jsonl'), file('more.jsonl')])
    assert.equal(both.exitCode, 0, both.stderr)
    assert.match(both.stdout, /^Ceremonies {4,}6$/m)
    const alone = await offline(['transcript', 'verify', file('more.jsonl')])
    assert.equal(alone.exitCode, 2)
    assert.match(alone.stderr, /line 1 of .*more.jsonl begins after .*give the files before it as well/)
    const none = await run(['transcript', 'export', '-after=nobody', file('none.jsonl')])
    assert.equal(none.exitCode, 1)
  })

  test('a running ceremony is listed, and not exported', async () => {
    await server.call('PUT', '/sys/rekey/init', { secret_shares: 3, secret_threshold: 2 })
    const [running] = JSON.parse((await run(['transcript', 'list', '-format=json'])).stdout)
    assert.deepEqual([running.outcome, running.ended_at, running.head], ['running', null, null])
    assert.match((await run(['transcript', 'list'])).stdout, /rekey .* n\/a +running/)
    const { stdout } = await run(['transcript', 'export'])
    assert(!stdout.includes(running.id))
    assert.equal((await offline(['transcript', 'verify', '-'], stdout)).exitCode, 0)
    await server.call('DELETE', '/sys/rekey/init')
  })

  test('without a token the server refuses, with exit code 2; a file that is not there is exit code 1', async () => {
    const refused = await runCommand(['transcript', 'list'], { address: server.origin, token: '' })
    assert.equal(refused.exitCode, 2)
    const missing = await offline(['transcript', 'verify', file('no-such-file')])
    assert.equal(missing.exitCode, 1)
    assert.match(missing.stderr, /there is no such file/)
    assert.equal((await offline(['transcript', 'verify'])).exitCode, 1)
  })

  test('a file of more than 256 MiB is refused, and not read into memory', async () => {
    const large = file('large.jsonl')
    openSync(large, 'w')
    truncateSync(large, 256 * 1024 * 1024 + 1)
    const refused = await offline(['transcript', 'verify', large])
    assert.equal(refused.exitCode, 1)
    assert.match(refused.stderr, /larger than 256 MiB/)
  })
})

interface Ran {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/** With an address where nobody listens: what works offline asks nobody. */
function offline(argv: readonly string[], stdin = ''): Promise<Ran> {
  return runCommand(argv, { stdin, address: 'http://127.0.0.1:1', token: '' })
}

async function runCommand(
  argv: readonly string[],
  by: { readonly stdin?: string; readonly address: string; readonly token: string },
): Promise<Ran> {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()]
  stdin.end(by.stdin ?? '')
  const io = {
    stdin,
    stdout,
    stderr,
    env: { CONCLAVE_ADDR: by.address, CONCLAVE_TOKEN: by.token, HOME: folder },
    tty: { stdin: false, stdout: false, stderr: false },
    entry: [],
  }
  const ports = {
    loadServer: () => Promise.reject(new Error('not asked for')),
    loadHashing: async () => nodePrimitives,
    loadEntropy: async () => systemEntropy,
    loadMachine: async () => machine,
    loadSha256: async () => sha256Stream,
  }
  const exitCode = await runCli(argv, io, ports)
  return { exitCode, stdout: String(stdout.read() ?? ''), stderr: String(stderr.read() ?? '') }
}
