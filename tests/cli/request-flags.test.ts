import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import { after, beforeEach, describe, test } from 'node:test'
import { ContractServer } from './contract-server.ts'
import { type Ran, runInTerminal, type Terminal } from './terminal.ts'

const server = await ContractServer.start()
const { address, answers, bodies, lines } = server
after(() => server.close())
beforeEach(() => server.reset())

function run(argv: readonly string[], terminal: Terminal = {}): Promise<Ran> {
  return runInTerminal(argv, { ...terminal, env: { CONCLAVE_ADDR: address, ...terminal.env } })
}

describe('-output-curl-string', () => {
  test('sends nothing, and shows the token and the values of a body nowhere', async () => {
    const env = { CONCLAVE_TOKEN: 'hvs.secret', CONCLAVE_NAMESPACE: "it's" }
    const ran = await run(['write', '-output-curl-string', 'secret/a b', 'password=tiger', 'n=@/dev/null'], {
      env,
    })
    assert.equal(ran.exitCode, 0, ran.stderr)
    assert.equal(
      ran.stdout,
      [
        `curl -X PUT -H 'X-Vault-Request: true' -H "X-Vault-Token: $(conclave print token)"`,
        `-H 'X-Vault-Namespace: it'\\''s' -H 'Content-Type: application/json'`,
        `--data-binary @- '${address}/v1/secret/a%20b'\n`,
      ].join(' '),
    )
    assert.equal(
      ran.stderr,
      'Nothing was sent. curl waits for this on standard input: {"password":"…","n":"…"}\n',
    )
    assert.deepEqual(lines, [])
  })

  test('is a line that a shell runs', async () => {
    const { stdout } = await run(['read', '-output-curl-string', '-wrap-ttl=60s', '-header=A=b c', 'x/y'])
    const words = spawnSync('sh', ['-c', `curl() { printf '%s\\n' "$@"; }; ${stdout}`], { encoding: 'utf8' })
    assert.deepEqual(words.stdout.trimEnd().split('\n'), [
      ...['-H', 'X-Vault-Request: true', '-H', 'A: b c', '-H', 'X-Vault-Wrap-TTL: 60s'],
      `${address}/v1/x/y`,
    ])
  })

  test('asks for the mount, which has to be known, and shows the request that follows', async () => {
    const mount = { data: { path: 'secret/', options: { version: '2' } } }
    answers.set('GET /v1/sys/internal/ui/mounts/secret/app', [200, JSON.stringify(mount)])
    const { stdout } = await run(['kv', 'get', '-output-curl-string', 'secret/app'])
    assert.ok(stdout.endsWith(`'${address}/v1/secret/data/app'\n`), stdout)
    assert.deepEqual(lines, ['GET /v1/sys/internal/ui/mounts/secret/app'])
  })

  test('goes through a socket where the server has one', async () => {
    const { stdout } = await run(['read', '-output-curl-string', '-address=unix:///run/c.sock', 'x'])
    assert.match(stdout, /^curl --unix-socket '\/run\/c\.sock' .* 'http:\/\/localhost\/v1\/x'\n$/)
  })
})

describe('headers', async () => {
  const seen: IncomingHttpHeaders[] = []
  const echo = createServer((request, response) => {
    seen.push(request.headers)
    response.end('{"data":{}}')
  })
  echo.listen(0, '127.0.0.1')
  await once(echo, 'listening')
  after(() => echo.close())
  const place = echo.address()
  const env = { CONCLAVE_ADDR: `http://127.0.0.1:${typeof place === 'object' ? place?.port : 0}` }

  test('-wrap-ttl, and the variable, ask for a wrapped answer; ceremonies know neither', async () => {
    await run(['read', '-wrap-ttl=60s', 'x'], { env })
    assert.equal(seen.at(-1)?.['x-vault-wrap-ttl'], '60s')
    await run(['read', 'x'], { env: { ...env, VAULT_WRAP_TTL: '5m' } })
    assert.equal(seen.at(-1)?.['x-vault-wrap-ttl'], '5m')
    await run(['operator', 'key-status'], { env: { ...env, VAULT_WRAP_TTL: '5m' } })
    assert.equal(seen.at(-1)?.['x-vault-wrap-ttl'], undefined)
    const refused = await run(['operator', 'key-status', '-wrap-ttl=60s'], { env })
    assert.match(refused.stderr, /^-wrap-ttl is no flag of this command/)
  })

  test('-header adds some, and none that have a flag', async () => {
    await run(['read', '-header=X-Team=a=b', '-header', 'x-other=', 'x'], { env })
    assert.deepEqual([seen.at(-1)?.['x-team'], seen.at(-1)?.['x-other']], ['a=b', ''])
    for (const header of [
      'X-Vault-Token=t',
      'x-vault-wrap-ttl=1',
      'none',
      '=v',
      'a b=c',
      'a=b\r\nX-Vault-Token: t',
    ]) {
      const count = seen.length
      assert.equal((await run(['read', `-header=${header}`, 'x'], { env })).exitCode, 1, header)
      assert.equal(seen.length, count)
    }
  })
})

test('a wrapped answer is printed as the peers print it', async () => {
  const info = {
    token: 'hvs.w',
    accessor: 'a',
    ttl: 60,
    creation_time: '2026-11-25T05:00:00Z',
    creation_path: 'x',
  }
  answers.set('GET /v1/x', [200, JSON.stringify({ request_id: '', data: null, wrap_info: info })])
  const { stdout } = await run(['read', '-wrap-ttl=1m', 'x'])
  assert.match(stdout, /^wrapping_token: +hvs\.w\nwrapping_accessor: +a\nwrapping_token_ttl: +1m\n/m)
  assert.equal((await run(['read', '-wrap-ttl=1m', '-field=wrapping_token', 'x'])).stdout, 'hvs.w')
})

test('a 404 that explains itself is no value, with the reason; one with data is an answer', async () => {
  answers.set('GET /v1/s/x', [404, '{"data":null,"warnings":["Invalid path for a versioned engine"]}'])
  const missing = await run(['read', 's/x'])
  assert.deepEqual([missing.exitCode, missing.stdout], [2, ''])
  assert.equal(missing.stderr, 'Warning: Invalid path for a versioned engine\nNo value found at s/x\n')
  answers.set('GET /v1/s/y', [404, '{"data":{"data":null,"metadata":{"version":1}},"warnings":null}'])
  assert.match((await run(['read', 's/y'])).stdout, /^metadata +\{"version":1\}$/m)
  answers.set('GET /v1/s/z', [404, '<html>not here</html>'])
  assert.equal((await run(['read', 's/z'])).stderr, 'No value found at s/z\n')
})

test('patch sends a merge patch, with the type that alone is taken for one', async () => {
  answers.set('PATCH /v1/secret/metadata/a', [204, ''])
  const ran = await run(['patch', 'secret/metadata/a', '-'], { stdin: '{"custom_metadata":{"a":null}}' })
  assert.deepEqual([ran.exitCode, ran.stderr], [0, 'Success! Data written to: secret/metadata/a\n'])
  assert.equal(bodies.get('PATCH /v1/secret/metadata/a'), '{"custom_metadata":{"a":null}}')
})

describe('a value that is given as k=-', () => {
  test('is asked for at a terminal, and shown nowhere', async () => {
    answers.set('PUT /v1/s/a', [204, ''])
    const typed = [
      [/password \(will be hidden\): /, 'tiger\r'],
      [/pin \(will be hidden\): /, '12\r'],
    ] as const
    const ran = await run(['write', 's/a', 'password=-', 'pin=-'], { isTty: true, typed })
    assert.equal(bodies.get('PUT /v1/s/a'), '{"password":"tiger","pin":"12"}')
    assert.ok(!/tiger|12/.test(ran.stdout + ran.stderr))
  })

  test('is one line there: a text of several would lose its line ends', async () => {
    const typed = [[/will be hidden/, '-----BEGIN\nkey\n-----END\r']] as const
    const ran = await run(['write', 's/a', 'key=-'], { isTty: true, typed })
    assert.equal(ran.exitCode, 1)
    assert.match(ran.stderr, /several lines were typed .*\n\nGive a value of several lines with @FILE/)
    assert.deepEqual(lines, [])
  })

  test('is not asked for where that is forbidden, and comes by a pipe once', async () => {
    assert.equal((await run(['write', '-no-input', 's/a', 'k=-'], { isTty: true })).exitCode, 1)
    const twice = await run(['write', 's/a', 'k=-', 'l=-'], { stdin: 'x' })
    assert.match(twice.stderr, /^standard input can be read once only/)
    assert.deepEqual(lines, [])
  })
})

test('monitor shows the log as it comes, and ends with the server', async (context) => {
  const log = createServer((request, response) => {
    const isGood = request.url === '/v1/sys/monitor?log_level=debug&log_format=json'
    response.writeHead(isGood ? 200 : 400, { 'content-type': 'text/plain' })
    if (!isGood) response.end('{"errors":["unknown log level"]}')
    else {
      response.write('one\n')
      setImmediate(() => response.end('two\n'))
    }
  })
  log.listen(0, '127.0.0.1')
  await once(log, 'listening')
  context.after(() => log.close())
  const place = log.address()
  const env = { CONCLAVE_ADDR: `http://127.0.0.1:${typeof place === 'object' ? place?.port : 0}` }
  const ran = await run(['monitor', '-log-level=debug', '-log-format=json'], { env })
  assert.deepEqual([ran.exitCode, ran.stdout], [0, 'one\ntwo\n'])
  const refused = await run(['monitor', '-log-level=loud'], { env })
  assert.deepEqual([refused.exitCode, refused.stdout], [2, ''])
  assert.match(refused.stderr, /^Error starting monitor: .*\* unknown log level/s)
})
