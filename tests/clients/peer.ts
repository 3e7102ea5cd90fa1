/**
 * OpenBao's own server in the place of ours, for `npm run clients -- --peer`: takes the words that our server
 * is started with, and says where it listens in the same line. So the checks themselves are checked.
 */
import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../../src/client/free-port.ts'
import { type Place, request } from '../api/request.ts'

interface Start {
  readonly folder: string
  readonly scheme: 'http' | 'https'
  readonly listener: object
}

/** What a listener without a token allows by itself here, and there only where it is switched on. */
const PLAIN = {
  tls_disable: true,
  disable_unauthed_rekey_endpoints: false,
  disable_unauthed_generate_root_endpoints: false,
}

const flags = process.argv.slice(3)
const flag = (name: string): string | undefined =>
  flags.find((one) => one.startsWith(`-${name}=`))?.slice(name.length + 2)

function startOf(address: string): Start {
  const path = flag('config')
  if (path === undefined)
    return { folder: flag('data') ?? '', scheme: 'http', listener: { ...PLAIN, address } }
  const base = dirname(path)
  const config = JSON.parse(readFileSync(path, 'utf8')) as {
    readonly listener: { readonly tcp: { readonly tls_cert_file: string; readonly tls_key_file: string } }
  }
  const { tls_cert_file: cert, tls_key_file: key } = config.listener.tcp
  // Theirs are relative to where the process stands, ours to the file.
  const files = { tls_cert_file: resolve(base, cert), tls_key_file: resolve(base, key) }
  return { folder: join(base, 'peer'), scheme: 'https', listener: { address, ...files } }
}

/** Any answer will do, and so will a certificate that is not trusted here. */
async function untilAnswers(place: Place): Promise<void> {
  for (let asked = 0; asked < 200; asked++) {
    const fault = await request(place, { method: 'GET', path: '/v1/sys/init' }).then(
      () => null,
      (error: { code?: string }) => error.code ?? '',
    )
    if (fault !== 'ECONNREFUSED') return
    await sleep(50)
  }
}

const address = `127.0.0.1:${await freePort()}`
const { folder, scheme, listener } = startOf(address)
const config = join(folder, 'peer.json')
const storage = { file: { path: join(folder, 'peer-store') } }
mkdirSync(folder, { recursive: true })
writeFileSync(
  config,
  JSON.stringify({ storage, listener: { tcp: listener }, api_addr: `${scheme}://${address}` }),
)
const words = ['server', `-config=${config}`, '-log-level=error']
const child = spawn(process.env['CONCLAVE_PEER'] ?? 'bao', words, { stdio: ['ignore', 'ignore', 'inherit'] })
process.on('SIGTERM', () => child.kill('SIGTERM'))
child.on('exit', (code) => process.exit(code ?? 1))
await untilAnswers({ url: `${scheme}://${address}` })
process.stdout.write(`Listener 1: ${scheme}://${address}\n`)
