import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Answer, ServerProcess, temporaryFolder } from './server-process.ts'

/**
 * What may happen so many times happens exactly so often, whoever asks at once: 64 connections to a server of
 * its own process, its store on the disk (bar.md, Z10), and what was spent stays so when it is killed.
 */

const AT_ONCE = 64
const ROUNDS = process.env['CONCLAVE_SLOW'] === '1' ? 100 : 2

const folder = temporaryFolder()
let server: ServerProcess
let root: string
let keys: string[]

before(async () => {
  server = await ServerProcess.start(folder.path)
  const { body } = await server.call('PUT', '/v1/sys/init', { secret_shares: 1, secret_threshold: 1 })
  root = body.root_token
  keys = body.keys
  assert.ok(await server.unseal(keys))
  const mounted = await ask('POST', 'sys/mounts/kv2', { type: 'kv', options: { version: '2' } })
  assert.equal(mounted.status, 204)
})

after(async () => {
  await server.stop()
  folder.remove()
})

async function ask(method: string, path: string, body?: unknown, token = root): Promise<Answer> {
  return await server.call(method, `/v1/${path}`, body, token)
}

async function atOnce(act: (who: number) => Promise<Answer>): Promise<readonly Answer[]> {
  return await Promise.all(Array.from({ length: AT_ONCE }, (_, who) => act(who)))
}

/** How many answers had each status. */
function counted(answers: readonly Answer[]): Readonly<Record<number, number>> {
  const counts: Record<number, number> = {}
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1
  return counts
}

async function tokenOf(uses: number): Promise<string> {
  const made = await ask('POST', 'auth/token/create', { policies: ['default'], num_uses: uses, ttl: '1h' })
  return made.body.auth.client_token
}

async function wrapped(value: number): Promise<string> {
  const response = await fetch(`${server.origin}/v1/sys/wrapping/wrap`, {
    method: 'POST',
    headers: { 'x-vault-token': root, 'x-vault-wrap-ttl': '1h', connection: 'close' },
    body: JSON.stringify({ value }),
  })
  return JSON.parse(await response.text()).wrap_info.token
}

async function restarted(): Promise<void> {
  await server.kill()
  server = await ServerProcess.start(folder.path)
  assert.ok(await server.unseal(keys))
}

test('a token of n uses is good for n of 64 requests at once, also across a kill', async () => {
  for (let round = 0; round < ROUNDS; round++) {
    for (const uses of [1, 10, 63]) {
      const token = await tokenOf(uses)
      const answers = await atOnce(() => ask('GET', 'auth/token/lookup-self', undefined, token))
      assert.deepEqual(counted(answers), { 200: uses, 403: AT_ONCE - uses })
      // Each of them had a use of its own: the last one says -1.
      const left = answers.filter(({ status }) => status === 200).map(({ body }) => body.data.num_uses)
      const expected = [-1, ...Array.from({ length: uses - 1 }, (_, at) => at + 1)]
      assert.deepEqual(
        left.sort((one, other) => one - other),
        expected,
      )
    }
  }
  const [spent, half] = [await tokenOf(AT_ONCE), await tokenOf(AT_ONCE + 3)]
  for (const token of [spent, half]) {
    const answers = await atOnce(() => ask('GET', 'auth/token/lookup-self', undefined, token))
    assert.deepEqual(counted(answers), { 200: AT_ONCE })
  }
  await restarted()
  const after = [spent, half].map(async (token) =>
    counted(await atOnce(() => ask('GET', 'auth/token/lookup-self', undefined, token))),
  )
  assert.deepEqual(await Promise.all(after), [{ 403: AT_ONCE }, { 200: 3, 403: AT_ONCE - 3 }])
})

test('of 64 who unwrap or rewrap at once one is answered, also across a kill', async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const token = await wrapped(round)
    const answers = await atOnce((who) => {
      if (who % 3 === 0) return ask('POST', 'sys/wrapping/rewrap', { token })
      const byBody = who % 3 === 1
      return ask('POST', 'sys/wrapping/unwrap', byBody ? { token } : undefined, byBody ? root : token)
    })
    const good = answers.filter(({ status }) => status === 200)
    assert.equal(good.length, 1, JSON.stringify(counted(answers)))
    const [{ body }] = good as [Answer]
    const last = body.wrap_info === null ? body : (await unwrap(body.wrap_info.token)).body
    assert.equal(last.data.value, round)
    assert.equal((await unwrap(token)).status, 400)
  }
  const [taken, kept] = [await wrapped(1), await wrapped(2)]
  assert.equal((await unwrap(taken)).status, 200)
  await restarted()
  assert.deepEqual(counted(await atOnce(() => unwrap(taken))), { 400: AT_ONCE })
  assert.deepEqual(counted(await atOnce(() => unwrap(kept))), { 200: 1, 400: AT_ONCE - 1 })
})

async function unwrap(token: string): Promise<Answer> {
  return await ask('POST', 'sys/wrapping/unwrap', { token })
}

test('of 64 writes at once that know the same version one has its way, also across a kill', async () => {
  for (let cas = 0; cas < 2 * ROUNDS; cas++) {
    if (cas === ROUNDS) await restarted()
    const answers = await atOnce((who) => ask('POST', 'kv2/data/cas', { data: { who }, options: { cas } }))
    assert.deepEqual(counted(answers), { 200: 1, 400: AT_ONCE - 1 })
    const winner = answers.findIndex(({ status }) => status === 200)
    const { data } = (await ask('GET', 'kv2/data/cas')).body
    assert.deepEqual([data.metadata.version, data.data.who], [cas + 1, winner])
  }
})

test('16 who count up by check-and-set at once lose no step', async () => {
  await ask('POST', 'kv2/data/count', { data: { steps: 0 }, options: { cas: 0 } })
  const step = async (): Promise<void> => {
    for (;;) {
      const { data, metadata } = (await ask('GET', 'kv2/data/count')).body.data
      const body = { data: { steps: data.steps + 1 }, options: { cas: metadata.version } }
      if ((await ask('POST', 'kv2/data/count', body)).status === 200) return
    }
  }
  await Promise.all(Array.from({ length: 16 }, step))
  const { data, metadata } = (await ask('GET', 'kv2/data/count')).body.data
  assert.deepEqual([data.steps, metadata.version], [16, 17])
})
