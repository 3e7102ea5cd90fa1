import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { freePort } from '../../src/client/free-port.ts'
import { MAIN } from '../api/server-process.ts'
import { Authority } from '../http/authority.ts'
import type { Ran } from './terminal.ts'

/** One finding of `conclave operator diagnose -format=json`. */
export interface Told {
  readonly check: string
  readonly status: string
  readonly message: string
  readonly next: string | null
}

/**
 * `conclave operator diagnose` in a process of its own, as `bin/conclave` starts it: it tells of the flags
 * that it was started with.
 */
export async function runDiagnose(flags: readonly string[]): Promise<Ran> {
  const node = ['--disable-warning=ExperimentalWarning', '--disable-sigusr1']
  const child = spawn(process.execPath, [...node, MAIN, 'operator', 'diagnose', ...flags], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NODE_OPTIONS: '' },
  })
  const [stdout, stderr] = [text(child.stdout), text(child.stderr)]
  const [exitCode] = await once(child, 'exit')
  return { exitCode, stdout: await stdout, stderr: await stderr }
}

/** That a finding came to `status`, and says `sentence`, with its next step behind it. */
export function says(told: readonly Told[], check: string, status: string, sentence: RegExp): void {
  const found = told.find((one) => one.check === check)
  assert.ok(found !== undefined, `nothing is said of ${check}`)
  const said = found.next === null ? found.message : `${found.message} Next: ${found.next}`
  assert.equal(found.status, status, said)
  assert.match(said, sentence)
}

/** An authority in `ca.pem`, and a pair of it for `localhost` in `cert.pem` and `key.pem`. */
export function writeCertificates(folder: string): Authority {
  const authority = new Authority()
  const { cert, key } = authority.issue('localhost')
  writeFileSync(join(folder, 'cert.pem'), cert)
  writeFileSync(join(folder, 'key.pem'), key)
  writeFileSync(join(folder, 'ca.pem'), authority.cert)
  return authority
}

/** Of the loopback, where nobody listens. */
export async function freeAddress(): Promise<string> {
  return `127.0.0.1:${await freePort()}`
}
