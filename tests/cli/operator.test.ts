import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { TestServer } from '../api/in-process.ts'
import { OpenedServer } from './opened-server.ts'
import { type Ran, runInTerminal, type Terminal } from './terminal.ts'

/** What stands behind a title in a table. */
function cell(table: string, title: string): string {
  return new RegExp(`^${title} {4,}(.+)$`, 'm').exec(table)?.[1] ?? ''
}

/** The shares of a last answer, in the order of their numbers. */
function keysIn(stdout: string): readonly string[] {
  return [...stdout.matchAll(/^Key \d+: (\S+)$/gm)].map(([, key]) => key ?? '')
}

describe('operator rekey against a server', () => {
  test('with -verify the old shares live until the new ones have been given back', async (t) => {
    const server = await OpenedServer.start(t, 3, 2)
    const started = await server.run(['operator', 'rekey', '-init', '-n=3', '-t=2', '-verify'])
    assert.equal(started.exitCode, 0, started.stderr)
    assert.equal(cell(started.stdout, 'Verification Required'), 'true')
    const nonce = `-nonce=${cell(started.stdout, 'Nonce')}`
    const first = await server.run(['operator', 'rekey', nonce, ...server.shareFiles(3)])
    assert.equal(cell(first.stdout, 'Progress'), '1/2')
    const last = await server.run(['operator', 'rekey', nonce, '-'], { stdin: `${server.keys[0]}\n` })
    const keys = keysIn(last.stdout)
    assert.deepEqual([keys.length, cell(last.stdout, 'Verification Progress')], [3, '0/2'])
    assert.equal((await server.custody()).live.number, 1)

    const back = `-nonce=${cell(last.stdout, 'Verification Nonce')}`
    const give = (key: string | undefined): Promise<Ran> =>
      server.run(['operator', 'rekey', '-verify', back, '-'], { stdin: key ?? '' })
    const early = await give(server.keys[1])
    assert.deepEqual([early.exitCode, /which opens today/.test(early.stderr)], [2, true])
    assert.equal(cell((await give(keys[0])).stdout, 'Verification Progress'), '1/2')
    const restarted = await server.run(['operator', 'rekey', '-verify', '-cancel'])
    assert.equal(restarted.exitCode, 0)
    const status = await server.run(['operator', 'rekey', '-verify', '-status', '-format=json'])
    const { nonce: fresh, progress } = JSON.parse(status.stdout)
    assert.equal(progress, 0)
    for (const key of keys.slice(1)) {
      const given = await server.run(['operator', 'rekey', '-verify', `-nonce=${fresh}`, key])
      assert.equal(given.exitCode, 0, given.stderr)
    }
    assert.equal((await server.custody()).live.number, 2)
    assert.equal(await server.reopensWith(server.keys), false)
    assert.equal(await server.server.unseal(keys.slice(0, 2)), true)
  })

  test('shows statement and check words to whoever is asked for a share', async (t) => {
    const server = await OpenedServer.start(t, 2, 2)
    await server.run(['operator', 'rekey', '-init', '-n=5', '-t=3'])
    const { live } = await server.custody()
    const { stdout, stderr } = await server.run(['operator', 'rekey'], {
      isTty: true,
      typed: [[/Unseal Key \(will be hidden\): $/, `${server.keys[1]}\r`]],
    })
    assert.equal(cell(stdout, 'Progress'), '1/2')
    const shown = stderr.slice(0, stderr.indexOf('Unseal Key'))
    assert.match(shown, /new shares {4}5, any 3 of them open the server\n/)
    assert.match(shown, new RegExp(`agreed by {5}shares of key set 1 "${live.words}"\n`))
    assert.match(shown, /check words {3}([A-Z]+ ){5}[A-Z]+\n/)
  })

  test('prints cards that name the set which waits to be proven', async (t) => {
    const server = await OpenedServer.start(t, 1, 1)
    const started = await server.run(['operator', 'rekey', '-init', '-n=2', '-t=2', '-verify'])
    const nonce = `-nonce=${cell(started.stdout, 'Nonce')}`
    const last = await server.run(['operator', 'rekey', nonce, '-share-format=words', '-'], {
      stdin: server.keys[0] ?? '',
    })
    const cards = [...last.stdout.matchAll(/^Key \d: (.*)$/gm)].map(([, card]) => card ?? '')
    const back = `-nonce=${cell(last.stdout, 'Verification Nonce')}`
    for (const card of cards) {
      const given = await server.run(['operator', 'rekey', '-verify', back, '-'], { stdin: card })
      assert.equal(given.exitCode, 0, given.stderr)
    }
    const { live } = await server.custody()
    assert.deepEqual(
      cards.map((card) => card.split(' ').slice(0, 2).join(' ')),
      [live.words, live.words],
    )
  })

  test('the refusals of a script are errors of the server, in JSON with their code', async (t) => {
    const server = await OpenedServer.start(t, 2, 2)
    await server.run(['operator', 'rekey', '-init'])
    const refused = async (...argv: readonly string[]): Promise<[number, string]> => {
      const { exitCode, stderr } = await server.run(['operator', 'rekey', '-format=json', ...argv])
      return [exitCode, JSON.parse(stderr.slice(stderr.indexOf('{'))).error.code]
    }
    assert.deepEqual(await refused('-init'), [2, 'ceremony_running'])
    assert.deepEqual(await refused('-init', '-n=1', '-t=2'), [2, 'parameters_invalid'])
    assert.deepEqual(await refused('-nonce=bad', ...server.shareFiles(1)), [2, 'nonce_mismatch'])
    assert.deepEqual(await refused('-target=recovery', '-status'), [2, 'parameters_invalid'])
    assert.deepEqual(await refused('-backup-retrieve'), [2, 'permission_denied'])
  })
})

describe('custody status against a server', () => {
  test('tells the set, its words, the serial and what to write down', async (t) => {
    const server = await OpenedServer.start(t, 3, 2)
    const { stdout, stderr } = await server.run(['custody', 'status'])
    const { live } = await server.custody()
    assert.deepEqual(
      ['State', 'Key Set', 'Words', 'Shares', 'Threshold'].map((title) => cell(stdout, title)),
      ['open', '1', live.words, '3', '2'],
    )
    assert.match(cell(stdout, 'Transcript Head'), /^[0-9a-f]{64}$/)
    assert.match(stderr, /Any 2 of the 3 shares of key set 1 open this server\./)
    const json = JSON.parse((await server.run(['custody', 'status', '-format=json'])).stdout)
    assert.deepEqual([json.live.words, json.retiring, json.state], [live.words, null, 'open'])
    assert.match(json.identity_key, /^[0-9a-f]{64}$/)
  })
})

describe('operator rotate-keys against a server', () => {
  test('changes the shares with a token, on the same ceremony as rekey', async (t) => {
    const server = await OpenedServer.start(t, 3, 2)
    const without = await server.run(['operator', 'rotate-keys', '-init'])
    assert.equal(without.exitCode, 2)
    const started = await server.asRoot(['operator', 'rotate-keys', '-init', '-n=2', '-t=2'])
    assert.equal(started.exitCode, 0, started.stderr)
    const nonce = cell(started.stdout, 'Nonce')
    const seen = await server.run(['operator', 'rekey', '-status'])
    assert.equal(cell(seen.stdout, 'Nonce'), nonce)
    const argv = ['operator', 'rotate-keys', `-nonce=${nonce}`]
    const first = await server.asRoot([...argv, ...server.shareFiles(1)])
    assert.equal(cell(first.stdout, 'Progress'), '1/2')
    const last = await server.asRoot([...argv, '-format=json', ...server.shareFiles(2)])
    const done = JSON.parse(last.stdout)
    assert.deepEqual([done.complete, done.keys.length, done.keys_base64.length], [true, 2, 2])
    assert.equal(await server.reopensWith(server.keys), false)
    assert.equal(await server.server.unseal(done.keys), true)
  })
})

describe('operator generate-root against a server', () => {
  test('a quorum makes a token that only who started it can read', async (t) => {
    const server = await OpenedServer.start(t, 3, 2)
    const started = await server.run(['operator', 'generate-root', '-init'])
    assert.equal(started.exitCode, 0, started.stderr)
    const otp = cell(started.stdout, 'OTP')
    assert.deepEqual([otp.length, cell(started.stdout, 'OTP Length')], [28, '28'])
    const nonce = `-nonce=${cell(started.stdout, 'Nonce')}`
    const first = await server.run(['operator', 'generate-root', nonce, ...server.shareFiles(2)])
    assert.deepEqual([cell(first.stdout, 'Progress'), cell(first.stdout, 'Complete')], ['1/2', 'false'])
    const last = await server.run(['operator', 'generate-root', nonce, ...server.shareFiles(3)])
    const encoded = cell(last.stdout, 'Encoded Token')
    const decoded = await server.run(['operator', 'generate-root', `-decode=${encoded}`, `-otp=${otp}`])
    assert.match(decoded.stdout, /^hvs\.[0-9A-Za-z]{24}$/)
    const env = { CONCLAVE_TOKEN: decoded.stdout }
    const used = await server.run(['read', '-field=display_name', 'auth/token/lookup-self'], { env })
    assert.deepEqual([used.exitCode, used.stdout], [0, 'root'])
  })

  test('takes a password that was made with -generate-otp', async (t) => {
    const server = await OpenedServer.start(t, 1, 1)
    const otp = (await server.run(['operator', 'generate-root', '-generate-otp'])).stdout
    const started = await server.run(['operator', 'generate-root', '-init', `-otp=${otp}`, '-format=json'])
    const { nonce, otp: shown } = JSON.parse(started.stdout)
    assert.equal(shown, '')
    const asked = await server.run(['operator', 'generate-root'], {
      isTty: true,
      typed: [[/readable by {3}who has the one-time password.*hidden\): $/s, `${server.keys[0]}\r`]],
    })
    assert.equal(cell(asked.stdout, 'Nonce'), nonce)
    const argv = ['operator', 'generate-root', '-decode=-', `-otp=${otp}`]
    const decoded = await server.run(argv, { stdin: cell(asked.stdout, 'Encoded Token') })
    assert.match(decoded.stdout, /^hvs\./)
  })

  test('a wrong share is refused alone, and a cancel ends it', async (t) => {
    const server = await OpenedServer.start(t, 2, 2)
    const started = await server.run(['operator', 'generate-root', '-init', '-format=json'])
    const { nonce } = JSON.parse(started.stdout)
    await server.run(['operator', 'generate-root', `-nonce=${nonce}`, ...server.shareFiles(1)])
    const wrong = await server.run(['operator', 'generate-root', `-nonce=${nonce}`, 'ab'.repeat(33)])
    assert.deepEqual([wrong.exitCode, /unknown share/.test(wrong.stderr)], [2, true])
    assert.equal(cell((await server.run(['operator', 'generate-root', '-status'])).stdout, 'Progress'), '1/2')
    assert.equal((await server.run(['operator', 'generate-root', '-cancel'])).exitCode, 0)
    const idle = await server.run(['operator', 'generate-root', '-status', '-format=json'])
    assert.equal(JSON.parse(idle.stdout).started, false)
  })
})

describe('on a guarded listener a share stands in for a token', () => {
  test('rekey: to start, to cancel, and several holders to end what others joined', async (t) => {
    const server = await TestServer.start({ ceremonyAccess: 'guarded' })
    t.after(() => server.close())
    const keys = await server.open(3, 2)
    const rekey = (argv: readonly string[], terminal: Terminal = {}): Promise<Ran> =>
      runInTerminal(['operator', 'rekey', ...argv], { ...terminal, env: { CONCLAVE_ADDR: server.origin } })
    const typed = (key: string | undefined): Terminal => ({
      isTty: true,
      typed: [[/A share that opens the server \(will be hidden\): $/, `${key}\r`]],
    })
    const refused = await rekey(['-init'])
    assert.deepEqual([refused.exitCode, /or a share of the live key set/.test(refused.stderr)], [2, true])
    const started = await rekey(['-init', '-holder', '-n=2', '-t=2'], typed(keys[0]))
    assert.equal(started.exitCode, 0, started.stderr)
    assert.equal(cell(started.stdout, 'Progress'), '0/2')
    assert.equal((await rekey(['-cancel'])).exitCode, 2)
    assert.equal((await rekey(['-cancel', '-holder'], typed(keys[0]))).exitCode, 0)

    const again = await rekey(['-init', '-holder'], typed(keys[0]))
    await rekey([`-nonce=${cell(again.stdout, 'Nonce')}`, '-'], { stdin: keys[1] ?? '' })
    const alone = await rekey(['-cancel', '-holder'], typed(keys[0]))
    assert.deepEqual([alone.exitCode, /1 of 2 holders want it to end/.test(alone.stderr)], [0, true])
    const both = await rekey(['-cancel', '-holder'], typed(keys[2]))
    assert.match(both.stderr, /Success! Canceled rekeying/)
    assert.equal(cell((await rekey(['-status'])).stdout, 'Started'), 'false')
  })

  test('custody rekey asks for a share when it is refused the start, and uses it once more', async (t) => {
    const server = await TestServer.start({ ceremonyAccess: 'guarded' })
    t.after(() => server.close())
    const keys = await server.open(2, 2)
    const { words } = (await server.call('GET', '/v1/sys/custody/status')).body.live
    const ran = await runInTerminal(['custody', 'rekey', '-n=2', '-t=2'], {
      env: { CONCLAVE_ADDR: server.origin },
      isTty: true,
      typed: [
        [/type the two words/, `${words}\n`],
        [/asks who starts a change.*Your share \(hidden\): $/s, `${keys[1]}\r`],
        [/Share 2 is in\..*A share of today/s, '\x03'],
      ],
    })
    assert.equal(ran.exitCode, 1)
    assert.equal((await server.call('GET', '/v1/sys/rekey/init')).body.progress, 1)
  })

  test('generate-root: to start, and to cancel', async (t) => {
    const server = await TestServer.start({ ceremonyAccess: 'guarded' })
    t.after(() => server.close())
    const keys = await server.open(2, 2)
    const root = (argv: readonly string[], terminal: Terminal = {}): Promise<Ran> => {
      const env = { CONCLAVE_ADDR: server.origin, ...terminal.env }
      return runInTerminal(['operator', 'generate-root', ...argv], { ...terminal, env })
    }
    assert.equal((await root(['-init'])).exitCode, 2)
    const started = await root(['-init', '-'], { stdin: keys[0] ?? '' })
    assert.deepEqual([started.exitCode, cell(started.stdout, 'Started')], [0, 'true'])
    assert.equal((await root(['-cancel', '-'], { stdin: keys[0] ?? '' })).exitCode, 0)
    const env = { CONCLAVE_TOKEN: server.rootToken }
    assert.equal((await root(['-init'], { env })).exitCode, 0)
  })
})

describe('a share that was given already', () => {
  const IN_ALREADY = /this share is in already: it counts once/

  test('is told at an unseal, which counts it once; the answer has its shape besides (key-lifecycle.md section 3.2)', async (t) => {
    const server = await OpenedServer.start(t, 3, 2)
    await server.asRoot(['operator', 'seal'])
    const [first = ''] = server.keys
    const given = await server.run(['operator', 'unseal', '-'], { stdin: first })
    assert.deepEqual([given.exitCode, IN_ALREADY.test(given.stderr)], [0, false])
    const again = await server.run(['operator', 'unseal', '-'], { stdin: first })
    assert.equal(again.exitCode, 0)
    assert.match(again.stderr, IN_ALREADY)
    assert.equal(cell(again.stdout, 'Unseal Progress'), '1/2')
    const json = await server.run(['operator', 'unseal', '-format=json', '-'], { stdin: first })
    assert.deepEqual([JSON.parse(json.stdout).progress, IN_ALREADY.test(json.stderr)], [1, true])
    const { status, body } = await server.server.call('PUT', '/v1/sys/unseal', { key: first })
    const { warnings, ...rest } = body
    assert.deepEqual([status, warnings.length], [200, 1])
    assert.deepEqual(rest, (await server.server.call('GET', '/v1/sys/seal-status')).body)
  })

  test('is refused at a rekey and where a root token is made, with who has to come next', async (t) => {
    const server = await OpenedServer.start(t, 3, 2)
    const otp = await server.run(['operator', 'generate-root', '-init'])
    for (const [ceremony, started] of [
      ['rekey', await server.run(['operator', 'rekey', '-init', '-n=3', '-t=2'])],
      ['generate-root', otp],
    ] as const) {
      const nonce = `-nonce=${cell(started.stdout, 'Nonce')}`
      const give = (): Promise<Ran> =>
        server.run(['operator', ceremony, nonce, '-'], { stdin: server.keys[0] ?? '' })
      assert.equal((await give()).exitCode, 0)
      const again = await give()
      assert.equal(again.exitCode, 2, ceremony)
      assert.match(again.stderr, /has already been provided/)
      assert.match(again.stderr, /Somebody else has to give the next share/)
    }
  })
})
