import assert from 'node:assert/strict'
import { type SpawnSyncReturns, spawnSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { ROOT } from './source/tree.ts'

/** Says how it was started, in place of the program. */
const PROBE =
  'console.log(JSON.stringify({ main: process.argv[1], node: process.execPath, options: process.execArgv, ' +
  'words: process.argv.slice(2) }))\nprocess.exitCode = 7\n'

interface Started {
  readonly main: string
  readonly node: string
  readonly options: readonly string[]
  readonly words: readonly string[]
}

describe('bin/conclave', () => {
  let folder = ''
  let noNode = ''

  beforeEach(() => {
    // With a space, as in the home of somebody who does not write shell scripts.
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'conclave bin-')))
    noNode = join(folder, 'tools')
    mkdirSync(noNode)
    for (const tool of ['dirname', 'readlink']) symlinkSync(whereIs(tool), join(noNode, tool))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  /** The script and a probe for `main`, as a package at `at`. */
  function layOut(at: string, main: 'src/main.ts' | 'dist/main.js' | null): string {
    const root = join(folder, at)
    mkdirSync(join(root, 'bin'), { recursive: true })
    copyFileSync(join(ROOT, 'bin/conclave'), join(root, 'bin/conclave'))
    if (main !== null) plant(join(root, main), PROBE)
    return root
  }

  function linkNode(at: string): void {
    mkdirSync(dirname(join(folder, at)), { recursive: true })
    symlinkSync(process.execPath, join(folder, at))
  }

  function run(command: string, words: readonly string[] = [], path = noNode): SpawnSyncReturns<string> {
    return spawnSync(command, words, { cwd: folder, encoding: 'utf8', env: { PATH: path } })
  }

  function started(result: SpawnSyncReturns<string>): Started {
    assert.equal(result.stderr, '')
    assert.equal(result.status, 7, 'the program ends with its own code')
    return JSON.parse(result.stdout) as Started
  }

  test('runs the sources of a checkout with the Node.js in its modules', () => {
    const root = layOut('checkout', 'src/main.ts')
    linkNode('checkout/node_modules/.bin/node')
    const { main, node, options } = started(run(join(root, 'bin/conclave')))
    assert.equal(main, join(root, 'src/main.ts'))
    assert.equal(node, process.execPath)
    assert.deepEqual(options, ['--disable-warning=ExperimentalWarning', '--disable-sigusr1'])
  })

  test('starts a server without the tokens of the command line, and nothing without a core limit of 0', (t) => {
    if (process.platform !== 'linux') return t.skip('limits are read from /proc')
    const root = layOut('checkout', 'src/main.ts')
    linkNode('checkout/node_modules/.bin/node')
    plant(
      join(root, 'src/main.ts'),
      `const { CONCLAVE_TOKEN, BAO_TOKEN, VAULT_TOKEN, VAULT_ADDR } = process.env
const limits = (await import('node:fs')).readFileSync('/proc/self/limits', 'utf8')
const core = /^Max core file size +(\\S+) +(\\S+)/m.exec(limits).slice(1)
console.log(JSON.stringify([CONCLAVE_TOKEN, BAO_TOKEN, VAULT_TOKEN, VAULT_ADDR, core]))\n`,
    )
    plant(join(root, 'package.json'), '{"type": "module"}')
    const env = { PATH: noNode, CONCLAVE_TOKEN: 'a', BAO_TOKEN: 'b', VAULT_TOKEN: 'c', VAULT_ADDR: 'd' }
    const seen = (word: string): unknown => {
      const { stdout } = spawnSync(join(root, 'bin/conclave'), [word], { cwd: folder, encoding: 'utf8', env })
      return JSON.parse(stdout)
    }
    assert.deepEqual(seen('server'), [null, null, null, 'd', ['0', '0']])
    assert.deepEqual(seen('status'), ['a', 'b', 'c', 'd', ['0', '0']])
  })

  test('hands every argument on as it is', () => {
    const root = layOut('checkout', 'src/main.ts')
    linkNode('checkout/node_modules/.bin/node')
    const words = ['write', 'secret/a b', '', '*', '$HOME', '--help', 'a\nb', '"\'']
    assert.deepEqual(started(run(join(root, 'bin/conclave'), words)).words, words)
  })

  test('finds its package through absolute and relative links', () => {
    const root = layOut('checkout', 'src/main.ts')
    linkNode('checkout/node_modules/.bin/node')
    mkdirSync(join(folder, 'a/b'), { recursive: true })
    symlinkSync('../../checkout/bin/conclave', join(folder, 'a/b/relative'))
    symlinkSync(join(folder, 'a/b/relative'), join(folder, 'conclave'))
    assert.equal(started(run(join(folder, 'conclave'))).main, join(root, 'src/main.ts'))
    assert.equal(started(run('./conclave')).main, join(root, 'src/main.ts'))
    assert.equal(started(run('conclave', [], `${folder}:${noNode}`)).main, join(root, 'src/main.ts'))
  })

  test('prefers the sources of a checkout to an old build', () => {
    const root = layOut('checkout', 'src/main.ts')
    plant(join(root, 'dist/main.js'), PROBE)
    linkNode('checkout/node_modules/.bin/node')
    assert.equal(started(run(join(root, 'bin/conclave'))).main, join(root, 'src/main.ts'))
  })

  for (const [layout, at, node] of [
    ['beside it', 'project/node_modules/conclave', 'project/node_modules/.bin/node'],
    ['in its own modules', 'lib/node_modules/conclave', 'lib/node_modules/conclave/node_modules/.bin/node'],
    ['above its scope', 'project/node_modules/@some/conclave', 'project/node_modules/.bin/node'],
  ] as const) {
    test(`runs the build of an installed package with the Node.js ${layout}`, () => {
      const root = layOut(at, 'dist/main.js')
      linkNode(node)
      mkdirSync(join(folder, 'links'))
      symlinkSync(join(root, 'bin/conclave'), join(folder, 'links/conclave'))
      assert.equal(started(run(join(folder, 'links/conclave'))).main, join(root, 'dist/main.js'))
    })
  }

  for (const planted of [
    '.bin/node',
    'node_modules/.bin/node',
    'shared/.bin/node',
    'shared/node_modules/.bin/node',
  ]) {
    test(`leaves alone ${planted} in a folder around a checkout, which may be anybody's`, () => {
      const root = layOut('shared/checkout', 'src/main.ts')
      linkNode(planted)
      assert.equal(run(join(root, 'bin/conclave')).status, 1)
    })
  }

  test('takes the Node.js on the path where npm brought none', () => {
    const root = layOut('checkout', 'src/main.ts')
    linkNode('tools/node')
    assert.equal(started(run(join(root, 'bin/conclave'))).main, join(root, 'src/main.ts'))
  })

  for (const [what, script] of [
    ['is too old', 'echo v20.19.4'],
    ['is too old by one', 'echo v23.11.1'],
    ['does not start', 'exit 126'],
    ['answers nonsense', 'echo nonsense'],
  ] as const) {
    test(`passes over a Node.js that ${what}`, () => {
      const root = layOut('checkout', 'src/main.ts')
      plant(join(root, 'node_modules/.bin/node'), `#!/bin/sh\n${script}\n`)
      chmodSync(join(root, 'node_modules/.bin/node'), 0o755)
      linkNode('tools/node')
      assert.equal(started(run(join(root, 'bin/conclave'))).main, join(root, 'src/main.ts'))
      rmSync(join(noNode, 'node'))
      assert.equal(run(join(root, 'bin/conclave')).status, 1)
    })
  }

  for (const [where, main, next] of [
    ['a checkout', 'src/main.ts', /Next: run {2}npm ci {2}in .*checkout, or install Node\.js 24/],
    ['a package', 'dist/main.js', /Next: install the package again, with its optional packages, or install/],
  ] as const) {
    test(`refuses to start without a Node.js, and tells the user of ${where} what to do`, () => {
      const root = layOut('checkout', main)
      const { status, stdout, stderr } = run(join(root, 'bin/conclave'), ['version'])
      assert.equal(status, 1)
      assert.equal(stdout, '')
      assert.match(stderr, /^conclave: no Node\.js 24 or newer was found\.\nConclave needs it to run/)
      assert.match(stderr, next)
      assert.doesNotMatch(stderr, /not found|unbound|integer/)
    })
  }

  test('refuses a package without sources and build', () => {
    const root = layOut('checkout', null)
    const { status, stderr } = run(join(root, 'bin/conclave'))
    assert.equal(status, 1)
    assert.match(stderr, /dist\/main\.js is missing: this package holds neither sources nor a build\./)
    assert.match(stderr, /Next: run {2}npm run build/)
  })
})

function plant(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
}

/** On the path of whoever runs the tests. */
function whereIs(tool: string): string {
  const folders = (process.env['PATH'] ?? '').split(':')
  const found = folders.map((one) => join(one, tool)).find((one) => existsSync(one))
  assert.ok(found !== undefined, `${tool} is on the path`)
  return found
}
