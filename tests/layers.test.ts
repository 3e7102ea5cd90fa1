import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { posix, relative } from 'node:path'
import { describe, test } from 'node:test'
import { type Import, importsOf } from './source/imports.ts'

/**
 * Who may import whom: docs/architecture.md "Direction" as data. The most specific row holds. A row's own
 * files may always import each other. An entry that ends in `/` is a whole room; one that does not is a
 * single file.
 */
interface Row {
  readonly rooms: readonly string[]
  /** `node:` modules. */
  readonly node?: readonly string[]
  readonly packages?: readonly string[]
}

// Arithmetic and contracts; `crypto/node/` is not among them: primitives are handed in.
const CRYPTO = ['crypto/primitives.ts', 'crypto/nonce-pool.ts', 'crypto/shamir.ts']

const ROWS: Readonly<Record<string, Row>> = {
  'base/': { rooms: [] },
  'crypto/': { rooms: ['base/'] },
  'crypto/node/': { rooms: ['base/', 'crypto/primitives.ts'], node: ['node:crypto'] },
  'physical/': { rooms: ['base/'] },
  'physical/memory/': { rooms: ['base/', 'physical/backend.ts', 'physical/keys.ts'] },
  'physical/sqlite/': {
    rooms: ['base/', 'physical/backend.ts', 'physical/keys.ts'],
    node: ['node:fs', 'node:path', 'node:sqlite', 'node:url', 'node:worker_threads'],
  },
  // No `node:` module, so that a browser can use it. Of bip39 only the list of words.
  'custody/': { rooms: ['base/', 'crypto/primitives.ts'], packages: ['@scure/bip39/wordlists/english.js'] },
  'barrier/': { rooms: ['base/', ...CRYPTO, 'physical/backend.ts'] },
  'seal/': { rooms: ['base/', ...CRYPTO, 'custody/'] },
  // The storage contract, because an install is one commit of records that stand outside the barrier. Of the
  // journal only its contract.
  'ceremony/': {
    rooms: [
      ...['base/', ...CRYPTO, 'custody/', 'seal/', 'barrier/', 'physical/backend.ts'],
      'ceremony/journal/journal.ts',
    ],
  },
  'ceremony/journal/': { rooms: ['base/', 'crypto/primitives.ts', 'custody/record-fields.ts'] },
  // The one file of the room that touches a disk.
  'ceremony/journal/file-journal.ts': {
    rooms: ['base/', 'ceremony/journal/'],
    node: ['node:fs', 'node:path'],
  },
  // Fulfils a contract of `ceremony/`, which never sees who does; the library is nobody else's.
  'delivery/openpgp/': { rooms: ['base/', 'ceremony/delivery.ts'], packages: ['openpgp'] },
  'logical/': { rooms: ['base/', 'logical/json-tokens.ts'] },
  // Whether bytes are UTF-8 is asked of the engine: it reads every string of every body.
  'logical/json-tokens.ts': { rooms: ['base/', 'logical/json.ts'], node: ['node:buffer'] },
  // `*` is one engine or auth method; its siblings are other rooms.
  'engines/*/': { rooms: ['base/', 'crypto/primitives.ts', 'logical/'] },
  'auth/*/': { rooms: ['base/', 'crypto/primitives.ts', 'logical/'] },
  'hcl/': { rooms: ['base/'] },
  'policy/': { rooms: ['base/', 'crypto/primitives.ts', 'logical/', 'hcl/'] },
  'token/': { rooms: ['base/', 'crypto/primitives.ts', 'logical/'] },
  'lease/': { rooms: ['base/', 'crypto/primitives.ts', 'logical/'] },
  // Answers behind a token: what is kept, and the form of the token. The tokens are handed in.
  'wrapping/': { rooms: ['base/', 'crypto/primitives.ts', 'logical/'] },
  'identity/': { rooms: ['base/', 'crypto/primitives.ts', 'logical/'] },
  'quota/': { rooms: ['base/', 'logical/'] },
  'audit/': { rooms: ['base/', 'crypto/primitives.ts', 'logical/'] },
  // Numbers of requests. The library is loaded by who first asks for them.
  'metrics/': { rooms: ['base/', 'logical/'], packages: ['prom-client'] },
  'router/': {
    rooms: ['base/', 'logical/', 'policy/', 'token/', 'lease/', 'identity/', 'audit/'],
  },
  // The primitives' contract, because the transcript and the health of a node are shown with their digests.
  'system/': {
    rooms: [
      ...['base/', 'crypto/primitives.ts', 'logical/', 'custody/', 'ceremony/'],
      ...['router/', 'policy/', 'token/', 'lease/', 'wrapping/', 'identity/', 'audit/', 'quota/'],
    ],
  },
  'config/': { rooms: ['base/', 'hcl/'], node: ['node:fs', 'node:path'] },
  'http/': {
    rooms: ['base/', 'logical/', 'router/'],
    node: ['node:buffer', 'node:http', 'node:https', 'node:net', 'node:tls'],
  },
  'client/': { rooms: ['base/'], node: ['node:events', 'node:http', 'node:https', 'node:net'] },
  'offline/': {
    rooms: ['base/', ...CRYPTO, 'custody/', 'seal/', 'barrier/', 'physical/'],
    node: ['node:fs', 'node:fs/promises', 'node:path', 'node:sqlite', 'node:url'],
  },
  // Crypto contracts, because check words of a share are a hash that `main.ts` hands in. Of delivery what
  // reads a file: a private key is to be refused before it leaves the machine.
  'cli/': {
    rooms: [
      ...['base/', ...CRYPTO, 'custody/', 'client/', 'offline/', 'config/', 'hcl/'],
      ...['cli/demo/', 'cli/run/'],
      'delivery/openpgp/key-file.ts',
    ],
    node: ['node:fs', 'node:fs/promises', 'node:path', 'node:stream', 'node:timers/promises', 'node:tty'],
    packages: ['commander', 'yaml'],
  },
  // The one place that starts a program of the user's choice.
  'cli/run/': { rooms: ['base/', 'client/', 'cli/'], node: ['node:child_process', 'node:os'] },
  // Starts the demo's server, in a folder of its own.
  'cli/demo/': {
    rooms: ['base/', 'custody/', 'client/', 'cli/'],
    node: ['node:child_process', 'node:fs/promises', 'node:os', 'node:path', 'node:timers/promises'],
  },
  // The composition root knows every room but `cli` and `client`, which are the other program.
  'server/': {
    rooms: [
      ...[
        'base/',
        'crypto/',
        'physical/',
        'custody/',
        'barrier/',
        'seal/',
        'ceremony/',
        'delivery/',
        'logical/',
        'engines/',
      ],
      ...[
        'auth/',
        'hcl/',
        'policy/',
        'token/',
        'lease/',
        'wrapping/',
        'identity/',
        'audit/',
        'quota/',
        'metrics/',
        'router/',
        'system/',
        'config/',
      ],
      ...['http/', 'offline/', 'server/system-ports.ts', 'server/this-process.ts'],
    ],
    node: ['node:fs', 'node:path'],
    packages: ['pino'],
  },
  // The machine is read where time and randomness are made: `node:fs` for how full the disk is. And the one
  // way to the engine's collector, which asks for `node:v8` and `node:vm`.
  'server/system-ports.ts': {
    rooms: ['base/', 'system/host-readings.ts'],
    node: ['node:crypto', 'node:fs', 'node:os', 'node:v8', 'node:vm'],
  },
  // How this process was started, and what keeps its memory from a disk: `/proc`, the inspector, the names.
  'server/this-process.ts': {
    rooms: ['server/certificate-names.ts', 'server/hygiene.ts', 'server/runtime-flags.ts'],
    node: ['node:fs', 'node:inspector', 'node:os', 'node:path'],
  },
  // Which program to start, and the hash that the command line needs.
  'main.ts': { rooms: ['cli/', 'server/', 'crypto/node/'] },
}

/** What is wrong with the imports of `source`, a file at `path` below src. */
function faultsOf(path: string, source: string): readonly string[] {
  const key = rowKeyOf(path)
  const row = key === null ? null : ROWS[key]
  if (key === null || row === undefined || row === null) return [`${path}: belongs to no room of the table`]
  const own = ownRoomOf(key, path)
  return importsOf(source).flatMap((one) => {
    if (path === THREAD_STARTER && one.isThread) return []
    const why = refusal(one, { path, own, row })
    return why === null ? [] : [`${path}:${one.line}: ${why}`]
  })
}

// Chooses between `./writer.ts` and `./writer.js`, as it runs itself unbuilt or built; the wall sees neither.
const THREAD_STARTER = 'physical/sqlite/writer-client.ts'

function refusal(
  { specifier }: Import,
  from: { readonly path: string; readonly own: string; readonly row: Row },
): string | null {
  if (specifier === null) return 'imports what is computed; a wall cannot judge it'
  // Escapes of JavaScript and of URLs: `./%2e%2e/` is `../`.
  if (!/^[\w@./:-]+$/.test(specifier)) return `is written so that a wall cannot read it: ${specifier}`
  if (specifier.startsWith('node:')) {
    return (from.row.node ?? []).includes(specifier) ? null : `may not use ${specifier}`
  }
  if (!specifier.startsWith('.')) {
    return (from.row.packages ?? []).includes(specifier) ? null : `may not use the package ${specifier}`
  }
  const target = posix.normalize(posix.join(posix.dirname(from.path), specifier))
  if (target.startsWith('..')) return `leaves src: ${specifier}`
  if (/\.test\.ts$/.test(target)) return `imports a test: ${specifier}`
  if (isOwn(target, from.own)) return null
  return from.row.rooms.some((room) => within(target, room)) ? null : `may not import ${target}`
}

/**
 * In the same row: `crypto/shamir.ts` may not reach `crypto/node/` only because it stands below `crypto/`.
 */
function isOwn(target: string, own: string): boolean {
  const key = rowKeyOf(target)
  return key !== null && ownRoomOf(key, target) === own
}

function within(target: string, room: string): boolean {
  // `crypto/` in a row means all of it; the finer rows name files.
  return room.endsWith('/') ? target.startsWith(room) : target === room
}

/** The most specific row for a file. */
function rowKeyOf(path: string): string | null {
  const keys = Object.keys(ROWS).filter((key) => patternOf(key).test(path))
  return keys.sort((left, right) => right.length - left.length)[0] ?? null
}

function patternOf(key: string): RegExp {
  return new RegExp(`^${key.replaceAll('.', '\\.').replace('*', '[^/]+')}${key.endsWith('/') ? '' : '$'}`)
}

/** What a file shares with its neighbours: `engines/kv/` for a file of that engine. */
function ownRoomOf(key: string, path: string): string {
  return patternOf(key).exec(path)?.[0] ?? key
}

const SRC = `${import.meta.dirname}/../src`

describe('the walls of the house', () => {
  const files = globSync(`${SRC}/**/*.ts`).map((file) => relative(SRC, file).replaceAll('\\', '/'))
  const sources = files.filter((file) => !file.endsWith('.test.ts'))

  test('no file imports a room, a node module or a package that its row does not name', () => {
    assert.ok(sources.length > 100, 'the sources were found')
    const faults = sources.flatMap((file) => faultsOf(file, readFileSync(`${SRC}/${file}`, 'utf8')))
    assert.deepEqual(faults, [])
  })

  test('the table has no circle', () => {
    const room = (path: string): string => path.split('/')[0] ?? path
    const next = new Map<string, Set<string>>()
    for (const [key, row] of Object.entries(ROWS)) {
      const known = next.get(room(key)) ?? new Set()
      for (const target of row.rooms) if (room(target) !== room(key)) known.add(room(target))
      next.set(room(key), known)
    }
    const visit = (name: string, above: readonly string[]): void => {
      assert.ok(!above.includes(name), `a circle: ${[...above, name].join(' -> ')}`)
      for (const target of next.get(name) ?? []) visit(target, [...above, name])
    }
    for (const name of next.keys()) visit(name, [])
  })
})

describe('the walls refuse, in whatever form it is written,', () => {
  const upward = '../server/build.ts'
  const forms = [
    `import { buildServer } from '${upward}'`,
    `import { buildServer } from "${upward}"`,
    `import build from '${upward}'`,
    `import * as build from '${upward}'`,
    `import type { Server } from '${upward}'`,
    `import { type Server } from '${upward}'`,
    `import {\n  buildServer, // from './x.ts'\n  type Server,\n} from '${upward}'`,
    `import /* from './x.ts' */ build from '${upward}'`,
    `import '${upward}'`,
    `import build = require('${upward}')`,
    `export { buildServer } from '${upward}'`,
    `export type { Server } from '${upward}'`,
    `export * from '${upward}'`,
    `export type * from '${upward}'`,
    `export * as build from '${upward}'`,
    `const build = await import('${upward}')`,
    `const build = await import(\`${upward}\`)`,
    `const text = \`\${(await import('${upward}')).VERSION}\``,
    `type Server = import('${upward}').Server`,
    `const build = require('${upward}')`,
    `const path = import.meta.resolve('${upward}')`,
    `new Worker(new URL('${upward}', import.meta.url))`,
    `new Worker(new URL(\`${upward}\`, import.meta.url))`,
    `const build = await import('${upward}', { with: {} })`,
    `const half = (a + b) / 2\nimport('${upward}') // a /`,
  ]
  for (const form of forms) {
    test(JSON.stringify(form), () => {
      assert.equal(faultsOf('barrier/planted.ts', form).length, 1)
    })
  }

  const others = [
    ['a computed import', 'engines/kv/planted.ts', 'await import(name)'],
    ['an import put together', 'barrier/planted.ts', "await import('./' + '../server/build.ts')"],
    ['an import with an escape of URLs', 'barrier/planted.ts', "import './%2e%2e/server/build.ts'"],
    ['an import with an escape of strings', 'barrier/planted.ts', "import './..\\x2fserver/build.ts'"],
    ['a query behind a file', 'barrier/planted.ts', "import './barrier.ts?../server/build.ts'"],
    ['a computed worker', 'barrier/planted.ts', "new Worker(new URL('../server/' + name, import.meta.url))"],
    ['a sibling engine', 'engines/kv/planted.ts', "import { keptKeys } from '../cubbyhole/cubbyhole.ts'"],
    ['a node module', 'custody/planted.ts', "import { createHash } from 'node:crypto'"],
    ['a node module taken from process', 'custody/planted.ts', "process.getBuiltinModule('node:fs')"],
    ['a node module without its prefix', 'custody/planted.ts', "import { readFileSync } from 'fs'"],
    [
      'a child process outside the demo and `run`',
      'cli/planted.ts',
      "import { spawn } from 'node:child_process'",
    ],
    ['a package', 'router/planted.ts', "import pino from 'pino'"],
    ['the library of delivery elsewhere', 'ceremony/planted.ts', "await import('openpgp')"],
    ['a way of delivery in a ceremony', 'ceremony/planted.ts', "import '../delivery/openpgp/wrap.ts'"],
    ['a ceremony in delivery', 'delivery/openpgp/planted.ts', "import '../../ceremony/deal.ts'"],
    [
      'more of delivery than files in the command line',
      'cli/planted.ts',
      "import '../delivery/openpgp/wrap.ts'",
    ],
    [
      'real primitives where only the contract is handed in',
      'custody/planted.ts',
      "import '../crypto/node/primitives.ts'",
    ],
    [
      'the server in the client',
      'client/planted.ts',
      "import type { Custodian } from '../ceremony/custodian.ts'",
    ],
    ['the real primitives in a contract', 'crypto/planted.ts', "import './node/primitives.ts'"],
    ['a way out of src', 'base/planted.ts', "import { SimClock } from '../../tests/sim/clock.ts'"],
    ['a test', 'base/planted.ts', "import './planted.test.ts'"],
    ['a room that is not in the table', 'utils/planted.ts', 'export const one = 1'],
  ] as const
  for (const [what, path, source] of others) {
    test(what, () => assert.equal(faultsOf(path, source).length, 1))
  }

  test('and takes no text, comment, member or export list for an import', () => {
    const harmless = [
      `// import '${upward}'`,
      `/* import('${upward}') */`,
      `const text = "import '${upward}'"`,
      `const text = \`import('${upward}')\``,
      `const pattern = /import\\('${upward.replaceAll('/', '\\/')}'\\)/`,
      `table.import('${upward}')`,
      `const name = 'a'\nexport { name }\nconst from = '${upward}'`,
      `import.meta.dirname`,
    ]
    assert.deepEqual(
      harmless.flatMap((source) => faultsOf('barrier/planted.ts', source)),
      [],
    )
  })
})
