import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { OpenedServer } from './opened-server.ts'
import type { Terminal } from './terminal.ts'

const CLEAR = '\x1b[2J\x1b[3J\x1b[H'

/** A card as the screen shows it: the words behind their numbers, in order. */
function wordsOn(screen: string): string {
  const grid = screen.split('\n').filter((line) => /^[ \d]\d [a-z]/.test(line))
  return [...grid.join('\n').matchAll(/[a-z]+/g)].map(([word]) => word).join(' ')
}

/** What was on the screen from each share that was shown until it was cleared. */
function screensOf(stderr: string): readonly string[] {
  return stderr.split(CLEAR).filter((screen) => screen.includes('It is shown this once'))
}

function parsed(text: string): Record<string, unknown> {
  return JSON.parse(text)
}

describe('custody rekey, at a terminal', () => {
  test('leads through the whole change, and every holder proves their own share', async (t) => {
    const server = await OpenedServer.start(t, 3, 2)
    const { words } = (await server.custody()).live
    // The shares are not known before they are shown: a second person at the same screen copies them.
    const screens: string[] = []
    const typed: Terminal['typed'] = [
      [/How many people shall hold a new share\? \[3\] $/, '\n'],
      [/must come together to open the server\? \[2\] $/, 'many\n'],
      [/Give a number from 1 to 255/, '2\n'],
      [/type the two words of that key set/, 'wrong words\n'],
      [/These are not its words/, `${words.toUpperCase()}\n`],
      [/A share of today.*hidden\): $/, `${server.keys[2]}\r`],
      [/Missing: any 1 of shares 1, 2\.\n.*hidden\): $/s, `${server.keys[2]}\r`],
      [/Refused: this share is in already.*hidden\): $/s, 'no share\r'],
      [/this text has 2.*hidden\): $/s, `${server.keys[0]}\r`],
      ...[1, 2, 3].flatMap((number): Terminal['typed'] & object => [
        [new RegExp(`Only holder ${number} should see the screen now`), '\r'],
        [/Press Enter when it is written down/, '\r'],
      ]),
      [/Holder 1: your new share \(hidden\): $/, `${server.keys[0]}\r`],
      [/This is none of the new shares.*press Enter: $/s, 'show\n'],
      [/Only holder 1 should see the screen now/, '\r'],
      [/Press Enter when it is written down/, '\r'],
      [/Holder 1: your new share/, () => `${screens[1]}\r`],
      [/Share 2 is right\. Missing: 1, 3\./, () => `${screens[0]}\r`],
      [/Share 1 is right\. Missing: 3\./, () => `${screens[0]}\r`],
      [/Share 1 was given back already/, () => `${screens[2]}\r`],
    ]
    const watch = (stderr: string): void => {
      screens.splice(0, screens.length, ...screensOf(stderr).map(wordsOn))
    }
    const ran = await server.run(['custody', 'rekey'], { isTty: true, typed, watch })
    assert.equal(ran.exitCode, 0, ran.stderr)
    assert.equal(ran.stdout, '')
    assert.match(ran.stderr, /check words {3}([A-Z]+ ){5}[A-Z]+\n/)
    assert.match(ran.stderr, /Share 3 is in\./)
    assert.match(ran.stderr, /5\. Done\nFrom now on any 2 of the 3 new shares open the server\./)
    assert.equal(wordsOn(screensOf(ran.stderr)[0] ?? '').split(' ').length, 30)
    assert.equal((await server.custody()).live.number, 2)
    assert.equal(await server.reopensWith(server.keys), false)
    assert.equal(await server.server.unseal([wordsOn(screensOf(ran.stderr)[0] ?? '')]), false)
  })

  test('an interruption leaves everything as it was, and the next call goes on', async (t) => {
    const server = await OpenedServer.start(t, 2, 2)
    const { words } = (await server.custody()).live
    const stopped = await server.run(['custody', 'rekey', '-n=2', '-t=2'], {
      isTty: true,
      typed: [
        [/type the two words/, `${words}\n`],
        [/A share of today/, `${server.keys[0]}\r`],
        [/1 of 2 are in.*hidden\): $/s, '\x03'],
      ],
    })
    assert.equal(stopped.exitCode, 1)
    assert.match(stopped.stderr, /interrupted.*Next: conclave custody rekey, to go on/s)
    const goesOn = await server.run(['custody', 'rekey'], {
      isTty: true,
      typed: [[/under way already.*In: share 1 of key set 1\..*hidden\): $/s, '\x03']],
    })
    assert.equal(goesOn.exitCode, 1)
    const another = await server.run(['custody', 'rekey', '-n=7'], { isTty: true })
    assert.deepEqual([another.exitCode, /another change of shares/.test(another.stderr)], [1, true])
  })

  test('interrupted in the middle of the handing out, it says how to get the shares again', async (t) => {
    const server = await OpenedServer.start(t, 1, 1)
    const { words } = (await server.custody()).live
    const stopped = await server.run(['custody', 'rekey', '-n=2', '-t=2'], {
      isTty: true,
      typed: [
        [/type the two words/, `${words}\n`],
        [/A share of today/, `${server.keys[0]}\r`],
        [/Only holder 1/, '\r'],
        [/written down/, '\x03'],
      ],
    })
    assert.equal(stopped.exitCode, 1)
    // The share left the screen all the same.
    assert.ok(stopped.stderr.includes(`written down: the screen is cleared. \n${CLEAR}`))
    assert.match(stopped.stderr, /"conclave custody rekey -again"/)
    const folder = server.path('again')
    const again = await server.run(['custody', 'rekey', '-again', `-out=${folder}`, ...server.shareFiles(1)])
    assert.equal(again.exitCode, 0, again.stderr)
    assert.deepEqual(readdirSync(folder), ['share-1.txt', 'share-2.txt'])
  })

  test('shows no share on a terminal that cannot be cleared', async (t) => {
    const server = await OpenedServer.start(t, 1, 1)
    const ran = await server.run(['custody', 'rekey'], { isTty: true, env: { TERM: 'dumb' } })
    assert.deepEqual([ran.exitCode, /-out=FOLDER/.test(ran.stderr)], [1, true])
    assert.equal((await server.server.call('GET', '/v1/sys/rekey/init')).body.started, false)
  })
})

describe('custody rekey, from files', () => {
  test('collects, hands out and takes back over several calls, with a kill -9 in between', async (t) => {
    const server = await OpenedServer.start(t, 5, 3)
    const folder = server.path('new')
    const argv = ['custody', 'rekey', '-format=json']
    const first = await server.run([...argv, '-n=4', '-t=2', `-out=${folder}`, ...server.shareFiles(1, 4)])
    assert.equal(first.exitCode, 0, first.stderr)
    const collecting = parsed(first.stdout)
    assert.deepEqual(
      [collecting['phase'], collecting['progress'], collecting['required']],
      ['collecting', 2, 3],
    )
    assert.match(String(collecting['words']), /^([a-z]+ ){5}[a-z]+$/)
    assert.match(first.stderr, /In: shares 1, 4 of key set 1\.\nMissing: any 1 of shares 2, 3, 5\./)

    const second = await server.run([...argv, `-out=${folder}`, ...server.shareFiles(2)])
    const verifying = parsed(second.stdout)
    assert.deepEqual([verifying['phase'], verifying['nonce']], ['verifying', collecting['nonce']])
    const files = [1, 2, 3, 4].map((number) => `${folder}/share-${number}.txt`)
    assert.deepEqual(verifying['files'], files)
    assert.deepEqual(
      files.map((file) => statSync(file).mode & 0o777),
      [0o600, 0o600, 0o600, 0o600],
    )
    assert.equal(statSync(folder).mode & 0o777, 0o700)
    assert.equal(readFileSync(files[0] ?? '', 'utf8').split(' ').length, 30)

    const half = await server.run([...argv, `-share-file=${files[2]}`])
    assert.deepEqual([parsed(half.stdout)['phase'], parsed(half.stdout)['progress']], ['verifying', 1])
    await server.dieAndReturn()
    const sealed = await server.run([...argv, `-share-file=${files[0]}`])
    assert.deepEqual([sealed.exitCode, parsed(sealed.stderr)['error'] !== undefined], [2, true])
    // The old shares alone open: the new ones were not proven.
    assert.equal(await server.server.unseal([server.keys[4]!, server.keys[2]!, server.keys[0]!]), true)

    const last = await server.run([...argv, `-share-file=${files[3]}`, `-share-file=${files[0]}`])
    const complete = parsed(last.stdout)
    assert.equal(last.exitCode, 0, last.stderr)
    assert.equal(complete['phase'], 'complete')
    const { live } = await server.custody()
    assert.deepEqual(complete['key_set'], { number: 2, words: live.words })
    assert.equal(await server.reopensWith(server.keys), false)
    assert.equal(
      await server.server.unseal(files.slice(1, 3).map((file) => readFileSync(file, 'utf8'))),
      true,
    )
  })

  test('a refused share stops nobody, and a script learns of it', async (t) => {
    const server = await OpenedServer.start(t, 3, 2)
    const foreign = server.file('foreign', 'ab'.repeat(33))
    const garbled = server.file('garbled', 'this is no share at all')
    const ran = await server.run([
      ...['custody', 'rekey', '-format=json', `-out=${server.path('new')}`],
      ...[`-share-file=${foreign}`, `-share-file=${garbled}`, ...server.shareFiles(1)],
    ])
    assert.equal(ran.exitCode, 2)
    assert.deepEqual([parsed(ran.stdout)['phase'], parsed(ran.stdout)['progress']], ['collecting', 1])
    assert.match(ran.stderr, /Refused: unknown share/)
    assert.match(ran.stderr, /garbled: /)
  })

  test('needs a place for the new shares before any share is sent', async (t) => {
    const server = await OpenedServer.start(t, 1, 1)
    const shares = server.shareFiles(1)
    const refused = async (...argv: readonly string[]): Promise<string> => {
      const { exitCode, stderr } = await server.run(['custody', 'rekey', ...argv])
      assert.equal(exitCode, 1)
      return stderr
    }
    assert.match(await refused(), /not a terminal/)
    assert.match(await refused(...shares), /no place to go/)
    mkdirSync(server.path('used'), { mode: 0o700 })
    writeFileSync(server.path('used/share-1.txt'), '')
    assert.match(await refused(...shares, `-out=${server.path('used')}`), /is not empty/)
    mkdirSync(server.path('loose'))
    chmodSync(server.path('loose'), 0o755)
    assert.match(await refused(...shares, `-out=${server.path('loose')}`), /others could read/)
    assert.equal((await server.server.call('GET', '/v1/sys/rekey/init')).body.started, false)
  })

  test('-direct wants files, then the old shares are dead at once', async (t) => {
    const server = await OpenedServer.start(t, 3, 2)
    const without = await server.run(['custody', 'rekey', '-direct'], { isTty: true })
    assert.deepEqual([without.exitCode, /outlives this screen/.test(without.stderr)], [1, true])
    const folder = server.path('new')
    const ran = await server.run([
      ...['custody', 'rekey', '-direct', `-out=${folder}`, '-share-format=base64', '-format=json'],
      ...server.shareFiles(3, 1),
    ])
    assert.equal(ran.exitCode, 0, ran.stderr)
    const complete = parsed(ran.stdout)
    assert.deepEqual([complete['phase'], complete['retiring']], ['complete', null])
    assert.equal(await server.reopensWith(server.keys), false)
    const files = [1, 3].map((number) => readFileSync(`${folder}/share-${number}.txt`, 'utf8'))
    assert.match(files[0] ?? '', /^[A-Za-z0-9+/]{44}$/)
    assert.equal(await server.server.unseal(files), true)
  })

  test('-verify-all waits for every new share', async (t) => {
    const server = await OpenedServer.start(t, 1, 1)
    const folder = server.path('new')
    const argv = ['custody', 'rekey', '-format=json']
    await server.run([...argv, '-verify-all', '-n=3', '-t=2', `-out=${folder}`, ...server.shareFiles(1)])
    const back = [1, 2].map((number) => `-share-file=${folder}/share-${number}.txt`)
    const two = await server.run([...argv, ...back])
    assert.deepEqual([parsed(two.stdout)['phase'], parsed(two.stdout)['required']], ['verifying', 3])
    const all = await server.run([...argv, `-share-file=${folder}/share-3.txt`])
    assert.equal(parsed(all.stdout)['phase'], 'complete')
  })

  test('-cancel leaves the old shares as they are', async (t) => {
    const server = await OpenedServer.start(t, 1, 1)
    const folder = server.path('new')
    await server.run(['custody', 'rekey', '-n=1', '-t=1', `-out=${folder}`, ...server.shareFiles(1)])
    const { exitCode, stderr } = await server.run(['custody', 'rekey', '-cancel'])
    assert.deepEqual([exitCode, /is canceled/.test(stderr)], [0, true])
    assert.equal(await server.reopensWith([readFileSync(`${folder}/share-1.txt`, 'utf8')]), false)
    assert.equal(await server.server.unseal(server.keys), true)
  })
})
