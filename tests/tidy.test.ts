import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { describe, test } from 'node:test'
import { functionsOf } from './source/functions.ts'
import { ambientCalls, bannedLanguage } from './source/manners.ts'
import { projectFiles, ROOT } from './source/tree.ts'

const MAX_FILE_LINES = 500
const USUAL_FILE_LINES = 300
const USUAL_SHARE = 0.9
const MAX_FUNCTION_LINES = 70
const MAX_LINE = 110
const MAX_DIRECT_DEPENDENCIES = 15
const MAX_PACKAGES = 80

const FILES = projectFiles()
const CODE = FILES.filter(({ path }) => path.endsWith('.ts'))
const SRC = CODE.filter(({ path }) => path.startsWith('src/'))
const PRODUCT = SRC.filter(({ path }) => !path.endsWith('.test.ts'))
const SCRIPTS = FILES.filter(({ path }) => path === 'bin/conclave' || path === '.ci/run')

function linesOf(text: string): readonly string[] {
  return text.replace(/\n$/, '').split('\n')
}

describe('sizes', () => {
  test(`no file has more than ${MAX_FILE_LINES} lines`, () => {
    const long = CODE.filter(({ text }) => linesOf(text).length > MAX_FILE_LINES)
    assert.deepEqual(
      long.map(({ path, text }) => `${path}: ${linesOf(text).length}`),
      [],
    )
  })

  test(`nine files in ten of src have at most ${USUAL_FILE_LINES}`, () => {
    const usual = SRC.filter(({ text }) => linesOf(text).length <= USUAL_FILE_LINES)
    assert.ok(usual.length >= SRC.length * USUAL_SHARE, `${usual.length} of ${SRC.length}`)
  })

  test(`no function has more than ${MAX_FUNCTION_LINES} lines`, () => {
    const long = CODE.flatMap(({ path, text }) =>
      functionsOf(text)
        // A suite is a list of tests and not a function that one reads as a paragraph.
        .filter(
          ({ line, lines }) =>
            lines > MAX_FUNCTION_LINES && !/^\s*describe\(/.test(linesOf(text)[line - 1] ?? ''),
        )
        .map(({ name, line, lines }) => `${path}:${line}: ${name} has ${lines}`),
    )
    assert.deepEqual(long, [])
  })

  for (const head of [
    'function long(): void {',
    'export async function long(\n  one: number,\n): Promise<{ readonly two: number }> {',
    'const long = async (one: number): Promise<void> => {',
    'class One {\n  long<T extends { a: 1 }>(one: T): { two: T } | null {',
    'class One {\n  static #long(): readonly string[] {',
  ]) {
    test(`measures a function that begins ${JSON.stringify(head)}`, () => {
      const body = Array.from(
        { length: MAX_FUNCTION_LINES },
        () => "  if (one) { act('}', /[}]/, `}`) } // }",
      ).join('\n')
      const sizes = functionsOf(`${head}\n${body}\n}`).map(({ lines }) => lines)
      assert.ok(Math.max(...sizes) > MAX_FUNCTION_LINES)
    })
  }

  test(`no line of code is longer than ${MAX_LINE} characters`, () => {
    // The title of a test is one sentence, and the formatter keeps it on the line of its `test(`.
    const title = /^\s*(?:test|describe)\(/
    const long = [...CODE, ...SCRIPTS].flatMap(({ path, text }) =>
      linesOf(text).flatMap((line, index) => {
        const exempt = path.endsWith('.test.ts') && title.test(line)
        return [...line].length > MAX_LINE && !exempt ? [`${path}:${index + 1}`] : []
      }),
    )
    assert.deepEqual(long, [])
  })
})

describe('names', () => {
  test('files are kebab-case', () => {
    const kebab = /^[a-z0-9]+(?:-[a-z0-9]+)*(?:\.(?:test|child))?\.ts$/
    assert.deepEqual(
      CODE.map(({ path }) => path).filter((path) => !kebab.test(basename(path))),
      [],
    )
  })

  test('no file and no folder has a name that could hold anything', () => {
    const empty = new Set([
      'core',
      'utils',
      'util',
      'helpers',
      'helper',
      'common',
      'manager',
      'service',
      'types',
      'misc',
    ])
    const offenders = CODE.filter(({ path }) =>
      path.split('/').some((part) => empty.has(part.split('.')[0] ?? '')),
    )
    assert.deepEqual(
      offenders.map(({ path }) => path),
      [],
    )
  })
})

describe('language', () => {
  test('src has no default export, enum, namespace or any', () => {
    const found = SRC.flatMap(({ path, text }) =>
      bannedLanguage(text).map(({ what, line }) => `${path}:${line}: ${what}`),
    )
    assert.deepEqual(found, [])
  })

  for (const planted of [
    'export default 1',
    'export { one as default }',
    'const enum Kind { one }',
    'namespace Kinds { }',
    'const one: any = 1',
    'const one = two as any',
    'const all: Map<string, any> = one',
  ]) {
    test(`refuses ${planted}`, () => assert.equal(bannedLanguage(planted).length, 1))
  }
})

describe('time, randomness, environment and output enter as ports', () => {
  // `server/` makes the ports; `cli/` is a program of its own at a terminal. The client needs none of them:
  // its time-outs are the sockets' own.
  const ports = ['src/server/', 'src/cli/']

  test('no other room reaches for them', () => {
    const found = PRODUCT.filter(({ path }) => !ports.some((room) => path.startsWith(room))).flatMap(
      ({ path, text }) => ambientCalls(text).map(({ what, line }) => `${path}:${line}: ${what}`),
    )
    assert.deepEqual(found, [])
  })

  test('Math.random and crypto.subtle are nowhere', () => {
    const found = PRODUCT.flatMap(({ path, text }) =>
      ambientCalls(text).map(({ what }) => `${path}: ${what}`),
    )
    assert.deepEqual(
      found.filter((one) => /Math\.random|crypto\.subtle|webcrypto/.test(one)),
      [],
    )
  })

  for (const planted of [
    'Date.now()',
    'new Date()',
    'new Date',
    'performance.now()',
    'setTimeout(later, 5)',
    'globalThis.setTimeout(later, 5)',
    'setInterval(later, 5)',
    'Math.random()',
    "import { randomBytes } from 'node:crypto'",
    'crypto.getRandomValues(bytes)',
    "process.env['HOME']",
    "process['env']",
    'process?.env',
    'globalThis.process.env',
    'const { env } = process',
    "Date['now']()",
    "console['log'](1)",
    'process.exit(1)',
    'console.log(1)',
    'crypto.subtle.digest(a, b)',
  ]) {
    test(`refuses ${planted}`, () => assert.ok(ambientCalls(planted).length > 0))
  }

  test('and leaves alone what only looks like them', () => {
    const harmless = [
      'new Date(at)',
      'socket.setTimeout(5)',
      'process.exitCode = 1',
      '// Date.now()',
      "'Date.now()'",
    ]
    assert.deepEqual(harmless.flatMap(ambientCalls), [])
  })
})

describe('text', () => {
  test('work left over names its issue', () => {
    const left = /\b(?:TODO|FIXME|XXX|HACK)\b(?!\(#\d+\))/
    const own = 'tests/tidy.test.ts'
    const found = [...CODE, ...SCRIPTS].filter(({ path, text }) => path !== own && left.test(text))
    assert.deepEqual(
      found.map(({ path }) => path),
      [],
    )
  })

  test('no file names a path of the machine it was written on', () => {
    // In pieces, so that this file passes its own test. `rotate/root/init` is a path of the API.
    const path = new RegExp(['/wo', 'rk/|/ho', 'me/[a-z]|(?<![a-z])/ro', 'ot/|/Us', 'ers/[a-z]'].join(''))
    const found = FILES.flatMap((file) =>
      linesOf(file.text).flatMap((line, index) => (path.test(line) ? [`${file.path}:${index + 1}`] : [])),
    )
    assert.deepEqual(found, [])
  })
})

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

interface Locked {
  readonly version?: string
  readonly resolved?: string
  readonly integrity?: string
  readonly dev?: boolean
  readonly hasInstallScript?: boolean
}

describe('dependencies', () => {
  const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Manifest
  const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, Locked>>
  }
  const locked = Object.entries(lock.packages).filter(([path]) => path !== '')
  const atRuntime = locked.filter(([, one]) => one.dev !== true)

  test('are pinned to one version each', () => {
    const { dependencies, devDependencies, optionalDependencies } = manifest
    const all = Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies })
    assert.deepEqual(
      all.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version)),
      [],
    )
  })

  test('are locked by content, and from no particular registry', () => {
    assert.deepEqual(
      locked.filter(([, one]) => one.resolved !== undefined),
      [],
    )
    assert.deepEqual(
      locked.filter(([, one]) => one.integrity === undefined),
      [],
    )
  })

  test(`are at most ${MAX_DIRECT_DEPENDENCIES} direct ones at run time, ${MAX_PACKAGES} packages in all`, () => {
    assert.ok(Object.keys(manifest.dependencies ?? {}).length <= MAX_DIRECT_DEPENDENCIES)
    assert.ok(locked.length <= MAX_PACKAGES, `${locked.length} packages`)
  })

  test('run nothing when they are installed', () => {
    assert.deepEqual(
      atRuntime.filter(([, one]) => one.hasInstallScript === true),
      [],
    )
  })
})

describe('the linter', () => {
  // The rule is not among the recommended ones: a configuration that lost it would look just as green.
  test('refuses a promise that nobody waits for', () => {
    const folder = mkdtempSync(join(tmpdir(), 'conclave-lint-'))
    try {
      const config = JSON.parse(readFileSync(join(ROOT, 'biome.json'), 'utf8'))
      writeFileSync(
        join(folder, 'biome.json'),
        JSON.stringify({ ...config, $schema: undefined, vcs: undefined }),
      )
      writeFileSync(join(folder, 'planted.ts'), PLANTED)
      const biome = join(ROOT, 'node_modules', '@biomejs', 'biome', 'bin', 'biome')
      const run = spawnSync(process.execPath, [biome, 'lint', '.'], { cwd: folder, encoding: 'utf8' })
      assert.notEqual(run.status, 0)
      assert.match(run.stdout + run.stderr, /noFloatingPromises/)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})

const PLANTED = `async function save(): Promise<void> {
  await Promise.resolve()
}
export function act(): void {
  save()
}
`
