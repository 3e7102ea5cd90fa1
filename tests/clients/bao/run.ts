/** The command line of OpenBao, the program that is named, against two servers that are empty. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { check, same, say } from '../report.ts'
import { agent } from './agent.ts'
import { Bao } from './bao.ts'
import { ceremonies, initForHolders } from './ceremonies.ts'
import { stores } from './stores.ts'
import { system } from './system.ts'
import { tokens } from './tokens.ts'

const binary = process.argv[2] ?? 'bao'
const told = (name: string): string => process.env[`CONCLAVE_${name}`] ?? ''
const home = mkdtempSync(join(tmpdir(), 'conclave-bao-'))

try {
  const bao = new Bao(binary, told('ADDR'), home)
  const version = /v(\S+)/.exec(bao.text('version'))?.[1] ?? ''
  say({ client: 'bao', version, inventory: bao.commands() })
  await ceremonies(bao)
  await stores(bao)
  await tokens(bao)
  await system(bao)
  await agent(bao)
  const secure = new Bao(binary, told('TLS_ADDR'), home, {
    BAO_CACERT: told('TLS_CA'),
    BAO_CLIENT_CERT: told('TLS_CERT'),
    BAO_CLIENT_KEY: told('TLS_KEY'),
  })
  await check('operator init', 'is asked over TLS, with a certificate that need not be shown', () => {
    same(secure.run(['operator', 'init', '-status']).code, 2)
  })
  await initForHolders(secure)
} finally {
  rmSync(home, { recursive: true, force: true })
}
