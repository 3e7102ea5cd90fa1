import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { SecretBytes } from '../../src/base/secret-bytes.ts'
import { ServerProcess, temporaryFolder } from '../api/server-process.ts'
import { audit } from '../sim/auditor.ts'
import { SeededEntropy } from '../sim/seeded-entropy.ts'
import { decode, nothingSeen, type Seen, STAGES, tell } from './killed-story.ts'
import { openSqliteCustodian } from './sqlite-custodian.ts'

const KILLS = process.env['CONCLAVE_SLOW'] === '1' ? 300 : 40
const SEED = process.env['CONCLAVE_SEED'] ?? 'kill -9 in every ceremony'
/** Servers at a time. */
const LANES = 2
const KILLS_PER_MEASURE = 8

test(`${KILLS} times kill -9 in the life of a store: every store opens, nothing acknowledged is lost`, async (t) => {
  const work = temporaryFolder()
  const entropy = new SeededEntropy(SEED)
  const moments = Array.from({ length: KILLS }, () => entropy.below(10_000) / 10_000)
  const killed: Killed[] = []
  const lengths: number[] = []
  const lane = async (_: unknown, index: number): Promise<void> => {
    let lengthMs = 0
    for (let done = 0; moments.length > 0; done++) {
      const name = `${index}-${done}`
      // Measured again and again: how fast a life is depends on what else the machine does.
      if (done % KILLS_PER_MEASURE === 0) lengthMs = await measure(work.path, `measured-${name}`)
      lengths.push(lengthMs)
      const afterMs = (moments.pop() ?? 0) * lengthMs
      killed.push(await killAfter(work.path, { name: `killed-${name}`, afterMs }))
    }
  }
  await Promise.all(Array.from({ length: LANES }).map(lane))
  work.remove()
  const inside = killed.filter(({ seen }) => seen.isInside).length
  const count = (what: (one: Killed) => string): string => JSON.stringify(histogram(killed.map(what)))
  const [shortest, longest] = [Math.min(...lengths).toFixed(0), Math.max(...lengths).toFixed(0)]
  t.diagnostic(`a life takes ${shortest} to ${longest} ms; killed in ${count(({ seen }) => seen.stage)}`)
  t.diagnostic(`${inside} inside a ceremony; sets that opened: ${count(({ ways }) => String(ways))}`)
  t.diagnostic(`${sum(killed, ({ seen }) => seen.written)} acknowledged writes, 0 lost; 0 stores unopenable`)
  assert(inside >= KILLS / 3, `only ${inside} of ${KILLS} kills fell inside a ceremony`)
})

interface Killed {
  readonly seen: Seen
  /** How many of the sets that were handed out opened what was left. */
  readonly ways: number
}

/** How long a whole life takes, beside what the other lane does. */
async function measure(folder: string, name: string): Promise<number> {
  const server = await start(folder, name)
  const started = performance.now()
  await tell(server, nothingSeen())
  const lengthMs = performance.now() - started
  // In order, so that the compiled sources are kept for those that are killed.
  await server.stop()
  return lengthMs
}

async function killAfter(
  folder: string,
  kill: { readonly name: string; readonly afterMs: number },
): Promise<Killed> {
  const server = await start(folder, kill.name)
  const seen = nothingSeen()
  const told = tell(server, seen).catch(() => undefined)
  await sleep(kill.afterMs)
  await server.kill()
  await told
  try {
    return { seen, ways: await look(folder, kill.name, seen) }
  } catch (error) {
    throw new Error(`${kill.name} (seed "${SEED}") in ${seen.stage}`, { cause: error })
  }
}

/** What is left: by how many sets it opens, and that all that was acknowledged is there. */
async function look(folder: string, name: string, seen: Seen): Promise<number> {
  const server = await start(folder, name)
  let ways = 0
  try {
    if (seen.sets.length === 0) return await expectUnused(server)
    for (const set of seen.sets) {
      if (!(await server.unseal(set))) continue
      if (ways++ === 0) await expectAcknowledged(server, seen)
      await server.call('PUT', '/v1/sys/seal', undefined, seen.rootToken)
    }
    assert(ways > 0, 'no set that was handed out opens the store')
    assert(ways === 1 || !seen.isSingle, `${ways} sets open, of which one was seen to be the only one`)
  } finally {
    await server.kill()
  }
  await expectTranscripts(join(folder, name), seen)
  rmSync(join(folder, name), { recursive: true })
  return ways
}

/** Nobody was given shares: nothing is stored, or what holds nothing. */
async function expectUnused(server: ServerProcess): Promise<number> {
  const { body } = await server.call('GET', '/v1/sys/custody/status')
  assert(['empty', 'never opened'].includes(body.state), body.state)
  return 0
}

async function expectAcknowledged(server: ServerProcess, seen: Seen): Promise<void> {
  for (let n = 1; n <= seen.written; n++) {
    const { body } = await server.call('GET', `/v1/secret/${n}`, undefined, seen.rootToken)
    assert.deepEqual(body.data, { n }, `acknowledged write ${n} of ${seen.written}`)
  }
  for (const token of [seen.rootToken, ...seen.tokens]) await expectRoot(server, token)
  if (seen.stage === 'verified rekey') await expectProgress(server, '/v1/sys/rekey/init', seen)
  if (seen.stage === 'root token') await finishToken(server, seen)
}

async function expectRoot(server: ServerProcess, token: string): Promise<void> {
  const { body } = await server.call('GET', '/v1/auth/token/lookup-self', undefined, token)
  assert.deepEqual(body.data?.policies, ['root'], 'a token that was handed out is known')
}

/** The ceremony of `seen` runs on with all that was acknowledged for it, or has ended by what was not. */
async function expectProgress(server: ServerProcess, path: string, seen: Seen): Promise<boolean> {
  const { body } = await server.call('GET', path)
  if (seen.nonce === '' || body.nonce !== seen.nonce) {
    // Before its first answer nobody knows it; and a root token is made by the third share.
    assert(
      seen.nonce === '' || (seen.stage === 'root token' && seen.agreed === 2),
      'it does not end by itself',
    )
    return false
  }
  const isDealt = (body.verification_nonce ?? '') !== ''
  assert(isDealt || body.progress >= seen.agreed, `progress ${body.progress} of ${seen.agreed} acknowledged`)
  return true
}

/** Either the token is made and its ceremony has ended, or the same people make it now. */
async function finishToken(server: ServerProcess, seen: Seen): Promise<void> {
  const path = '/v1/sys/generate-root'
  if (!(await expectProgress(server, `${path}/attempt`, seen))) return
  const { nonce, password } = seen
  for (const key of seen.sets.at(-1) ?? []) {
    const { body } = await server.call('PUT', `${path}/update`, { key, nonce })
    if (body.complete !== true) continue
    await expectRoot(server, decode(body.encoded_token, password))
    return
  }
  assert.fail('all shares make no root token')
}

/** With no server in between: the transcripts verify. */
async function expectTranscripts(folder: string, seen: Seen): Promise<void> {
  const { custodian, session, close } = await openSqliteCustodian(folder)
  for (const key of seen.sets.at(-1) ?? []) {
    await custodian.unseal(SecretBytes.copyOf(Buffer.from(key, 'hex')), 'audit').catch(() => undefined)
  }
  for (const key of seen.sets.at(-2) ?? []) {
    if (custodian.isOpen) break
    await custodian.unseal(SecretBytes.copyOf(Buffer.from(key, 'hex')), 'audit')
  }
  await audit({ custodian, session: session() })
  await close()
}

async function start(folder: string, name: string): Promise<ServerProcess> {
  return await ServerProcess.run([`-data=${join(folder, name)}`, '-address=127.0.0.1:0'], {
    environment: { NODE_COMPILE_CACHE: join(folder, 'compiled') },
  })
}

/** How often each stage, or each number. */
function histogram(of: readonly string[]): Record<string, number> {
  const names = [...STAGES, ...of].filter((name) => of.includes(name))
  return Object.fromEntries(names.map((name) => [name, of.filter((one) => one === name).length]))
}

function sum(killed: readonly Killed[], of: (one: Killed) => number): number {
  return killed.reduce((total, one) => total + of(one), 0)
}
