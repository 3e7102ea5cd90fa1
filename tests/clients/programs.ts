import { spawn } from 'node:child_process'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { ServerProcess } from '../api/server-process.ts'
import { Authority, type Pair } from '../http/authority.ts'
import { Holders } from './holders.ts'
import { type Outcome, readOutcome } from './outcome.ts'
import { Recorder } from './recorder.ts'

/** How a client's program is started. */
export interface Program {
  readonly client: string
  readonly command: string
  readonly words: readonly string[]
  readonly folder: string
}

/** No program may take longer: something waits for what does not come. */
const PROGRAM_LIMIT_MS = 240_000

/**
 * Runs a program against two servers of its own, both empty, both processes on SQLite: one that a recorder
 * stands before, and one behind TLS. It is told where they are by its environment.
 */
export async function runProgram(program: Program, folder: string, recording: string): Promise<Outcome> {
  mkdirSync(folder, { recursive: true })
  const plain = await ServerProcess.start(join(folder, 'plain'))
  const secure = await startSecure(folder)
  const holders = await Holders.start()
  const recorder = await Recorder.start(plain.origin, recording, program.client)
  try {
    return await drive(program, {
      CONCLAVE_ADDR: recorder.origin,
      CONCLAVE_HOLDERS: holders.origin,
      CONCLAVE_TLS_ADDR: secure.server.origin.replace('127.0.0.1', 'localhost'),
      CONCLAVE_TLS_CA: join(folder, 'ca.pem'),
      CONCLAVE_TLS_CERT: join(folder, 'client.pem'),
      CONCLAVE_TLS_KEY: join(folder, 'client.key'),
    })
  } finally {
    await recorder.close()
    await holders.close()
    await Promise.all([plain.stop(), secure.server.stop()])
    secure.authority.remove()
  }
}

/** As test suites of clients start theirs: one file in JSON by its full path, TLS files named beside it. */
async function startSecure(folder: string): Promise<{ server: ServerProcess; authority: Authority }> {
  const authority = new Authority()
  writeFileSync(join(folder, 'ca.pem'), authority.cert)
  writePair(folder, 'server', authority.issue('localhost'))
  writePair(folder, 'client', authority.issue('a client'))
  const config = join(folder, 'server.json')
  const listener = { address: '127.0.0.1:0', tls_cert_file: './server.pem', tls_key_file: 'server.key' }
  const text = JSON.stringify({ storage: { sqlite: { path: 'secure' } }, listener: { tcp: listener } })
  writeFileSync(config, text)
  return { server: await ServerProcess.run([`-config=${config}`]), authority }
}

function writePair(folder: string, name: string, { cert, key }: Pair): void {
  writeFileSync(join(folder, `${name}.pem`), cert)
  writeFileSync(join(folder, `${name}.key`), key)
  chmodSync(join(folder, `${name}.key`), 0o600)
}

async function drive(program: Program, told: NodeJS.ProcessEnv): Promise<Outcome> {
  const child = spawn(program.command, program.words, {
    cwd: program.folder,
    env: { ...withoutClientVariables(), ...told },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: PROGRAM_LIMIT_MS,
  })
  const ended = new Promise<string | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve(code === 0 ? null : `ended with ${code ?? signal}`))
  })
  const [output, errors, end] = await Promise.all([text(child.stdout), text(child.stderr), ended])
  return readOutcome(output, end === null ? null : `${end}\n${errors}`)
}

/** Clients read VAULT_… and BAO_… by themselves; what is set for another server must not count. */
function withoutClientVariables(): NodeJS.ProcessEnv {
  const isTheirs = ([name]: [string, unknown]): boolean => /^(?:VAULT|BAO)_|_PROXY$/i.test(name)
  return Object.fromEntries(Object.entries(process.env).filter((entry) => !isTheirs(entry)))
}
