import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { MAX_CONFIG_FILES, MAX_HCL_UNITS } from '../base/limits.ts'
import { readConfig } from './read.ts'

const folder = mkdtempSync(join(tmpdir(), 'conclave-config-'))
after(() => rmSync(folder, { recursive: true }))

const STORAGE = 'storage "inmem" {}\n'
let count = 0

/** A folder of its own with these files. */
function files(contents: Readonly<Record<string, string | Uint8Array>>): string {
  const place = join(folder, String(count++))
  mkdirSync(place)
  for (const [name, content] of Object.entries(contents)) writeFileSync(join(place, name), content)
  return place
}

describe('several files', () => {
  const environment = {}

  test('of a folder are read by name, and say what they say together', () => {
    const place = files({
      '20-b.json': '{"listener": {"tcp": {"address": "127.0.0.1:2", "tls_disable": true}}}',
      '10-a.hcl':
        'storage "file" { path = "d" }\nlistener "tcp" {\n address = "127.0.0.1:1"\n tls_disable = true }',
      'c.txt': 'no configuration',
      '.hidden.hcl': 'no configuration',
      'd.hcl~': 'no configuration',
    })
    mkdirSync(join(place, 'folder.hcl'))
    const { config } = readConfig({ paths: [place], flags: {}, environment })
    assert.deepEqual(
      config.listeners.map((listener) => listener.type === 'tcp' && listener.port),
      [1, 2],
    )
    assert.deepEqual(config.storage, { type: 'sqlite', folder: join(place, 'd') })
  })

  test('may be links, as volumes of a cluster are; paths are relative to where the link stands', () => {
    const data = files({ 'c.hcl': 'storage "file" { path = "d" }' })
    const place = files({})
    symlinkSync(join(data, 'c.hcl'), join(place, 'c.hcl'))
    const { config } = readConfig({ paths: [place], flags: {}, environment })
    assert.deepEqual(config.storage, { type: 'sqlite', folder: join(place, 'd') })
  })

  test('each have their own paths', () => {
    const one = files({ 'c.hcl': 'storage "file" { path = "d" }' })
    const two = files({ 'c.hcl': 'pid_file = "p"' })
    const paths = [join(one, 'c.hcl'), join(two, 'c.hcl')]
    const { config } = readConfig({ paths, flags: {}, environment })
    assert.deepEqual(
      [config.storage, config.pidFile],
      [{ type: 'sqlite', folder: join(one, 'd') }, join(two, 'p')],
    )
  })

  const conflicts = [
    [
      'a second storage',
      { 'a.hcl': STORAGE, 'b.hcl': STORAGE },
      'b.hcl:1:1: only one "storage" block is permitted; the first is at ',
    ],
    [
      'a setting that stands in two',
      { 'a.hcl': `${STORAGE}log_level = "info"`, 'b.hcl': 'log_level = "warn"' },
      'b.hcl:1:1: "log_level" stands at ',
    ],
  ] as const
  for (const [what, contents, message] of conflicts) {
    test(`refuse ${what}, naming both places`, () => {
      const place = files(contents)
      const expected = message.replace(/^/, `${place}/`)
      assert.throws(
        () => readConfig({ paths: [place], flags: {}, environment }),
        (error: Error) => error.message.startsWith(expected) && error.message.includes(`${place}/a.hcl:`),
      )
    })
  }

  test('are as many as the limit, and not one more', () => {
    const names = Array.from({ length: MAX_CONFIG_FILES }, (_, index) => [
      `${index}.hcl`,
      index === 0 ? STORAGE : '',
    ])
    const place = files(Object.fromEntries(names))
    assert.equal(readConfig({ paths: [place], flags: {}, environment }).config.storage.type, 'inmem')
    writeFileSync(join(place, 'more.json'), '{}')
    assert.throws(
      () => readConfig({ paths: [place], flags: {}, environment }),
      /has more than 64 files, the limit$/,
    )
  })
})

describe('refuses a file', () => {
  const attempt = (path: string): void => {
    readConfig({ paths: [path], flags: {}, environment: {} })
  }

  test('that is not there', () => {
    assert.throws(() => attempt(join(folder, 'none.hcl')), /none\.hcl: does not exist$/)
  })

  test('of a folder that has none', () => {
    assert.throws(() => attempt(files({ 'c.txt': '' })), /: is a folder without a \.hcl or \.json file$/)
  })

  test('that is not UTF-8', () => {
    const place = files({ 'c.hcl': new Uint8Array([0x61, 0xff]) })
    assert.throws(() => attempt(join(place, 'c.hcl')), /c\.hcl: is not UTF-8$/)
  })

  test('that is longer than the limit', () => {
    const place = files({
      'c.hcl': STORAGE.padEnd(MAX_HCL_UNITS, ' '),
      'd.hcl': ' '.repeat(MAX_HCL_UNITS + 1),
    })
    attempt(join(place, 'c.hcl'))
    assert.throws(() => attempt(join(place, 'd.hcl')), /d\.hcl: is larger than 1048576 bytes, the limit$/)
  })
})
