import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { TestServer } from '../api/in-process.ts'
import { Dice } from './dice.ts'

/** How a list is asked for, and where its keys are written; `STORE` stands for the place of one store. */
interface Kind {
  readonly name: string
  /** Of the list, with its slash. */
  readonly list: string
  /** What a key is written as. */
  readonly write: string
}

const KINDS: readonly Kind[] = [
  { name: 'KV 1', list: 'one/STORE/', write: 'one/STORE/' },
  { name: 'KV 2', list: 'two/metadata/STORE/', write: 'two/data/STORE/' },
  { name: 'KV 2 with details', list: 'two/detailed-metadata/STORE/', write: 'two/data/STORE/' },
  { name: 'cubbyhole', list: 'cubbyhole/STORE/', write: 'cubbyhole/STORE/' },
]

/** Names of keys and of folders, so that order, prefixes and bytes above ASCII are met. */
const NAMES = ['a', 'aa', 'ab', 'b', 'b0', 'c', 'k', 'kk', 'z', 'zzz', '\u00e9', '\ud83d\ude00']

/** The filter of this test: what is open is a path of a policy below `open/`. */
const FILTER = `list_scan_response_keys_filter_path = "open/{{ .path }}{{ .key }}"`

describe('a list with a filter of its keys', () => {
  let server: TestServer
  before(async () => {
    server = await TestServer.start()
    await server.open(1, 1)
    await server.asRoot('POST', '/v1/sys/mounts/one', { type: 'kv' })
    await server.asRoot('POST', '/v1/sys/mounts/two', { type: 'kv', options: { version: '2' } })
  })
  after(() => server.close())

  const tokenWith = async (name: string, policy: string): Promise<string> => {
    const put = await server.asRoot('PUT', `/v1/sys/policies/acl/${name}`, { policy })
    assert.equal(put.status, 204, JSON.stringify(put.body))
    const made = await server.asRoot('POST', '/v1/auth/token/create', {
      policies: [name],
      no_default_policy: true,
    })
    return made.body.auth.client_token
  }
  const encoded = (path: string): string => path.split('/').map(encodeURIComponent).join('/')
  const answerTo = async (token: string, path: string, query: string): Promise<unknown> => {
    const { status, body } = await server.call('GET', `/v1/${encoded(path)}?${query}`, undefined, {
      'x-vault-token': token,
    })
    const info = Object.keys(body?.data?.key_info ?? {}).sort()
    return { status, keys: body?.data?.keys ?? null, info, errors: body?.errors ?? null }
  }

  /** A store with all keys and one with the visible ones, under policies that open the visible ones. */
  const stores = async (kind: Kind, number: number, dice: Dice): Promise<Compared> => {
    const keys = new Set<string>()
    for (let left = 1 + dice.below(12); left > 0; left -= 1) {
      const folders = dice.some(['f', 'g', 'pub', 'priv'], 2).map((folder) => `${folder}/`)
      keys.add(folders.join('') + dice.pick(NAMES))
    }
    const hiddenFolders = new Set(['f/', 'g/', 'pub/', 'priv/'].filter(() => dice.once(2)))
    const folderOf = (key: string): string => key.slice(0, key.indexOf('/') + 1)
    const visible = [...keys].filter((key) => !hiddenFolders.has(folderOf(key)) && !dice.once(2))
    const names = [`full${number}`, `less${number}`] as const
    const listOf = (name: string): string => kind.list.replace('STORE', name)
    const policy = names.flatMap((name) => {
      const open = new Set(visible.flatMap((key) => foldersAnd(key)))
      return [
        // The keys of a cubbyhole are written by the token that lists them.
        `path "${listOf(name)}*" { capabilities = ["list", "scan", "create"] ${FILTER} }`,
        ...[...open].map((key) => `path "open/${listOf(name)}${key}" { capabilities = ["read", "list"] }`),
      ]
    })
    const token = await tokenWith(
      `${kind.name.replaceAll(' ', '-').toLowerCase()}-${number}`,
      policy.join('\n'),
    )
    for (const [name, written] of [
      [names[0], [...keys]],
      [names[1], visible],
    ] as const) {
      for (const key of written) {
        const path = kind.write.replace('STORE', name) + key
        const body = path.startsWith('two/') ? { data: { k: 'v' } } : { k: 'v' }
        const writer = path.startsWith('cubbyhole/') ? token : server.rootToken
        const { status } = await server.call('POST', `/v1/${encoded(path)}`, body, {
          'x-vault-token': writer,
        })
        assert.ok(status === 204 || status === 200, String(status))
      }
    }
    return { token, full: listOf(names[0]), less: listOf(names[1]), keys: [...keys] }
  }

  for (const [at, kind] of KINDS.entries()) {
    test(`answers as a store would that has only what may be seen: ${kind.name}`, async () => {
      for (let number = 0; number < 12; number += 1) {
        const seed = at * 1000 + number + 1
        const dice = new Dice(seed)
        const { token, full, less, keys } = await stores(kind, number, dice)
        const behind = ['', 'A', 'b/', 'pub/m', '~', ...keys, ...keys.flatMap(foldersAnd)]
        for (let query = 0; query < 12; query += 1) {
          const limit = dice.pick(['', '&limit=0', '&limit=1', '&limit=2', '&limit=3', '&limit=max'])
          const from = `&after=${encodeURIComponent(dice.pick(behind))}`
          const asked = `${dice.pick(['list', 'scan'])}=true${limit}${dice.once(4) ? '' : from}`
          const expected = await answerTo(token, less, asked)
          assert.deepEqual(await answerTo(token, full, asked), expected, `seed ${seed}: ${asked}`)
        }
      }
    })
  }

  test('goes on behind a hidden folder, page by page', async () => {
    for (const key of ['a', 'priv/x', 'pub/x'])
      await server.asRoot('POST', `/v1/one/paged/${key}`, { k: 'v' })
    const token = await tokenWith(
      'paged',
      `path "one/paged/*" { capabilities = ["list"] ${FILTER} }
       path "open/one/paged/a" { capabilities = ["read"] }
       path "open/one/paged/pub/" { capabilities = ["list"] }`,
    )
    const pages = ['', 'a', 'pub/'].map((after) =>
      answerTo(token, 'one/paged/', `list=true&limit=1&after=${after}`),
    )
    const shown = (await Promise.all(pages)).map((page) => page as { status: number; keys: unknown })
    assert.deepEqual(
      shown.map(({ status, keys }) => [status, keys]),
      [
        [200, ['a']],
        [200, ['pub/']],
        [404, null],
      ],
    )
  })
})

interface Compared {
  readonly token: string
  readonly full: string
  readonly less: string
  readonly keys: readonly string[]
}

/** `a/b/c` is seen in lists as `a/`, `a/b/` and itself. */
function foldersAnd(key: string): readonly string[] {
  const segments = key.split('/')
  return segments.map((_, at) => segments.slice(0, at + 1).join('/') + (at < segments.length - 1 ? '/' : ''))
}
