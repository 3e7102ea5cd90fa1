import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server as HttpServer } from 'node:http'
import { createServer as createSecureServer, type Server as SecureServer } from 'node:https'
import type { Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, beforeEach, describe, test } from 'node:test'
import { MAX_AUTHORITY_FILES } from '../../src/cli/tls-settings.ts'
import { selfSigned } from '../http/self-signed.ts'
import { ContractServer } from './contract-server.ts'
import { type Ran, runInTerminal } from './terminal.ts'

/** The variables of the peers' clients (surface.md section 13.7): each is used, or told to be unused. */

const FOUND = '{"request_id":"r","data":{"a":"b"}}'
const server = await ContractServer.start()
const { address, answers, lines } = server
const folder = mkdtempSync(join(tmpdir(), 'conclave-variables-'))
after(() => {
  server.close()
  rmSync(folder, { recursive: true })
})
beforeEach(() => {
  server.reset()
  answers.set('GET /v1/secret/a', [200, FOUND])
})

const READ = ['read', '-field=a', 'secret/a']

function read(env: Record<string, string>, ...flags: readonly string[]): Promise<Ran> {
  return runInTerminal([...READ, ...flags], { env })
}

async function portOf(listening: Server): Promise<number> {
  listening.listen(0, '127.0.0.1')
  await once(listening, 'listening')
  const place = listening.address()
  return typeof place === 'object' && place !== null ? place.port : 0
}

function end(running: HttpServer | SecureServer): void {
  running.closeAllConnections()
  running.close()
}

const NOWHERE = 'http://127.0.0.1:1'

test('AGENT_ADDR comes before ADDR, a flag before both, and our spelling before those of the peers', async () => {
  assert.equal((await read({ CONCLAVE_ADDR: NOWHERE, VAULT_AGENT_ADDR: address })).stdout, 'b')
  assert.equal(
    (await read({ VAULT_AGENT_ADDR: NOWHERE, BAO_AGENT_ADDR: NOWHERE, CONCLAVE_AGENT_ADDR: address })).stdout,
    'b',
  )
  assert.equal((await read({ BAO_AGENT_ADDR: NOWHERE }, `-address=${address}`)).stdout, 'b')
  assert.match(
    (await read({ BAO_AGENT_ADDR: NOWHERE, BAO_ADDR: address })).stderr,
    /: connection refused at /,
  )
})

describe('CLIENT_TIMEOUT', () => {
  test('ends a request that nobody answers, in seconds or as a duration', async (t) => {
    const silent = createServer(() => undefined)
    const place = `http://127.0.0.1:${await portOf(silent)}`
    t.after(() => end(silent))
    for (const [given, told] of [
      ['100ms', '0.1'],
      ['1', '1'],
    ] as const) {
      const { exitCode, stderr } = await read({ CONCLAVE_ADDR: place, VAULT_CLIENT_TIMEOUT: given })
      assert.equal(exitCode, 2)
      assert.ok(
        stderr.startsWith(`Error reading secret/a: no answer from ${place} within ${told} s\n`),
        stderr,
      )
    }
  })

  test('is refused where it is no time, none, or more than a day', async () => {
    for (const given of ['soon', '0', '0s', '-1', '25h', '1.5s']) {
      const { exitCode, stderr } = await read({ CONCLAVE_ADDR: address, BAO_CLIENT_TIMEOUT: given })
      assert.deepEqual(
        [exitCode, stderr],
        [1, 'BAO_CLIENT_TIMEOUT is a time from 1ms to 24h: 30, 90s, 1m30s\n'],
      )
    }
    assert.deepEqual(lines, [])
  })
})

describe('MAX_RETRIES', () => {
  test('has a read asked again that the server failed at', async () => {
    answers.set('GET /v1/secret/a', [503, '{"errors":["sealed"]}'])
    const { exitCode } = await read({ CONCLAVE_ADDR: address, VAULT_MAX_RETRIES: '1' })
    assert.deepEqual([exitCode, lines], [2, ['GET /v1/secret/a', 'GET /v1/secret/a']])
  })

  test('asks once where it is 0 or not set', async () => {
    answers.set('GET /v1/secret/a', [503, '{"errors":["sealed"]}'])
    await read({ CONCLAVE_ADDR: address })
    await read({ CONCLAVE_ADDR: address, CONCLAVE_MAX_RETRIES: '0', VAULT_MAX_RETRIES: '3' })
    assert.equal(lines.length, 2)
  })

  test('is refused where it is no number, and above 100', async () => {
    for (const given of ['-1', 'x', '1.5', '101']) {
      const { exitCode, stderr } = await read({ CONCLAVE_ADDR: address, VAULT_MAX_RETRIES: given })
      assert.deepEqual([exitCode, stderr], [1, 'VAULT_MAX_RETRIES is a number from 0 to 100\n'])
    }
  })
})

describe('DISABLE_REDIRECTS', () => {
  test('keeps a request, and its token, where the address says', async (t) => {
    const away = createServer((_request, response) => {
      response.writeHead(307, { location: `${address}/v1/secret/a` }).end()
    })
    const place = `http://127.0.0.1:${await portOf(away)}`
    t.after(() => end(away))
    assert.equal((await read({ CONCLAVE_ADDR: place })).stdout, 'b')
    assert.equal((await read({ CONCLAVE_ADDR: place, BAO_DISABLE_REDIRECTS: 'false' })).stdout, 'b')
    lines.length = 0
    const { exitCode, stderr } = await read({ CONCLAVE_ADDR: place, BAO_DISABLE_REDIRECTS: 'true' })
    assert.equal(exitCode, 2)
    assert.match(stderr, /Code: 307\./)
    assert.deepEqual(lines, [])
  })

  test('is refused where it says neither yes nor no', async () => {
    const { exitCode, stderr } = await read({ CONCLAVE_ADDR: address, BAO_DISABLE_REDIRECTS: 'yes' })
    assert.deepEqual([exitCode, stderr], [1, 'BAO_DISABLE_REDIRECTS is true or false\n'])
  })
})

describe('certificates', async () => {
  const { key, cert } = selfSigned()
  const pem = cert.toString()
  const secure = createSecureServer(
    { key, cert, ca: cert, requestCert: true, rejectUnauthorized: false },
    (request, response) => {
      const { authorized } = request.socket as unknown as { readonly authorized: boolean }
      response.writeHead(200).end(`{"request_id":"r","data":{"a":"${authorized ? 'known' : 'stranger'}"}}`)
    },
  )
  const port = await portOf(secure)
  const named = { CONCLAVE_ADDR: `https://127.0.0.1:${port}`, VAULT_TLS_SERVER_NAME: 'localhost' }
  after(() => end(secure))

  test('CACERT_BYTES is the authority itself, for the name that TLS_SERVER_NAME says', async () => {
    assert.equal((await read({ ...named, VAULT_CACERT_BYTES: pem })).stdout, 'stranger')
    assert.match((await read(named)).stderr, /: TLS failed at /)
    const other = await read({ ...named, VAULT_TLS_SERVER_NAME: 'elsewhere', VAULT_CACERT_BYTES: pem })
    assert.match(other.stderr, /: the certificate at .* is for another name\n/)
  })

  test('CAPATH is a folder of authorities, behind CACERT and CACERT_BYTES', async () => {
    const path = mkdtempSync(join(folder, 'authorities-'))
    writeFileSync(join(path, 'one.pem'), selfSigned().cert)
    writeFileSync(join(path, '.hidden'), 'no certificate')
    assert.match((await read({ ...named, BAO_CAPATH: path })).stderr, /: TLS failed at /)
    writeFileSync(join(path, 'two.pem'), cert)
    assert.equal((await read({ ...named, BAO_CAPATH: path })).stdout, 'stranger')
    const other = selfSigned().cert.toString()
    assert.match(
      (await read({ ...named, BAO_CAPATH: path, BAO_CACERT_BYTES: other })).stderr,
      /: TLS failed at /,
    )
  })

  test('CLIENT_CERT_BYTES and CLIENT_KEY_BYTES are what this client shows', async () => {
    const shown = { VAULT_CLIENT_CERT_BYTES: pem, VAULT_CLIENT_KEY_BYTES: key.toString() }
    assert.equal((await read({ ...named, VAULT_CACERT_BYTES: pem, ...shown })).stdout, 'known')
  })

  test('what is no certificate is refused by name, and not shown', async () => {
    const wrong = mkdtempSync(join(folder, 'wrong-'))
    const refusal = async (env: Record<string, string>): Promise<string> => {
      const { exitCode, stderr } = await read({ ...named, ...env })
      assert.equal(exitCode, 1)
      return stderr
    }
    assert.equal(await refusal({ BAO_CACERT_BYTES: 'tiger' }), 'BAO_CACERT_BYTES is no PEM text\n')
    assert.equal(await refusal({ BAO_CLIENT_KEY_BYTES: 'tiger' }), 'BAO_CLIENT_KEY_BYTES is no PEM text\n')
    assert.equal(await refusal({ BAO_CAPATH: wrong }), 'the folder of BAO_CAPATH has no certificate\n')
    assert.match(
      await refusal({ BAO_CAPATH: join(wrong, 'gone') }),
      /^the folder of BAO_CAPATH is of no use: /,
    )
    writeFileSync(join(wrong, 'key.pem'), key)
    const file = join(wrong, 'key.pem')
    assert.equal(await refusal({ BAO_CAPATH: wrong }), `${file}, of BAO_CAPATH, has no certificate\n`)
  })

  test('a folder with more files than a system has authorities is refused', async () => {
    const many = mkdtempSync(join(folder, 'many-'))
    for (let file = 0; file <= MAX_AUTHORITY_FILES; file++) writeFileSync(join(many, `${file}.pem`), '')
    assert.equal(
      (await read({ ...named, BAO_CAPATH: many })).stderr,
      `the folder of BAO_CAPATH has more than ${MAX_AUTHORITY_FILES} files\n`,
    )
  })
})

describe('what this version does not use', () => {
  test('is told by name on standard error, never with its value, and the request is made', async () => {
    const vain = {
      VAULT_HTTP_PROXY: 'http://me:tiger@proxy',
      BAO_PROXY_ADDR: 'http://me:tiger@proxy',
      CONCLAVE_RATE_LIMIT: '77:88',
      VAULT_SRV_LOOKUP: 'true',
      VAULT_MFA: 'tiger',
      BAO_UNWRAP_TOKEN: 'tiger',
    }
    const { exitCode, stdout, stderr } = await read({ CONCLAVE_ADDR: address, ...vain })
    assert.deepEqual([exitCode, stdout], [0, 'b'])
    assert.deepEqual(
      stderr.trimEnd().split('\n').sort(),
      Object.keys(vain)
        .map((name) => `Warning: ${name} is set, and this version does not use it.`)
        .sort(),
    )
  })

  test('is not told where it is off or empty, nor by what asks no server', async () => {
    const off = { CONCLAVE_ADDR: address, VAULT_SRV_LOOKUP: 'false', BAO_RATE_LIMIT: '' }
    assert.equal((await read(off)).stderr, '')
    assert.equal((await runInTerminal(['version'], { env: { VAULT_MFA: 'tiger' } })).stderr, '')
  })
})
