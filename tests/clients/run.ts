/**
 * Installs other people's clients, runs each against servers of its own, prints a table and compares it with
 * docs/clients.md. `--write` writes that page. With CONCLAVE_NEEDS_CLIENTS a client that is skipped is a
 * failure; with CONCLAVE_RECORDINGS, a folder, every exchange is kept there. `--peer` runs the same against
 * OpenBao itself: what fails then is where the two differ, or where a check expects too much.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ROOT } from '../source/tree.ts'
import { installClients } from './install.ts'
import type { Outcome, Skipped } from './outcome.ts'
import { forgotten, pageOf, tableOf } from './page.ts'

const PAGE = join(ROOT, 'docs', 'clients.md')
/** Where everything that is installed may go without being asked about. */
const INSTALLED = join(ROOT, 'node_modules', '.cache', 'conclave-clients')

const againstPeer = process.argv.includes('--peer')
const out = (text: string): void => void process.stdout.write(`${text}\n`)

async function runAll(folder: string): Promise<readonly (Outcome | Skipped)[]> {
  const results: (Outcome | Skipped)[] = []
  const recordings = process.env['CONCLAVE_RECORDINGS'] ?? folder
  const clients = installClients(INSTALLED)
  if (againstPeer) {
    const bao = clients.find((one) => one.client === 'bao')
    if (bao === undefined || 'skipped' in bao) throw new Error('there is no OpenBao for this machine')
    process.env['CONCLAVE_MAIN'] = join(import.meta.dirname, 'peer.ts')
    process.env['CONCLAVE_PEER'] = bao.words.at(-1)
  }
  // Which server is started is settled when this is loaded.
  const { runProgram } = await import('./programs.ts')
  for (const [index, client] of clients.entries()) {
    const recording = join(recordings, `client-${index}.jsonl`)
    const result =
      'skipped' in client ? client : await runProgram(client, join(folder, `${index}`), recording)
    results.push(result)
  }
  return results
}

/** What is wrong, in sentences. */
function faultsOf(results: readonly (Outcome | Skipped)[]): readonly string[] {
  const outcomes = results.filter((one) => 'checks' in one)
  const skipped = results.filter((one) => 'skipped' in one)
  const faults = outcomes.flatMap((outcome) => [
    ...(outcome.crash === null ? [] : [`${outcome.client} ${outcome.crash}`]),
    ...outcome.checks
      .filter(({ ok }) => !ok)
      .map(({ method, promise, error }) => `${outcome.client}: ${method} ${promise}: ${error}`),
    ...(outcome.crash === null ? forgotten(outcome).map((one) => `${outcome.client}: ${one}`) : []),
  ])
  if (process.env['CONCLAVE_NEEDS_CLIENTS'] !== undefined) {
    faults.push(...skipped.map((one) => `${one.client} was skipped: ${one.skipped}`))
  }
  return faults
}

/** A page that is written or compared says what was run, so only a run of everything does either. */
function pageFault(results: readonly (Outcome | Skipped)[]): readonly string[] {
  const outcomes = results.filter((one) => 'checks' in one)
  if (againstPeer || outcomes.length < results.length) {
    out('docs/clients.md was not compared: not every client ran, or not against this server.')
    return []
  }
  const page = pageOf(outcomes)
  if (process.argv.includes('--write')) writeFileSync(PAGE, page)
  if (readFileSync(PAGE, 'utf8') === page) return []
  return ['docs/clients.md is not what this run says; npm run clients -- --write']
}

const folder = mkdtempSync(join(tmpdir(), 'conclave-clients-'))
try {
  const results = await runAll(folder)
  const faults = [...faultsOf(results)]
  if (faults.length === 0) faults.push(...pageFault(results))
  out(`\n${tableOf(results)}\n`)
  for (const fault of faults) out(`✖ ${fault}`)
  const checks = results.flatMap((one) => ('checks' in one ? one.checks : []))
  const passed = checks.filter(({ ok }) => ok).length
  const skipped = results.filter((one) => 'skipped' in one).length
  out(`clients: ${passed} passed, ${checks.length - passed} failed, ${skipped} skipped`)
  process.exitCode = faults.length === 0 ? 0 : 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}
