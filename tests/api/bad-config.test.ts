import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { hasCode } from '../../src/base/errors.ts'
import {
  type KeyTable,
  LISTENER_KEYS,
  STORAGE_KEYS,
  TOP_KEYS,
  UNIX_LISTENER_KEYS,
} from '../../src/config/keys.ts'
import { readConfig } from '../../src/config/read.ts'
import { MAIN, temporaryFolder } from './server-process.ts'

const folder = temporaryFolder()
after(folder.remove)

/** Stands for what somebody pastes into the wrong place, in every value that is wrong. */
const SECRET = 'hvs.CanaryOfAConfiguration'
const LEAST = 300

interface Bad {
  readonly what: string
  readonly content: string
  /** Where the mistake is; a value that is missing is missed where something else stands. */
  readonly line: number
}

/** What can be wrong with any key. */
const MISTAKES: readonly (readonly [what: string, write: (key: string) => string])[] = [
  ['a letter too many', (key) => `${key}x = "${SECRET}"`],
  ['a letter too few', (key) => `${key.slice(0, -1)} = "${SECRET}"`],
  ['another name altogether', (key) => `zzz_${key}_zzz = "${SECRET}"`],
  ['a list in a list', (key) => `${key} = ["${SECRET}", ["${SECRET}"]]`],
  ['an object', (key) => `${key} = { secret = "${SECRET}" }`],
  ['a text without an end', (key) => `${key} = "${SECRET}`],
  ['a word without quotes', (key) => `${key} = ${SECRET}`],
  ['one that begins with a digit', (key) => `${key} = 7${SECRET}`],
  ['a word in a list', (key) => `${key} = ["a" ${SECRET}]`],
  ['no value', (key) => `${key} = # ${SECRET}`],
]

interface Place {
  readonly name: string
  readonly keys: KeyTable
  readonly head: readonly string[]
  /** What must be there besides, and stands there unless it is what is wrong. */
  readonly needed?: { readonly key: string; readonly line: string }
  readonly tail: readonly string[]
}

const STORAGE = 'storage "inmem" {}'
const PLACES: readonly Place[] = [
  { name: 'top', keys: TOP_KEYS, head: [STORAGE], tail: [] },
  { name: 'storage', keys: STORAGE_KEYS, head: ['storage "sqlite" {'], tail: ['}'] },
  {
    name: 'listener.tcp',
    keys: LISTENER_KEYS,
    head: [STORAGE, 'listener "tcp" {', '  # of this machine'],
    needed: { key: 'tls_disable', line: 'tls_disable = true' },
    tail: ['}'],
  },
  {
    name: 'listener.unix',
    keys: UNIX_LISTENER_KEYS,
    head: [STORAGE, 'listener "unix" {'],
    needed: { key: 'address', line: 'address = "s"' },
    tail: ['}'],
  },
]

function badConfigs(): readonly Bad[] {
  return PLACES.flatMap(({ name, keys, head, needed, tail }) =>
    [...keys].flatMap(([key, rule]) => {
      const bad = (what: string, line: string): Bad => ({
        what: `${name}.${key}: ${what}`,
        content: [...head, line, ...(needed?.key === key ? [] : [needed?.line ?? '']), ...tail, ''].join(
          '\n',
        ),
        line: head.length + 1,
      })
      if (rule === 'read') return MISTAKES.map(([what, write]) => bad(what, write(key)))
      return 'refused' in rule ? [bad('refused', `${key} = "${SECRET}"`)] : []
    }),
  )
}

/** The sentence that refuses it, without the folder. */
function refusal(content: string): string {
  const path = join(folder.path, 'c.hcl')
  writeFileSync(path, content)
  try {
    readConfig({ paths: [path], flags: {}, environment: {} })
  } catch (error) {
    assert.ok(hasCode(error, 'config_invalid'), String(error))
    return error.message.replaceAll(`${folder.path}/`, '')
  }
  return 'it was taken'
}

describe('a configuration with one mistake', () => {
  const all = badConfigs()

  test(`is refused with its line, and no value of it is shown (${all.length} of them)`, (t) => {
    assert.ok(all.length >= LEAST)
    const wrong = all.flatMap(({ what, content, line }) => {
      const sentence = refusal(content)
      const place = /^c\.hcl:(\d+):\d+: ./.exec(sentence)?.[1]
      const isThere = place === String(line) || (what.endsWith('no value') && Number(place) > line)
      const faults = [
        ...(isThere ? [] : [`line ${line} is not told`]),
        ...(sentence.includes(SECRET) ? ['a value is shown'] : []),
      ]
      return faults.map((fault) => `${what}: ${fault}: ${sentence}`)
    })
    t.diagnostic(`O1: ${all.length} configurations, ${wrong.length} not refused so; target: 0 of ${LEAST}`)
    assert.deepEqual(wrong, [])
  })

  test('ends the start of a server with 1 and that sentence alone', (t) => {
    for (const at of [0, Math.floor(all.length / 2), all.length - 1]) {
      const { content = '' } = all[at] ?? {}
      const path = join(folder.path, 'c.hcl')
      const sentence = refusal(content)
      const argv = ['--disable-warning=ExperimentalWarning', MAIN, 'server', `-config=${path}`]
      const began = performance.now()
      const { status, stdout, stderr } = spawnSync(process.execPath, argv, { encoding: 'utf8' })
      t.diagnostic(`O1: ended after ${((performance.now() - began) / 1000).toFixed(2)} s; target: 2 s`)
      assert.deepEqual([status, stdout], [1, ''])
      assert.equal(stderr.replaceAll(`${folder.path}/`, ''), `Error starting the server: ${sentence}\n`)
    }
  })
})
