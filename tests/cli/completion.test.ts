import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { ServerProcess, temporaryFolder } from '../api/server-process.ts'
import { ROOT } from '../source/tree.ts'
import { ContractServer } from './contract-server.ts'
import { runInTerminal } from './terminal.ts'
import { isInstalled, type Place, TYPISTS } from './typing-shell.ts'

const SHELLS = ['bash', 'zsh', 'fish'] as const
const isNeeded = process.env['CONCLAVE_NEEDS_SHELLS'] === '1'
const missing = [...SHELLS, 'script'].filter((program) => !isInstalled(program))

const work = temporaryFolder()
after(() => work.remove())

/** Why a test with a shell is left out here, if it is. */
function skipped(shell: string): string | false {
  const lacking = missing.filter((program) => program === shell || program === 'script')
  return lacking.length === 0 ? false : `${lacking.join(' and ')} is not installed`
}

/** A home with `conclave` in its PATH. */
function place(name: string, env: NodeJS.ProcessEnv): Place {
  const folder = join(work.path, name)
  mkdirSync(join(folder, 'bin'), { recursive: true })
  symlinkSync(join(ROOT, 'bin/conclave'), join(folder, 'bin/conclave'))
  const { PATH, LD_LIBRARY_PATH } = process.env
  const given = { PATH: `${folder}/bin:${PATH}`, LD_LIBRARY_PATH, HOME: folder, LC_ALL: 'C.UTF-8' }
  return { folder, env: { ...given, ...env } }
}

test('the shells are there wherever the gate runs', { skip: !isNeeded }, () => assert.deepEqual(missing, []))

// Each with a first letter of its own, so that it completes alone. What a shell would run leaves a file.
const NAMES = [
  ...[
    'a b -rf',
    'c*?[x]~#{1,2}%^(y)',
    'd$(touch HIT)',
    'e`touch HIT`',
    'f;touch HIT&touch HIT|touch HIT>HIT',
  ],
  ...["g'$(touch HIT)'", 'h"$(touch HIT)"', 'i!x!!', 'j=x:y@z', 'k\\$(touch HIT)', "l$'\\x41'$HOME", 'é日本'],
]
/** What is worth a look within quotes that are open already, where every completion takes its time. */
const QUOTED = ['d', 'g', 'h', 'i']

describe('names that mean something to a shell are put into the line as they are', () => {
  // A server of our own would refuse the backslash; another may not.
  let server: ContractServer
  before(async () => {
    server = await ContractServer.start()
    server.answers.set('GET /v1/secret/?list=true', [200, JSON.stringify({ data: { keys: NAMES } })])
  })
  after(() => server.close())

  for (const shell of SHELLS) {
    test(`in ${shell}`, { skip: skipped(shell) }, async () => {
      const at = place(`names-${shell}`, { CONCLAVE_ADDR: server.address })
      const asked = NAMES.flatMap((name) => {
        const begun = `secret/${name[0]}`
        const quotes = QUOTED.includes(name[0] ?? '') ? ['', '"', "'"] : ['']
        return quotes.map((quote) => ({ typed: quote + begun, entered: ['read', `secret/${name}`] }))
      })
      const entered = await TYPISTS[shell](
        at,
        asked.map(({ typed }) => typed),
      )
      assert.deepEqual(
        entered,
        asked.map((one) => one.entered),
      )
      assert.equal(existsSync(join(at.folder, 'HIT')), false, 'nothing of a name was run')
    })
  }
})

describe('mounts, keys, commands and flags of a real server', () => {
  let server: ServerProcess
  let env: NodeJS.ProcessEnv
  before(async () => {
    server = await ServerProcess.start(join(work.path, 'store'))
    const { body } = await server.call('PUT', '/v1/sys/init', { secret_shares: 1, secret_threshold: 1 })
    await server.unseal(body.keys)
    const token = body.root_token
    for (const [mount, version] of [
      ['secret', '1'],
      ['kv', '2'],
    ]) {
      await server.call('POST', `/v1/sys/mounts/${mount}`, { type: 'kv', options: { version } }, token)
    }
    for (const path of ['app/db', 'app/mail', 'plain']) {
      await server.call('PUT', `/v1/secret/${path}`, { a: 1 }, token)
      await server.call('PUT', `/v1/kv/data/${path}`, { data: { a: 1 } }, token)
    }
    env = { CONCLAVE_ADDR: server.origin, CONCLAVE_TOKEN: body.root_token }
  })
  after(() => server.stop())

  for (const shell of SHELLS) {
    test(`in ${shell}`, { skip: skipped(shell) }, async () => {
      const typed = ['sec', 'secret/p', 'secret/app/d', '-format=j', '-form']
      const expected = ['secret/', 'secret/plain', 'secret/app/db', '-format=json', '-format=']
      const entered = await TYPISTS[shell](place(`real-${shell}`, env), typed)
      assert.deepEqual(
        entered.map(([, word]) => word),
        expected,
      )
    })
  }

  test('keys of KV version 2 as people say them, as the API has them, and below a mount', async () => {
    const at = place('versions', env)
    for (const [line, expected] of [
      ['conclave kv get k', 'kv/'],
      ['conclave kv get kv/p', 'kv/plain'],
      ['conclave kv get kv/data/app/d', 'kv/data/app/db'],
      ['conclave kv list -mount=kv app/m', 'app/mail'],
      ['conclave run kv/app/d', 'kv/app/db'],
      ['conclave read kv/data/p', 'kv/data/plain'],
      // bash keeps what stands before the = in the line.
      ['conclave kv get -mount=k', 'kv'],
    ] as const) {
      assert.equal(await eventually(at, line), `paths\n${expected}\n`, line)
    }
  })

  test('with the token of ~/.vault-token, and nothing without one', async () => {
    const { CONCLAVE_TOKEN: token = '', CONCLAVE_ADDR } = env
    const at = place('token-file', { CONCLAVE_ADDR })
    assert.equal((await ask(at, 'conclave read secret/p')).stdout, 'paths\n')
    writeFileSync(join(at.folder, '.vault-token'), token, { mode: 0o600 })
    assert.equal(await eventually(at, 'conclave read secret/p'), 'paths\nsecret/plain\n')
  })
})

describe('never in the way of whoever types', () => {
  test('a server that says nothing is asked once, and not again when its time is over', async (t) => {
    const waits: Promise<number>[] = []
    const silent = createServer((socket) => {
      const began = performance.now()
      socket.on('error', () => undefined).resume()
      waits.push(once(socket, 'close').then(() => Math.round(performance.now() - began)))
    }).listen(0, '127.0.0.1')
    t.after(() => silent.close())
    await once(silent, 'listening')
    const address = silent.address()
    const port = typeof address === 'object' ? address?.port : 0
    const at = place('silent', { CONCLAVE_ADDR: `http://127.0.0.1:${port}`, CONCLAVE_TOKEN: 'x' })
    const nobody = await ask(at, 'conclave operator ')
    t.diagnostic(`no server asked: ${nobody.ms} ms`)
    for (const line of ['conclave read secret/', 'conclave kv get se', 'conclave kv get secret/app/']) {
      waits.length = 0
      const asked = await ask(at, line)
      assert.deepEqual([asked.stdout, asked.stderr], ['paths\n', ''])
      assert.ok(waits.length <= 1, line)
      t.diagnostic(`${line}: ${asked.ms} ms, of which the server was waited for ${(await waits[0]) ?? 0} ms`)
    }
  })

  for (const [what, env] of [
    ['nobody listens', { CONCLAVE_ADDR: 'http://127.0.0.1:1' }],
    ['the address is none', { CONCLAVE_ADDR: 'nonsense' }],
    ['the file of the authority is not there', { CONCLAVE_CACERT: 'missing.pem' }],
  ] as const) {
    test(`no failure is told where ${what}`, async () => {
      const ran = await ask(place(what.replaceAll(' ', '-'), env), 'conclave read secret/')
      assert.deepEqual([ran.status, ran.stderr], [0, ''])
      assert.match(ran.stdout, /^(paths\n)?$/)
    })
  }

  test('a line longer than 64 KiB, a shell that is none and a terminal are left alone', async () => {
    const at = place('odd', {})
    assert.equal((await ask(at, `conclave read ${'x'.repeat(65_536)}`)).stdout, '')
    const { exitCode, stdout, stderr } = await runInTerminal(['__complete', 'csh'], { stdin: 'conclave ' })
    assert.deepEqual([exitCode, stdout, stderr], [0, '', ''])
    const terminal = await runInTerminal(['__complete', 'bash'], { isTty: true })
    assert.deepEqual([terminal.exitCode, terminal.stdout, terminal.stderr], [0, '', ''])
  })

  for (const shell of SHELLS) {
    test(`what has been typed stands in no list of processes: ${shell}`, {
      skip: skipped(shell),
    }, async () => {
      const at = place(`argv-${shell}`, {})
      writeFileSync(join(at.folder, 'conclave'), '#!/bin/sh\necho "$@" >> asked\ncat > typed\n', {
        mode: 0o755,
      })
      const env = { ...at.env, PATH: `${at.folder}:${process.env['PATH']}` }
      await TYPISTS[shell]({ folder: at.folder, env }, ['hvs.token'])
      assert.match(readFileSync(join(at.folder, 'asked'), 'utf8'), new RegExp(`^(__complete ${shell}\n)+$`))
      assert.match(readFileSync(join(at.folder, 'typed'), 'utf8'), /hvs\.token/)
    })
  }
})

test('prints the script of each shell, and refuses others', async () => {
  for (const shell of SHELLS) {
    const { exitCode, stdout } = await runInTerminal(['completion', shell])
    assert.equal(exitCode, 0)
    assert.equal(stdout, readFileSync(join(ROOT, `completions/conclave.${shell}`), 'utf8'))
  }
  const { exitCode, stderr } = await runInTerminal(['completion', 'csh'])
  assert.equal(exitCode, 1)
  assert.match(stderr, /^there is no completion but for bash, zsh, fish\n/)
})

for (const shell of SHELLS) {
  test(`${shell} reads its script without a complaint`, { skip: missing.includes(shell) }, () => {
    const script = join(ROOT, `completions/conclave.${shell}`)
    const { status, stderr } = spawnSync(shell, ['-n', script], { encoding: 'utf8' })
    assert.deepEqual([status, stderr], [0, ''])
  })
}

interface Asked {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
  readonly ms: number
}

/** What a script of bash does. */
function ask({ folder, env }: Place, line: string): Promise<Asked> {
  return timed('conclave', ['__complete', 'bash'], { folder, env }, ` =:\0${line}`)
}

/** On a busy machine, a server may have too little time at first. */
async function eventually(at: Place, line: string): Promise<string> {
  let stdout = ''
  for (let tries = 0; tries < 8 && !/\n./.test(stdout); tries++) stdout = (await ask(at, line)).stdout
  return stdout
}

async function timed(program: string, argv: readonly string[], at: Place, input = ''): Promise<Asked> {
  const began = performance.now()
  const child = spawn(program, argv, { cwd: at.folder, env: at.env })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (piece) => {
    stdout += String(piece)
  })
  child.stderr.on('data', (piece) => {
    stderr += String(piece)
  })
  child.stdin.on('error', () => undefined).end(input)
  const status = await new Promise<number | null>((resolve) => child.once('close', resolve))
  return { status, stdout, stderr, ms: Math.round(performance.now() - began) }
}
