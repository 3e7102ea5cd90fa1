import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, test } from 'node:test'
import { MAIN } from '../api/server-process.ts'
import { OpenedServer } from './opened-server.ts'

/** `conclave run` as a process of its own, with the token of the server's root. */
function start(server: OpenedServer, argv: readonly string[], more: NodeJS.ProcessEnv = {}): ChildProcess {
  const flags = ['--disable-warning=ExperimentalWarning', '--disable-sigusr1', MAIN, 'run']
  const { PATH, LD_LIBRARY_PATH } = process.env
  const own = { CONCLAVE_ADDR: server.server.origin, CONCLAVE_TOKEN: server.token }
  const env = { PATH, LD_LIBRARY_PATH, ...own, ...more }
  return spawn(process.execPath, [...flags, ...argv], { env, stdio: ['pipe', 'pipe', 'pipe'] })
}

interface Ended {
  readonly code: number | null
  readonly signal: string | null
  readonly stdout: string
  readonly stderr: string
}

async function ended(child: ChildProcess): Promise<Ended> {
  let [stdout, stderr] = ['', '']
  child.stdout?.on('data', (piece) => {
    stdout += String(piece)
  })
  child.stderr?.on('data', (piece) => {
    stderr += String(piece)
  })
  const [code, signal] = await once(child, 'close')
  return { code, signal, stdout, stderr }
}

describe('a program with secrets in its environment', async () => {
  test('sees them, and nobody sees them in its arguments', async (context) => {
    const server = await withSecret(context)
    const script =
      'printf "%s|" "$password" "$user"; tr "\\0" " " < /proc/$PPID/cmdline; cat /proc/$$/cmdline'
    const { code, stdout } = await ended(start(server, ['kv1/app', '--', 'sh', '-c', script]))
    assert.equal(code, 0)
    assert.ok(stdout.startsWith('ti ger|web|'), stdout)
    assert.ok(!stdout.slice('ti ger|web|'.length).includes('ti ger'))
  })

  test('does not get the token of the command, under any of its names, unless -keep-token says so', async (context) => {
    const server = await withSecret(context)
    const more = { VAULT_TOKEN: 'v', BAO_DEV_ROOT_TOKEN_ID: 'r', GITHUB_TOKEN: 'theirs' }
    const tokens = async (...flags: readonly string[]): Promise<readonly string[]> => {
      const { stdout } = await ended(start(server, [...flags, 'kv1/app', '--', 'env'], more))
      return stdout
        .split('\n')
        .filter((line) => line.includes('TOKEN'))
        .sort()
    }
    assert.deepEqual(await tokens(), ['GITHUB_TOKEN=theirs'])
    assert.deepEqual(await tokens('-keep-token'), [
      'BAO_DEV_ROOT_TOKEN_ID=r',
      `CONCLAVE_TOKEN=${server.token}`,
      'GITHUB_TOKEN=theirs',
      'VAULT_TOKEN=v',
    ])
  })

  test('gets the token that a secret holds in the place of the one of the command', async (context) => {
    const server = await withSecret(context)
    await server.asRoot(['kv', 'put', 'kv1/token', 'VAULT_TOKEN=-'], { stdin: 'small' })
    const argv = ['kv1/token', '--', 'sh', '-c', 'printf %s "$VAULT_TOKEN"']
    assert.equal((await ended(start(server, argv, { VAULT_TOKEN: 'ours' }))).stdout, 'small')
    const { code, stderr } = await ended(start(server, ['-keep-token', ...argv], { VAULT_TOKEN: 'ours' }))
    assert.deepEqual([code, /would replace the variable VAULT_TOKEN/.test(stderr)], [1, true])
  })

  test('has the streams of the command, and its exit code is the answer', async (context) => {
    const server = await withSecret(context)
    const child = start(server, ['kv1/app', '--', 'sh', '-c', 'cat; echo talk >&2; exit 7'])
    child.stdin?.end('through')
    assert.deepEqual(await ended(child), { code: 7, signal: null, stdout: 'through', stderr: 'talk\n' })
  })

  test('gets the signals that the command gets', async (context) => {
    const server = await withSecret(context)
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR2', 'SIGQUIT'] as const) {
      const name = signal.slice('SIG'.length)
      const script = `trap 'echo got ${name}; exit 3' ${name}; echo ready; while :; do sleep 0.05; done`
      const child = start(server, ['kv1/app', '--', 'sh', '-c', script])
      const end = ended(child)
      await once(child.stdout ?? child, 'data')
      child.kill(signal)
      const { code, stdout } = await end
      assert.deepEqual([code, stdout], [3, `ready\ngot ${name}\n`], signal)
    }
  })

  test('that a signal ends ends the command by the same', async (context) => {
    const server = await withSecret(context)
    const { signal } = await ended(start(server, ['kv1/app', '--', 'sh', '-c', 'kill -TERM $$']))
    assert.equal(signal, 'SIGTERM')
  })

  test('is not started where a secret or the program is missing, and says so', async (context) => {
    const server = await withSecret(context)
    for (const [argv, expected, said] of [
      [
        ['kv1/none', '--', 'echo', 'x'],
        2,
        /^No value found at kv1\/none\n\nThe program was not started\.\n$/,
      ],
      [['kv1/app'], 1, /^there is no program: write it behind --/],
      [['kv1/app', '--', '/nowhere/program'], 127, /^there is no program "\/nowhere\/program"\n$/],
      [['kv1/app', '--', MAIN], 126, /cannot be started: EACCES\n$/],
      [['-prefix=9', 'kv1/app', '--', 'echo', 'x'], 1, /"password" of kv1\/app is no name of a variable/],
    ] as const) {
      const { code, stdout, stderr } = await ended(start(server, argv))
      assert.deepEqual([code, stdout], [expected, ''], stderr)
      assert.match(stderr, said)
      assert.ok(!stderr.includes('ti ger'))
    }
  })
})

async function withSecret(context: Parameters<typeof OpenedServer.start>[0]): Promise<OpenedServer> {
  const server = await OpenedServer.start(context, 1, 1)
  await server.asRoot(['secrets', 'enable', '-path=kv1', '-version=1', 'kv'])
  await server.asRoot(['kv', 'put', 'kv1/app', 'user=web', 'password=-'], { stdin: 'ti ger' })
  return server
}
