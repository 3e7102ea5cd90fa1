import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { ServerProcess, temporaryFolder } from './api/server-process.ts'

const README = readFileSync(new URL('../README.md', import.meta.url), 'utf8')

test('the curl walk-through of the README: from an empty store to new shares that open it', async () => {
  const lines = /<!-- walk-through -->\n```sh\n([\s\S]*?)```/.exec(README)?.[1]
  assert(lines !== undefined, 'the README has a walk-through')
  const work = temporaryFolder()
  const server = await ServerProcess.start(join(work.path, 'data'))
  // Without blocking this process: the server's pipes are read here.
  const { spawn } = await import('node:child_process')
  const shell = spawn('bash', ['-eu'], {
    cwd: work.path,
    env: {
      ...process.env,
      CONCLAVE_ADDR: server.origin,
      PATH: `${dirname(process.execPath)}:${process.env['PATH']}`,
    },
  })
  let output = ''
  shell.stdout.on('data', (chunk) => {
    output += String(chunk)
  })
  shell.stderr.on('data', (chunk) => {
    output += String(chunk)
  })
  shell.stdin.end(lines)
  const code = await new Promise((resolve) => shell.once('exit', resolve))
  await server.stop()
  work.remove()
  assert.equal(code, 0, output)
  const answers = output
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  const shown = answers.map((answer) => ({ ...answer, nonce: undefined }))
  assert.deepEqual(
    shown
      .slice(2, 5)
      .map(
        ({ started, t, n, progress, required, complete }) => complete ?? [started, t, n, progress, required],
      ),
    [[false, 0, 0, 0, 2], false, [true, 3, 5, 1, 2]],
  )
  assert.equal(answers[5].code, 'share_unknown')
  assert.equal(answers[6].code, 'share_retired')
  assert.deepEqual(
    answers.slice(7, 10).map(({ sealed }) => sealed),
    [true, true, false],
  )
  assert.deepEqual(answers[10].data, { password: 'tiger' })
})

test('every page that the README names is there', () => {
  for (const [, target] of README.matchAll(/\]\(([^)#:]+)\)/g)) {
    assert(existsSync(new URL(`../${target}`, import.meta.url)), `${target} is missing`)
  }
})

test('the README names the two commands, and package.json has them', () => {
  assert.match(README, /npm ci && npm start/)
  assert.match(README, /npm ci && npm test/)
  const { scripts } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  assert(scripts.start !== undefined && scripts.test !== undefined)
  const help = spawnSync(new URL('../bin/conclave', import.meta.url).pathname, ['--help'], {
    encoding: 'utf8',
  })
  assert.equal(help.status, 0, help.stderr)
})
