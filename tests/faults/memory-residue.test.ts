import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { SecretBytes } from '../../src/base/secret-bytes.ts'
import { rebuildUnsealKey } from '../../src/ceremony/deal.ts'
import { nodePrimitives } from '../../src/crypto/node/primitives.ts'
import { type Needle, residue, shareNeedles } from '../api/process-memory.ts'
import { ServerProcess, temporaryFolder } from '../api/server-process.ts'

const SHARES = 5
const THRESHOLD = 3
/** Longer than a sealed server takes to have its garbage collected. */
const IDLE_MS = 5_000
const linux = process.platform === 'linux' ? false : 'reads /proc'

interface DealtSet {
  /** In hex, as the API gives them. */
  readonly shares: readonly string[]
  readonly id: Uint8Array
}

interface Life {
  readonly server: ServerProcess
  /** Every set that was ever dealt. */
  readonly sets: DealtSet[]
  readonly token: string
}

/** init and unseal; then rekeys, each with a seal and an unseal by the new shares; in the end sealed. */
async function live(folder: string, rekeys: number): Promise<Life> {
  const server = await ServerProcess.start(folder)
  const counts = { secret_shares: SHARES, secret_threshold: THRESHOLD }
  const { body } = await server.call('PUT', '/v1/sys/init', counts)
  const token: string = body.root_token
  const sets: DealtSet[] = []
  let shares: string[] = body.keys
  for (;;) {
    assert(await server.unseal(shares), 'the newest set opens')
    const { body: status } = await server.call('GET', '/v1/sys/custody/status')
    sets.push({ shares, id: Buffer.from(status.live.id, 'hex') })
    await server.call('GET', '/v1/auth/token/lookup-self', undefined, token)
    if (sets.length > rekeys) break
    await server.call('PUT', '/sys/rekey/init', counts)
    for (const key of shares.slice(0, THRESHOLD)) {
      shares = (await server.call('PUT', '/sys/rekey/update', { key })).body.keys ?? shares
    }
    await server.call('PUT', '/v1/sys/seal', undefined, token)
  }
  await server.call('PUT', '/v1/sys/seal', undefined, token)
  return { server, sets, token }
}

/** All that a set of shares comes to, in the forms in which it could lie in memory. */
function needlesOf({ shares, id }: DealtSet): readonly Needle[] {
  const secrets = shares.map((share) => SecretBytes.take(Buffer.from(share, 'hex')))
  const unsealKey = rebuildUnsealKey(secrets.slice(0, THRESHOLD)).lend((bytes) => bytes.slice())
  const seeds = secrets.map((share) =>
    share
      .lend((bytes) => nodePrimitives.hkdf(bytes, id, 'conclave share key v1', 32))
      .lend((seed) => seed.slice()),
  )
  return [
    ...shares.flatMap((share) => shareNeedles(share)),
    { name: 'unseal key', bytes: unsealKey },
    ...seeds.map((bytes) => ({ name: 'share key', bytes })),
  ]
}

for (const rekeys of [0, 19]) {
  test(`sealed after ${rekeys} rekeys, it has no share in memory, old or new`, { skip: linux }, async (t) => {
    const work = temporaryFolder()
    const { server, sets, token } = await live(join(work.path, 'store'), rekeys)
    await sleep(IDLE_MS)
    // The eyes must be open: what is in the memory for certain is found there.
    const certain: Needle = { name: 'certain', bytes: Buffer.from('/sys/rekey/update') }
    const rootToken: Needle = { name: 'root token', bytes: Buffer.from(token) }
    const found = residue(server.pid, [...sets.flatMap(needlesOf), certain, rootToken])
    await server.kill()
    work.remove()
    assert.notEqual(found.get(certain) ?? 0, 0, 'memory was read')
    const count = (name: string): number => [...found.keys()].filter((needle) => needle.name === name).length
    t.diagnostic(
      `of ${sets.length * SHARES} shares: ${count('raw')} raw, ${count('hex')} hex, ${count('base64')} ` +
        `base64, ${count('wide')} as wide text; of their keys ${count('share key')}; of ${sets.length} ` +
        `unseal keys ${count('unseal key')}; the root token ${found.get(rootToken) ?? 0} times`,
    )
    for (const form of ['raw', 'base64', 'wide', 'share key', 'unseal key'])
      assert.equal(count(form), 0, form)
    // The packet that node:http read last: it lies in a slab of the parser's, out of reach, until the next
    // packet that is as long (SECURITY.md).
    assert(count('hex') <= 1, `${count('hex')} in hex`)
  })
}

test('sealed, it has no value in memory that was written and read before', { skip: linux }, async (t) => {
  const work = temporaryFolder()
  const server = await ServerProcess.start(join(work.path, 'store'))
  const { body } = await server.call('PUT', '/v1/sys/init', { secret_shares: 1, secret_threshold: 1 })
  assert(await server.unseal(body.keys))
  const token: string = body.root_token
  await server.call('POST', '/v1/sys/mounts/one', { type: 'kv' }, token)
  await server.call('POST', '/v1/sys/mounts/two', { type: 'kv-v2' }, token)
  const values: Needle[] = []
  for (let number = 0; number < 20; number++) {
    const [one, two] = [`value-of-one-${number}-in-memory`, `value-of-two-${number}-in-memory`]
    await server.call('PUT', `/v1/one/a${number}`, { s: one }, token)
    await server.call('PUT', `/v1/two/data/a${number}`, { data: { s: two } }, token)
    await server.call('GET', `/v1/one/a${number}`, undefined, token)
    await server.call('GET', `/v1/two/data/a${number}`, undefined, token)
    values.push(...[one, two].map((text) => ({ name: text, bytes: Buffer.from(text) })))
  }
  // The next packet that is as long takes the place of the last one in the parser's slab (SECURITY.md).
  await server.call('PUT', '/v1/one/other', { s: 'x'.repeat(1000) }, token)
  await server.call('PUT', '/v1/sys/seal', undefined, token)
  await sleep(IDLE_MS)
  const certain: Needle = { name: 'certain', bytes: Buffer.from('/sys/rekey/update') }
  const found = residue(server.pid, [...values, certain])
  await server.kill()
  work.remove()
  assert.notEqual(found.get(certain) ?? 0, 0, 'memory was read')
  const left = values.filter((value) => found.has(value)).length
  t.diagnostic(`K8: ${left} of ${values.length} values left; target: at most 5 %`)
  assert(left <= values.length / 20, `${left} values`)
})
