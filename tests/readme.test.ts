import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { test } from 'node:test'
import { temporaryFolder } from './api/server-process.ts'
import { ROOT } from './source/tree.ts'

const README = readFileSync(new URL('../README.md', import.meta.url), 'utf8')

/** The lines of the block that stands behind a mark in the README. */
function block(mark: string): string {
  const lines = new RegExp(`<!-- ${mark} -->\\n\`\`\`sh\\n([\\s\\S]*?)\`\`\``).exec(README)?.[1]
  assert(lines !== undefined, `the README has a block "${mark}"`)
  return lines
}

/** The README's second server, by the README's line, on a port that the system chooses. */
async function startServer(temporary: string): Promise<{ origin: string; stop: () => Promise<unknown> }> {
  const line = block('its server').replace(':8300', ':0')
  assert.notEqual(line, block('its server'))
  const child = spawn('sh', ['-euc', line], {
    cwd: ROOT,
    env: { ...process.env, TMPDIR: temporary },
    // A group of its own: npm starts a shell, and that the server.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = new Promise((resolve) => child.once('close', resolve))
  let said = ''
  const origin = await new Promise<string>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => {
        said += String(chunk)
        const found = /Listener 1: (http:\/\/\S+)/.exec(said)?.[1]
        if (found !== undefined) resolve(found)
      })
    }
    void ended.then(() => reject(new Error(said)))
  })
  const stop = (): Promise<unknown> => {
    process.kill(-(child.pid ?? 0), 'SIGTERM')
    return ended
  }
  return { origin, stop }
}

test('the curl walk-through of the README: from an empty store to new shares that open it', async () => {
  const work = temporaryFolder()
  const server = await startServer(work.path)
  // Without blocking this process: the server's pipes are read here.
  const shell = spawn('bash', ['-eu'], {
    cwd: ROOT,
    env: {
      ...process.env,
      CONCLAVE_ADDR: server.origin,
      TMPDIR: work.path,
      PATH: `${dirname(process.execPath)}:${process.env['PATH']}`,
    },
  })
  let output = ''
  for (const stream of [shell.stdout, shell.stderr]) {
    stream.on('data', (chunk) => {
      output += String(chunk)
    })
  }
  shell.stdin.end(block('walk-through'))
  const code = await new Promise((resolve) => shell.once('close', resolve))
  await server.stop()
  const open = spawnSync('find', [work.path, '-type', 'f', '-perm', '/077'], { encoding: 'utf8' }).stdout
  work.remove()
  assert.equal(code, 0, output)
  assert.equal(open, '', 'no file that others can read')
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
