import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { COMMANDS } from '../commands.ts'
import { type Answer, answerTo } from './answer.ts'
import { readTypedLine } from './typed-line.ts'

/** What stands for a server here: every path that it is asked about goes on twice. */
async function paths(typed: string, kind: string): Promise<readonly string[]> {
  asked.push(`${kind} ${typed}`)
  return [`${typed}1`, `${typed}2/`]
}
const asked: string[] = []

async function answer(line: string): Promise<Answer> {
  return await answerTo(readTypedLine('fish', line), paths)
}

async function values(line: string): Promise<readonly string[]> {
  return (await answer(line)).candidates.map(({ value }) => value)
}

describe('completes', () => {
  for (const [line, expected] of [
    ['conclave sta', ['status']],
    ['conclave op', ['operator']],
    ['conclave operator se', ['seal']],
    ['conclave operator rotate', ['rotate-keys', 'rotate']],
    ['conclave read -fo', ['-format=']],
    ['conclave read --fo', ['--format=']],
    ['conclave read -format=', ['table', 'json', 'pretty', 'yaml', 'raw'].map((form) => `-format=${form}`)],
    ['conclave read -format=j', ['-format=json']],
    ['conclave read --format j', ['json']],
    [
      'conclave operator init -share-format=',
      ['base64', 'hex', 'words'].map((one) => `-share-format=${one}`),
    ],
    ['conclave operator rekey -target=', ['-target=barrier', '-target=recovery']],
    ['conclave operator rotate-keys -target r', ['recovery']],
    ['conclave server -log-format=', ['-log-format=standard', '-log-format=json']],
    ['conclave completion ', ['bash', 'zsh', 'fish']],
    ['conclave read sec', ['sec1', 'sec2/']],
    ['conclave read -format json sec', ['sec1', 'sec2/']],
    ['conclave write -- -x', ['-x1', '-x2/']],
    ['conclave k', ['kv']],
    ['conclave kv me', ['metadata']],
    ['conclave kv metadata p', ['put', 'patch']],
    ['conclave token create -renewable=', ['-renewable=true', '-renewable=false']],
    ['conclave kv get -mount=se', ['-mount=se1', '-mount=se2/']],
    ['conclave kv get --mount se', ['se1', 'se2/']],
    ['conclave kv get -mount=secret a', ['a1', 'a2/']],
    ['conclave kv get -mount secret/ a', ['a1', 'a2/']],
    ['conclave run secret/a se', ['se1', 'se2/']],
  ] as const) {
    test(JSON.stringify(line), async () => assert.deepEqual(await values(line), expected))
  }

  test('paths as the command reads them', async () => {
    for (const [line, expected] of [
      ['conclave read se', 'logical se'],
      ['conclave kv get se', 'kv se'],
      ['conclave kv metadata delete se', 'kv se'],
      ['conclave kv get -mount=secret/ a', 'literal secret/a'],
      ['conclave kv get -mount=s', 'mounts s'],
      ['conclave run se', 'kv se'],
    ] as const) {
      asked.length = 0
      await values(line)
      assert.deepEqual(asked, [expected], line)
    }
  })

  test('every command, by its words', async () => {
    for (const { name } of COMMANDS) {
      const words = name.split(' ')
      const line = `conclave ${name}`
      assert.ok((await values(line)).includes(words.at(-1) ?? ''), line)
    }
  })

  test('every flag of every command, and of those with closed values each value', async () => {
    for (const { name, load } of COMMANDS) {
      const { command } = await load()
      const offered = await values(`conclave ${name} -`)
      for (const flag of command.flags) {
        assert.ok(offered.includes(flag.kind === 'switch' ? `-${flag.name}` : `-${flag.name}=`), flag.name)
        if (flag.choices === undefined) continue
        const wanted = flag.choices.map((value) => `-${flag.name}=${value}`)
        assert.deepEqual(await values(`conclave ${name} -${flag.name}=`), wanted)
      }
    }
  })

  for (const [line, kind] of [
    ['conclave snapshot save ', 'files'],
    ['conclave snapshot inspect /tmp', 'files'],
    ['conclave transcript verify one two ', 'files'],
    ['conclave operator unseal -share-file=', 'files'],
    ['conclave operator unseal -share-file ', 'files'],
    ['conclave operator init -pgp-keys=', 'files'],
    ['conclave server -config=', 'files'],
    ['conclave status -ca-cert=', 'files'],
    ['conclave server -data=', 'folders'],
    ['conclave custody rekey -out ', 'folders'],
  ] as const) {
    test(`${line} with ${kind}`, async () => {
      assert.deepEqual(await answer(line), { kind, candidates: [] })
    })
  }
})

describe('offers nothing', () => {
  for (const [what, line] of [
    ['for a share', 'conclave operator unseal '],
    ['for a share of a change', 'conclave operator rekey X'],
    ['for a token', 'conclave server -dev -dev-root-token-id='],
    ['for a one-time password', 'conclave operator generate-root -otp '],
    ['for the values of a secret', 'conclave write secret/a '],
    ['behind all operands', 'conclave list secret/ '],
    ['for a command that is not there', 'conclave bogus '],
    ['for a flag that is not there', 'conclave read -bogus='],
    ['for a switch that is given a value', 'conclave read -help='],
    ['for a flag behind --', 'conclave version -- -'],
    ['for a token that is looked up', 'conclave token lookup '],
    ['for a token that is kept', 'conclave login '],
  ] as const) {
    test(what, async () => assert.deepEqual(await answer(line), { kind: 'words', candidates: [] }))
  }

  test('a second time of a flag, unless it may be given several times', async () => {
    assert.deepEqual(await values('conclave read -format=json -fo'), [])
    assert.deepEqual(await values('conclave server -config=a -conf'), ['-config='])
  })

  for (const flag of ['-address=http://other', '-address http://other', '-ns x', '-tls-skip-verify']) {
    test(`of another server than that of the environment: ${flag}`, async () => {
      assert.deepEqual(await values(`conclave read ${flag} sec`), [])
    })
  }
})
