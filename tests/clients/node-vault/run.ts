/** node-vault, in the folder that is named, against a server that is empty, and a second one over TLS. */
import { readFileSync } from 'node:fs'
import { check, same, say } from '../report.ts'
import { ceremonies, initForHolders } from './ceremonies.ts'
import { connect, type Vault, versionIn } from './client.ts'
import { stores } from './stores.ts'
import { system } from './system.ts'
import { tokens } from './tokens.ts'

const folder = process.argv[2] ?? '.'
const environment = (name: string): string => process.env[`CONCLAVE_${name}`] ?? ''

/** With a certificate that the server does not ask for. */
function overTls(): Vault {
  const [ca, cert, key] = ['TLS_CA', 'TLS_CERT', 'TLS_KEY'].map((name) => readFileSync(environment(name)))
  return connect(folder, { endpoint: environment('TLS_ADDR'), requestOptions: { ca, cert, key } })
}

const vault = connect(folder, { endpoint: environment('ADDR') })
const own = Object.entries(vault.client).filter(([, value]) => typeof value === 'function')
const inventory = own.map(([name]) => name)
say({ client: 'node-vault', version: versionIn(folder), inventory })
await ceremonies(vault)
await stores(vault)
const other = connect(folder, { endpoint: environment('ADDR') })
await tokens(vault, other)
await system(vault, other)
const secure = overTls()
await check('initialized', 'is asked over TLS, with a certificate that need not be shown', async () => {
  same(await secure.run('initialized'), { initialized: false })
})
await initForHolders(secure)
