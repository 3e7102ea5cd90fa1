import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { Holder } from '../api/pgp-holder.ts'
import { ServerProcess, temporaryFolder } from '../api/server-process.ts'
import { type Ran, runInTerminal } from './terminal.ts'
import { STEPS, type Step } from './transcript-steps.ts'

/*
 * The commands of key-lifecycle.md section 10.3 in their order, as the peers' command line was used: exit
 * codes, titles and members are the contract. Every difference is named in docs/vault-compatibility.md.
 */

const PAGE = readFileSync(new URL('../../docs/vault-compatibility.md', import.meta.url), 'utf8')
const KEY_LINES = /^(?:Unseal )?Key \d+: (\S+)$/gm

describe('the transcripts of the contract', () => {
  const folder = temporaryFolder()
  const known = new Map<string, string>()
  let holders: readonly Holder[]
  let server: ServerProcess
  before(async () => {
    holders = await Promise.all([Holder.make(), Holder.make(), Holder.make()])
    const files = holders.map((holder, at) => {
      const file = join(folder.path, `pub${at + 1}`)
      writeFileSync(file, [holder.armored, Buffer.from(holder.key, 'base64'), holder.key][at] ?? '')
      return file
    })
    known.set('keys', files.join(',')).set('key', files[0] ?? '')
    server = await ServerProcess.start(join(folder.path, 'data'))
  })
  after(async () => {
    await server.stop()
    folder.remove()
  })

  for (const [at, step] of STEPS.entries()) {
    test(`${at + 1}. ${step.types}`, async () => {
      const argv = filled(step.types, known).split(' ')
      const token = known.get('token')
      const env = { VAULT_ADDR: server.origin, ...(token === undefined ? {} : { VAULT_TOKEN: token }) }
      const ran = await runInTerminal(argv, { env })
      check(step, ran)
      learn(step, ran, known)
      if (step.learnsKeys === 'wrapped') await unwrap(ran, holders, known)
    })
  }

  test('every difference stands in docs/vault-compatibility.md', () => {
    const rows = new Set([...PAGE.matchAll(/^\| (.+?) \|/gm)].map(([, cell]) => cell))
    const differences = new Set(STEPS.flatMap(({ differs }) => differs ?? []))
    assert.ok(differences.size >= 5)
    assert.deepEqual(
      [...differences].filter((difference) => !rows.has(difference)),
      [],
    )
  })
})

function filled(types: string, known: ReadonlyMap<string, string>): string {
  return types.replace(/\{(\w+)\}/g, (_, name: string) => known.get(name) ?? assert.fail(`no ${name} yet`))
}

function check(step: Step, { exitCode, stdout, stderr }: Ran): void {
  assert.equal(exitCode, step.exit, `${stdout}${stderr}`)
  if (step.table !== undefined) assert.deepEqual(titlesIn(stdout), step.table)
  if (step.json !== undefined) assert.deepEqual(Object.keys(JSON.parse(stdout)), step.json)
  if (step.prints !== undefined) assert.match(stdout, step.prints)
  if (step.says !== undefined) assert.match(stderr, step.says)
}

/** The first column of a table, without its header. */
function titlesIn(stdout: string): readonly string[] {
  const titles = [...stdout.matchAll(/^(\S.*?) {4,}\S.*$/gm)].map(([, title]) => title ?? '')
  return titles[0] === 'Key' ? titles.slice(2) : titles
}

function learn(step: Step, { stdout }: Ran, known: Map<string, string>): void {
  for (const [name, title] of Object.entries(step.learns ?? {})) {
    const value = new RegExp(`^${title} {4,}(.+)$`, 'm').exec(stdout)?.[1]
    assert.ok(value !== undefined, `${title} stands in the answer`)
    known.set(name, value)
  }
  for (const [at, [, key]] of [...stdout.matchAll(KEY_LINES)].entries()) {
    if (step.learnsKeys !== undefined) known.set(`${step.learnsKeys}${at + 1}`, key ?? '')
  }
  const token = /^Initial Root Token: (\S+)$/m.exec(stdout)?.[1]
  if (token !== undefined) known.set('token', token)
}

/** What `base64 -d | gpg -d` gives each holder. */
async function unwrap(ran: Ran, holders: readonly Holder[], known: Map<string, string>): Promise<void> {
  const { keys_base64 } = JSON.parse(ran.stdout)
  for (const [at, holder] of holders.entries()) known.set(`read${at + 1}`, await holder.read(keys_base64[at]))
}
