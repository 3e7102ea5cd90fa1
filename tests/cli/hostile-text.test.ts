import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { ContractServer } from './contract-server.ts'
import { OpenedServer } from './opened-server.ts'
import { type Ran, runInTerminal, type Terminal } from './terminal.ts'

/** Esc as 7 and 8 bits, the end of a title, DEL, and what turns the direction of text or has no width. */
const HOSTILE = '\u001b]0;pwn\u0007\u009b31m\u007f\u202e\u200b'
const SHOWN = '\\x1b]0;pwn\\x07\\x9b31m\\x7f\\u202e\\u200b'
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not be there
const STEERS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e]/

describe('what a server says', () => {
  let server: ContractServer
  before(async () => {
    server = await ContractServer.start()
  })
  after(() => server.close())

  const run = async (line: string, terminal: Terminal = {}): Promise<Ran> =>
    await runInTerminal(line.split(' '), {
      ...terminal,
      env: { CONCLAVE_ADDR: server.address, CONCLAVE_TOKEN: 't', NO_COLOR: '1' },
    })
  const mount = { type: 'kv', description: HOSTILE, accessor: HOSTILE, options: { a: HOSTILE } }
  const says = (line: string, data: object, status = 200): void => {
    server.answers.set(line, [status, JSON.stringify(data)])
  }

  test('steers no terminal, in any command that shows it', async () => {
    const kv = { path: 'secret/', type: 'kv', options: { version: '1' } }
    says('GET /v1/sys/internal/ui/mounts/secret/x', { data: kv })
    says('GET /v1/sys/internal/ui/mounts/secret', { data: kv })
    const keys = { data: { keys: [HOSTILE, `${HOSTILE}/`] }, warnings: [HOSTILE] }
    for (const path of ['secret/?list=true', 'secret?list=true', 'secret/?scan=true', 'secret?scan=true'])
      says(`GET /v1/${path}`, keys)
    says('GET /v1/secret/x', { data: { [HOSTILE]: HOSTILE }, warnings: [HOSTILE] })
    says('GET /v1/sys/mounts', { data: { [`${HOSTILE}/`]: mount } })
    for (const path of ['acl/?list=true', 'acl?list=true']) says(`GET /v1/sys/policies/${path}`, keys)
    says('GET /v1/sys/policies/acl/p', { data: { policy: `# ${HOSTILE}` } })
    says('GET /v1/secret/x?help=1', { help: HOSTILE })
    says('GET /v1/refused', { errors: [`no ${HOSTILE}`] }, 400)
    server.answers.set('GET /v1/sys/monitor?log_level=info&log_format=standard', [200, `${HOSTILE}\n`])
    const lines = [
      ...['kv get secret/x', 'kv list secret', 'scan secret', 'list secret', 'read secret/x'],
      ...['secrets list', 'secrets list -detailed', 'policy list', 'policy read p', 'path-help secret/x'],
      ...[
        'monitor',
        'read refused',
        `read ${HOSTILE}`,
        'read -format=json secret/x',
        'list -format=yaml secret',
      ],
      ...['read -format=raw secret/x', 'read -format=json refused', `kv get -field=${HOSTILE} secret/x`],
    ]
    for (const line of lines) {
      const { stdout, stderr } = await run(line, { isTty: true })
      const [name] = line.split('\u001b')
      assert.doesNotMatch(stdout + stderr, STEERS, name)
      assert.match(stdout + stderr, /\\(x1b|u001b|e)\]0;pwn/, name)
    }
  })

  test('is exact in a pipe, where one value or the raw answer is asked for', async () => {
    const body = JSON.stringify({ data: { k: HOSTILE } })
    server.answers.set('GET /v1/secret/y', [200, body])
    says('GET /v1/sys/policies/acl/p', { data: { policy: `# ${HOSTILE}` } })
    assert.equal((await run('read -field=k secret/y')).stdout, HOSTILE)
    assert.equal((await run('read -field=k secret/y', { isTty: true })).stdout, SHOWN)
    assert.equal((await run('read -format=raw secret/y')).stdout, body)
    assert.equal((await run('policy read p')).stdout, `# ${HOSTILE}\n`)
    assert.deepEqual(JSON.parse((await run('read -format=json secret/y')).stdout).data, { k: HOSTILE })
  })
})

test('no path holds what steers a terminal, and no mount what cannot be seen', async (context) => {
  const server = await OpenedServer.start(context, 1, 1)
  const status = async (method: string, path: string): Promise<number> =>
    (await server.server.call(method, `/v1/${path}`, { type: 'kv', k: 'v' }, server.token)).status
  assert.equal(await status('POST', 'secret/k%C2%9B31mred'), 400)
  assert.equal(await status('POST', 'secret/k%1b'), 400)
  assert.equal(await status('POST', 'sys/mounts/a%e2%80%aeb'), 400)
  assert.equal(await status('POST', 'sys/mounts/a%C2%9Bb'), 400)
  assert.equal(await status('POST', 'secret/k%C3%A9y'), 204)
})
