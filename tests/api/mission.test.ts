import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { type Answer, TestServer } from './in-process.ts'

/**
 * The mission document, `/sys/rekey/…` without a version, as a table of tests named after its sentences.
 * Where it is silent, section 11.2 of the key-lifecycle contract speaks.
 */
describe('the original rekey API', () => {
  let server: TestServer
  let keys: string[]

  before(async () => {
    server = await TestServer.start()
    keys = await server.open(5, 3)
  })
  after(() => server.close())
  beforeEach(() => init('DELETE'))

  const init = (method: string, body?: unknown): Promise<Answer> =>
    server.call(method, '/sys/rekey/init', body)
  const update = (key: unknown): Promise<Answer> => server.call('PUT', '/sys/rekey/update', { key })
  const start = (shares = 5, threshold = 3): Promise<Answer> =>
    init('PUT', { secret_shares: shares, secret_threshold: threshold })

  describe('GET /sys/rekey/init', () => {
    test('reads the configuration and progress of the current rekey attempt', async () => {
      await start(5, 3)
      await update(keys[0])
      const answer = await init('GET')
      assert.equal(answer.status, 200)
      assert.deepEqual(answer.body, { started: true, t: 3, n: 5, progress: 1, required: 3 })
    })
    test('if a rekey is started, then "n" is the new shares to generate and "t" the threshold for them', async () => {
      await start(7, 4)
      const { body } = await init('GET')
      assert.deepEqual([body.started, body.n, body.t], [true, 7, 4])
    })
    test('the "progress" is how many unseal keys have been provided, "required" must be reached', async () => {
      await start(2, 2)
      assert.equal((await init('GET')).body.progress, 0)
      await update(keys[0])
      await update(keys[1])
      const { body } = await init('GET')
      assert.deepEqual([body.progress, body.required], [2, 3])
    })
    test('parameters: none; with nothing started it says so, in the same five fields', async () => {
      assert.deepEqual((await init('GET')).body, { started: false, t: 0, n: 0, progress: 0, required: 3 })
    })
  })

  describe('PUT /sys/rekey/init', () => {
    test('initializes a new rekey attempt and returns `204` response code', async () => {
      const answer = await start()
      assert.deepEqual([answer.status, answer.body], [204, null])
    })
    test('only a single rekey attempt can take place at a time', async () => {
      await start(5, 3)
      const second = await start(3, 2)
      assert.deepEqual([second.status, second.body.errors], [400, ['rekey already in progress']])
      assert.equal((await init('GET')).body.n, 5)
    })
    test('changing the parameters requires canceling and starting a new rekey', async () => {
      await start(5, 3)
      assert.equal((await init('DELETE')).status, 204)
      assert.equal((await start(3, 2)).status, 204)
      assert.equal((await init('GET')).body.n, 3)
    })
    for (const [sentence, body] of [
      ['secret_shares is required', { secret_threshold: 3 }],
      ['secret_threshold is required', { secret_shares: 5 }],
      ['both are required', {}],
      [
        'secret_threshold must be less than or equal to secret_shares',
        { secret_shares: 3, secret_threshold: 4 },
      ],
      ['at most 255 shares', { secret_shares: 256, secret_threshold: 3 }],
      ['threshold at least 2 unless there is one share', { secret_shares: 2, secret_threshold: 1 }],
      ['no shares at all', { secret_shares: 0, secret_threshold: 0 }],
      ['a negative number', { secret_shares: -1, secret_threshold: -1 }],
      ['a number in quotes', { secret_shares: '5', secret_threshold: 3 }],
      ['a broken number', { secret_shares: 5.5, secret_threshold: 3 }],
      ['a body that is no object', [1]],
      ['a body that is no JSON', 'secret_shares=5'],
    ] as const) {
      test(`${sentence}: 400 with a sentence, and nothing changed`, async () => {
        const answer = await init('PUT', body)
        assert.equal(answer.status, 400)
        assert.match(answer.body.errors[0], /\w+ \w+/)
        assert.equal((await init('GET')).body.started, false)
      })
    }
    for (const [shares, threshold] of [
      [1, 1],
      [2, 2],
      [255, 255],
      [255, 2],
    ] as const) {
      test(`${threshold} of ${shares} is taken`, async () => {
        assert.equal((await start(shares, threshold)).status, 204)
      })
    }
    test('an empty body is no object: 400', async () => {
      assert.equal((await init('PUT')).status, 400)
    })
  })

  describe('DELETE /sys/rekey/init', () => {
    test('cancels any in-progress rekey, clears the settings as well as any progress made, 204', async () => {
      await start(5, 3)
      await update(keys[0])
      assert.equal((await init('DELETE')).status, 204)
      assert.deepEqual((await init('GET')).body, { started: false, t: 0, n: 0, progress: 0, required: 3 })
      await start(5, 3)
      assert.equal((await init('GET')).body.progress, 0)
    })
    test('with nothing to cancel it is 204 all the same', async () => {
      assert.equal((await init('DELETE')).status, 204)
    })
  })

  describe('PUT /sys/rekey/update', () => {
    test('enter a single master key share to progress the rekey', async () => {
      await start()
      const answer = await update(keys[2])
      assert.deepEqual([answer.status, answer.body], [200, { complete: false, keys: null }])
      assert.equal((await init('GET')).body.progress, 1)
    })
    test('no nonce and no token', async () => {
      await start()
      const { body } = await update(keys[2])
      assert.deepEqual(Object.keys(body), ['complete', 'keys'])
    })
    test('"key" is required', async () => {
      await start()
      for (const body of [{}, { key: '' }, { key: null }]) {
        const answer = await server.call('PUT', '/sys/rekey/update', body)
        assert.deepEqual(
          [answer.status, answer.body.errors[0]],
          [400, "'key' must be specified in request body as JSON"],
        )
      }
    })
    test('a share given twice: 200, incomplete, progress unchanged', async () => {
      await start()
      await update(keys[0])
      assert.deepEqual((await update(keys[0])).body, { complete: false, keys: null })
      assert.equal((await init('GET')).body.progress, 1)
    })
    test('a share that is damaged: 400 at once, the progress of the others kept, the text says which', async () => {
      await start()
      await update(keys[0])
      const damaged = await update(`${keys[1]!.slice(0, -4)}0000`)
      assert.equal(damaged.status, 400)
      assert.match(damaged.body.errors[0], /unknown share/)
      assert.equal(damaged.body.code, 'share_unknown')
      assert.equal((await init('GET')).body.progress, 1)
    })
    test('base64 and words are not taken: hex only, as its time had it', async () => {
      await start()
      const answer = await update(Buffer.from(keys[0]!, 'hex').toString('base64'))
      assert.deepEqual([answer.status, answer.body.errors[0]], [400, "'key' must be a valid hex-string"])
    })
    for (const [text, key] of [
      ['invalid key: key is shorter than minimum 16 bytes', 'ab'.repeat(15)],
      ['invalid key: key is longer than maximum 33 bytes', 'ab'.repeat(34)],
    ] as const) {
      test(`${text}: 400`, async () => {
        await start()
        const answer = await update(key)
        assert.deepEqual([answer.status, answer.body.errors[0]], [400, text])
      })
    }
    test('without a rekey: 400 `no rekey in progress`', async () => {
      const answer = await update(keys[0])
      assert.deepEqual([answer.status, answer.body.errors], [400, ['no rekey in progress']])
    })
    test('a rekey of the modern face is shown here, and moved only there', async () => {
      await server.call('PUT', '/v1/sys/rekey/init', { secret_shares: 3, secret_threshold: 2 })
      assert.deepEqual((await init('GET')).body, { started: true, t: 2, n: 3, progress: 0, required: 3 })
      const answer = await update(keys[0])
      assert.equal(answer.status, 400)
      assert.match(answer.body.errors[0], /\/v1\/sys\/rekey\/init/)
      assert.equal((await start()).status, 400)
    })
  })

  test('other methods are 405; POST on update is one of them', async () => {
    assert.equal((await init('PATCH')).status, 405)
    const post = await server.call('POST', '/sys/rekey/update', { key: keys[0] })
    assert.deepEqual([post.status, post.body.errors], [405, []])
  })

  test('if the threshold is reached, the rekey completes: the new keys open, and the old ones do not', async () => {
    await start(4, 2)
    await update(keys[0])
    await update(keys[1])
    const done = await update(keys[2])
    assert.equal(done.status, 200)
    assert.equal(done.body.complete, true)
    assert.equal(done.body.keys.length, 4)
    for (const key of done.body.keys) assert.match(key, /^[0-9a-f]{66}$/)
    await server.asRoot('PUT', '/v1/sys/seal')
    const old = await server.call('PUT', '/v1/sys/unseal', { key: keys[0] })
    assert.deepEqual([old.status, old.body.code], [400, 'share_retired'])
    const opened = await server.unseal(done.body.keys.slice(2))
    assert.equal(opened.body.sealed, false)
    keys = done.body.keys
  })

  test('sealed, any of it is 503', async () => {
    await server.asRoot('PUT', '/v1/sys/seal')
    assert.equal((await init('GET')).status, 503)
    assert.equal((await start()).status, 503)
    assert.equal((await init('DELETE')).status, 503)
    assert.equal((await update(keys[0])).status, 503)
    await server.unseal(keys.slice(0, 2))
  })
})

test('on an empty store: GET is 400 `server is not yet initialized`', async () => {
  const server = await TestServer.start()
  const answer = await server.call('GET', '/sys/rekey/init')
  assert.deepEqual([answer.status, answer.body.errors], [400, ['server is not yet initialized']])
  await server.close()
})
