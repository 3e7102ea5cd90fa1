import { fromUtf8 } from '../../base/encoding.ts'
import { SecretBytes, wipeAll } from '../../base/secret-bytes.ts'
import type { SealStatus } from '../../client/answers.ts'
import type { ConclaveClient } from '../../client/conclave-client.ts'
import type { Delivery } from '../../client/delivery.ts'
import type { LogicalAnswer } from '../../client/logical-client.ts'
import type { RekeyStatus } from '../../client/rekey-answers.ts'
import { parseShare } from '../../custody/share-format.ts'
import type { Hashing } from '../io.ts'
import type { DemoServer } from './demo-server.ts'
import { expect, type Narrator, shortened } from './narrator.ts'

export interface Scene {
  readonly server: DemoServer
  readonly narrator: Narrator
  readonly hashing: Hashing
}

const FIRST = { shares: 5, threshold: 3 }
const SECOND = { shares: 4, threshold: 2 }
const MOUNT = { type: 'kv', options: { version: '1' } }
const SECRET = { name: 'world' }

/**
 * The whole demo. Throws `DemoDiffers`, or what the client throws, at the first step that is not as it
 * should be.
 */
export async function tellStory(scene: Scene): Promise<void> {
  const { server, narrator } = scene
  const owned: SecretBytes[] = []
  try {
    await narrator.heading('1. A new server, and five shares of which any three open it')
    let client = await server.start()
    await narrator.event(`a server has started: process ${server.processId}, ${server.address}`)
    const { shares: old, token } = await initialise(scene, client, owned)

    await narrator.heading('2. Three people open it; a wrong share costs nobody anything')
    await openWithMistake(scene, client, old)

    await narrator.heading('3. It keeps a secret')
    client = server.connect(token)
    await writeSecret(scene, client)

    await narrator.heading('4. Four new shares are wanted, any two of them to open; the first holder agrees')
    await startRekey(scene, client, old)

    await narrator.heading('5. The server dies in the middle of it (kill -9) and comes back')
    client.close()
    client = await dieAndReturn(scene, token)
    await open(scene, client, old.slice(0, FIRST.threshold))
    const status = await rekeyStatus(scene, client)
    expect(status.started && status.progress === 1, 'the agreement of the first holder should have survived')

    await narrator.heading('6. Two more agree, and the new shares are there')
    const fresh = await finishRekey(scene, client, { old, owned })

    await narrator.heading(
      '7. Sealed again: the old shares open nothing, two new ones do, and nothing is lost',
    )
    await sealAndReopen(scene, client, { old, fresh })
    await readSecret(scene, client)
    client.close()
    await narrator.heading('Every step was as it should be.')
  } finally {
    wipeAll(owned)
  }
}

/** A share in both forms: as it is sent, and as text of which a little is shown. */
interface Share {
  readonly raw: SecretBytes
  readonly shown: string
}

async function initialise(scene: Scene, client: ConclaveClient, owned: SecretBytes[]) {
  const answer = await scene.narrator.request(
    `PUT /v1/sys/init {"secret_shares":${FIRST.shares},"secret_threshold":${FIRST.threshold}}`,
    () => client.init(FIRST),
    ({ keys, rootToken }) => `200 keys ${textOf(keys)} root_token ${shortened(rootToken)}`,
  )
  owned.push(...answer.keys, ...answer.keysBase64, answer.rootToken)
  expect(answer.keys.length === FIRST.shares, 'there should be five shares')
  // A token goes into a header, and `node:http` takes headers as strings. This one dies with the demo.
  return { shares: shareList(scene, answer.keys, owned), token: answer.rootToken.lend(fromUtf8) }
}

async function openWithMistake(
  scene: Scene,
  client: ConclaveClient,
  shares: readonly Share[],
): Promise<void> {
  const [first, second, third] = shares
  if (first === undefined || second === undefined || third === undefined) return
  const after = await giveShare(scene, client, first)
  expect(after.sealed && after.progress === 1, 'one share should be in')
  using damaged = damagedCopy(second.raw)
  await scene.narrator.refused(`PUT /v1/sys/unseal {"key":"${second.shown}"} with one bit changed`, () =>
    client.unseal(damaged),
  )
  const kept = await sealStatus(scene, client)
  expect(kept.sealed && kept.progress === 1, 'the first share should still count')
  await open(scene, client, [second, third])
}

async function open(scene: Scene, client: ConclaveClient, shares: readonly Share[]): Promise<void> {
  let status: SealStatus | null = null
  for (const share of shares) status = await giveShare(scene, client, share)
  expect(status?.sealed === false, 'the server should be open')
}

async function writeSecret(scene: Scene, client: ConclaveClient): Promise<void> {
  await scene.narrator.request(
    `PUT /v1/sys/mounts/kv ${JSON.stringify(MOUNT)}`,
    () => client.logical.write('sys/mounts/kv', MOUNT),
    (answer) => (answer === null ? '204' : '200'),
  )
  await scene.narrator.request(
    `PUT /v1/kv/hello ${JSON.stringify(SECRET)}`,
    () => client.logical.write('kv/hello', SECRET),
    (answer) => (answer === null ? '204' : '200'),
  )
  await readSecret(scene, client)
}

async function readSecret(scene: Scene, client: ConclaveClient): Promise<void> {
  const answer = await scene.narrator.request(
    'GET /v1/kv/hello',
    () => client.logical.read('kv/hello'),
    (read) => (read === null ? '404' : `200 data ${dataOf(read)}`),
  )
  expect(
    answer !== null && dataOf(answer) === JSON.stringify(SECRET),
    'the secret should be as it was written',
  )
}

async function startRekey(scene: Scene, client: ConclaveClient, old: readonly Share[]): Promise<void> {
  const started = await scene.narrator.request(
    `PUT /sys/rekey/init {"secret_shares":${SECOND.shares},"secret_threshold":${SECOND.threshold}}`,
    () => client.originalRekey().start(SECOND),
    () => '204',
  )
  expect(started.started && started.required === FIRST.threshold, 'a rekey should have started')
  const [first] = old
  if (first === undefined) return
  await agree(scene, client, first)
  const status = await rekeyStatus(scene, client)
  expect(status.progress === 1, 'one holder should have agreed')
}

async function dieAndReturn(scene: Scene, token: string): Promise<ConclaveClient> {
  const { server, narrator } = scene
  await narrator.event(`kill -9 ${server.processId}`)
  await server.killAndWait()
  const probe = await server.start()
  probe.close()
  await narrator.event(`a server has started: process ${server.processId}, ${server.address}`)
  return server.connect(token)
}

async function finishRekey(
  scene: Scene,
  client: ConclaveClient,
  shares: { readonly old: readonly Share[]; readonly owned: SecretBytes[] },
): Promise<readonly Share[]> {
  for (const share of shares.old.slice(1, FIRST.threshold)) {
    const update = await agree(scene, client, share)
    if (!update.complete) continue
    shares.owned.push(...update.keys, ...update.keysBase64)
    expect(update.keys.length === SECOND.shares, 'there should be four new shares')
    await acknowledge(scene, update.delivery)
    return shareList(scene, update.keys, shares.owned)
  }
  expect(false, 'the rekey should be complete')
  return []
}

/** The new shares are out; told so, the server drops the old ones. */
async function acknowledge(scene: Scene, delivery: Delivery): Promise<void> {
  using told = delivery
  const { retiring } = await scene.narrator.request(
    'GET /v1/sys/custody/status on the same connection: the new shares have arrived',
    () => told.acknowledge(),
    ({ live, retiring }) => `200 live key set ${live?.number} retiring ${retiring?.number ?? 'none'}`,
  )
  expect(retiring === null, 'the old shares should be gone')
}

async function sealAndReopen(
  scene: Scene,
  client: ConclaveClient,
  shares: { readonly old: readonly Share[]; readonly fresh: readonly Share[] },
): Promise<void> {
  await scene.narrator.request(
    'PUT /v1/sys/seal',
    () => client.seal(),
    () => '204',
  )
  const sealed = await sealStatus(scene, client)
  expect(
    sealed.sealed && sealed.threshold === SECOND.threshold,
    'the server should be sealed, for two of four',
  )
  for (const share of shares.old.slice(0, FIRST.threshold)) {
    await scene.narrator.refused(`PUT /v1/sys/unseal {"key":"${share.shown}"} an old share`, () =>
      client.unseal(share.raw),
    )
  }
  await open(scene, client, shares.fresh.slice(0, SECOND.threshold))
}

function giveShare(scene: Scene, client: ConclaveClient, share: Share): Promise<SealStatus> {
  return scene.narrator.request(
    `PUT /v1/sys/unseal {"key":"${share.shown}"}`,
    () => client.unseal(share.raw),
    showSealStatus,
  )
}

function sealStatus(scene: Scene, client: ConclaveClient): Promise<SealStatus> {
  return scene.narrator.request('GET /v1/sys/seal-status', () => client.sealStatus(), showSealStatus)
}

function rekeyStatus(scene: Scene, client: ConclaveClient): Promise<RekeyStatus> {
  return scene.narrator.request(
    'GET /sys/rekey/init',
    () => client.originalRekey().status(),
    ({ started, threshold, shares, progress, required }) =>
      `200 started ${started} t ${threshold} n ${shares} progress ${progress} required ${required}`,
  )
}

function agree(scene: Scene, client: ConclaveClient, share: Share) {
  return scene.narrator.request(
    `PUT /sys/rekey/update {"key":"${share.shown}"}`,
    () => client.originalRekey().update(share.raw),
    (update) => (update.complete ? `200 complete true keys ${textOf(update.keys)}` : '200 complete false'),
  )
}

function textOf(keys: readonly SecretBytes[]): string {
  return keys.map(shortened).join(' ')
}

function showSealStatus(status: SealStatus): string {
  const { sealed, threshold, shares, progress } = status
  return `200 sealed ${sealed} t ${threshold} n ${shares} progress ${progress}`
}

function shareList(scene: Scene, keys: readonly SecretBytes[], owned: SecretBytes[]): readonly Share[] {
  return keys.map((key) => {
    const raw = key.lend((text) => parseShare(text, scene.hashing).share)
    owned.push(raw)
    return { raw, shown: shortened(key) }
  })
}

function damagedCopy(share: SecretBytes): SecretBytes {
  const copy = share.lend((bytes) => Uint8Array.from(bytes))
  copy[0] = (copy[0] ?? 0) ^ 1
  return SecretBytes.take(copy)
}

function dataOf(answer: LogicalAnswer): string {
  return JSON.stringify(answer.members['data'])
}
