import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { closeSync, constants, openSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { after, afterEach, beforeEach, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { ServerProcess, temporaryFolder } from '../api/server-process.ts'

/**
 * The new shares reach the command line and get no further: the disk is full, the reader is gone, or the
 * process is killed while it prints. Then the server must not take them as arrived, and the same share gets
 * the same answer again.
 */
const MAIN = new URL('../../src/main.ts', import.meta.url).pathname
const WAIT_MS = 10_000

interface Ran {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stderr: string
}

const work = temporaryFolder()
let server: ServerProcess
let token = ''
/** The shares that somebody has, for a threshold of two of three. */
let held: string[] = []

beforeEach(async () => {
  server = await ServerProcess.start(join(work.path, `store-${process.hrtime.bigint()}`))
  const { body } = await server.call('PUT', '/v1/sys/init', { secret_shares: 3, secret_threshold: 2 })
  token = body.root_token
  held = body.keys
  assert(await server.unseal(held))
})
afterEach(() => server.kill())
after(() => work.remove())

/** Opens a rekey to which one of two has agreed; its nonce. */
async function halfAgreed(): Promise<string> {
  const begun = await server.call('PUT', '/v1/sys/rekey/init', { secret_shares: 3, secret_threshold: 2 })
  assert.equal(begun.status, 200, JSON.stringify(begun.body))
  const { nonce } = begun.body
  await server.call('PUT', '/v1/sys/rekey/update', { key: held[0], nonce })
  return nonce
}

/** `conclave operator rekey` with the share that completes it; `stdout` is what the shell would have set. */
function giveLast(nonce: string, stdout: number | 'pipe', flags: readonly string[] = []): ChildProcess {
  const args = [MAIN, 'operator', 'rekey', `-nonce=${nonce}`, ...flags, '-']
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', ...args], {
    stdio: ['pipe', stdout, 'pipe'],
    env: { ...process.env, CONCLAVE_ADDR: server.origin },
  })
  child.stdin?.end(held[1])
  return child
}

async function ended(child: ChildProcess): Promise<Ran> {
  let stderr = ''
  child.stderr?.on('data', (chunk) => {
    stderr += String(chunk)
  })
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve) =>
    child.once('close', (...how) => resolve(how)),
  )
  return { code, signal, stderr }
}

const retiring = async (): Promise<unknown> => {
  const { body } = await server.call('GET', '/v1/sys/custody/status')
  return body.retiring
}

async function waitFor(what: string, holds: () => Promise<boolean> | boolean): Promise<void> {
  const end = performance.now() + WAIT_MS
  while (!(await holds())) {
    assert(performance.now() < end, `never: ${what}`)
    await sleep(20)
  }
}

async function opensWith(keys: readonly string[]): Promise<boolean> {
  await server.call('PUT', '/v1/sys/seal', undefined, token)
  return await server.unseal(keys)
}

/** Gives the same share again: the same answer, with the old set gone once it is printed. */
async function printedAgain(nonce: string): Promise<void> {
  const file = join(work.path, `${nonce}.json`)
  const fd = openSync(file, 'w')
  const again = await ended(giveLast(nonce, fd, ['-format=json']))
  closeSync(fd)
  assert.equal(again.code, 0, again.stderr)
  assert.equal(await retiring(), null, 'printed and acknowledged')
  const old = held
  held = JSON.parse(readFileSync(file, 'utf8')).keys
  assert.equal(held.length, 3)
  assert(!(await opensWith(old)), 'the old set is gone')
  assert(await opensWith(held), 'the new set opens')
}

/** What every failure to print comes to. */
async function nothingLost(nonce: string, stderr: string): Promise<void> {
  assert.match(stderr, /the same share again within 5 minutes/)
  assert.match(stderr, new RegExp(`operator rekey -nonce=${nonce}`))
  assert.notEqual(await retiring(), null, 'both sets are open')
  await printedAgain(nonce)
}

test('a full disk: both sets stay open, and the same share gets the same answer again', async () => {
  const nonce = await halfAgreed()
  const full = openSync('/dev/full', 'w')
  const ran = await ended(giveLast(nonce, full))
  closeSync(full)
  assert.notEqual(ran.code, 0)
  await nothingLost(nonce, ran.stderr)
})

test('a file that takes only a part of them: the same', async () => {
  const nonce = await halfAgreed()
  const file = join(work.path, 'short')
  // The limit is in units of 1,024 bytes; the answer in JSON is longer than one of 512 and shorter than two.
  const script = `ulimit -f 1; exec "$0" "$@" > '${file}'`
  const flags = ['--disable-warning=ExperimentalWarning', MAIN, 'operator', 'rekey', `-nonce=${nonce}`]
  const child = spawn('sh', ['-c', script, process.execPath, ...flags, '-format=json', '-'], {
    stdio: ['pipe', 'ignore', 'pipe'],
    env: { ...process.env, CONCLAVE_ADDR: server.origin },
  })
  child.stdin.end(held[1])
  const ran = await ended(child)
  assert.throws(() => JSON.parse(readFileSync(file, 'utf8')), 'the file holds a part')
  assert.notEqual(ran.code, 0)
  await nothingLost(nonce, ran.stderr)
})

test('a reader that is gone: the same, and the exit code is not 0', async () => {
  const nonce = await halfAgreed()
  const child = giveLast(nonce, 'pipe')
  child.stdout?.destroy()
  const ran = await ended(child)
  assert.notEqual(ran.code, 0)
  await nothingLost(nonce, ran.stderr)
})

test('shares as words: what names their set is asked for without acknowledging them', async () => {
  const nonce = await halfAgreed()
  const full = openSync('/dev/full', 'w')
  const ran = await ended(giveLast(nonce, full, ['-share-format=words']))
  closeSync(full)
  assert.notEqual(ran.code, 0)
  await nothingLost(nonce, ran.stderr)
})

/** The writing end of a pipe that takes nothing more, and what gives it back. */
function fullPipe(): { readonly fd: number; readonly close: () => void } {
  const path = join(work.path, `pipe-${process.hrtime.bigint()}`)
  execFileSync('mkfifo', [path])
  const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK)
  const block = Buffer.alloc(4096)
  try {
    for (;;) writeSync(fd, block)
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, 'EAGAIN')
  }
  const writer = openSync(path, constants.O_WRONLY)
  const close = (): void => {
    closeSync(fd)
    closeSync(writer)
  }
  return { fd: writer, close }
}

/** Resolves once the process hangs in a write: it has read the answer, and cannot print it. */
async function hangsInWrite(child: ChildProcess): Promise<void> {
  await waitFor('installed', async () => (await retiring()) !== null)
  await waitFor('hangs in a write', () => {
    const stat = readFileSync(`/proc/${child.pid}/stat`, 'utf8')
    return stat.split(') ')[1]?.startsWith('S') === true
  })
  await sleep(300)
}

test('kill -9 between reading and printing: both sets stay open', async () => {
  const nonce = await halfAgreed()
  const pipe = fullPipe()
  const child = giveLast(nonce, pipe.fd)
  const end = ended(child)
  await hangsInWrite(child)
  child.kill('SIGKILL')
  assert.equal((await end).signal, 'SIGKILL')
  pipe.close()
  await sleep(300)
  assert.notEqual(await retiring(), null)
  await printedAgain(nonce)
})

test('a signal between reading and printing: the same, and it is said before the process ends', async () => {
  const nonce = await halfAgreed()
  const pipe = fullPipe()
  const child = giveLast(nonce, pipe.fd)
  const end = ended(child)
  await hangsInWrite(child)
  child.kill('SIGTERM')
  const { signal, stderr } = await end
  pipe.close()
  assert.equal(signal, 'SIGTERM')
  await nothingLost(nonce, stderr)
})

test('an init that cannot be printed says that nobody has the shares, and what to do', async () => {
  const fresh = await ServerProcess.start(join(work.path, 'fresh'))
  const full = openSync('/dev/full', 'w')
  const child = spawn(process.execPath, [MAIN, 'operator', 'init'], {
    stdio: ['ignore', full, 'pipe'],
    env: { ...process.env, CONCLAVE_ADDR: fresh.origin },
  })
  const ran = await ended(child)
  closeSync(full)
  await fresh.kill()
  assert.equal(ran.code, 1)
  assert.match(ran.stderr, /could not be printed, and nobody has them/)
  assert.match(ran.stderr, /stop the\nserver, delete the folder of its store/)
})
