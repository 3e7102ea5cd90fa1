import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { MAIN, temporaryFolder } from '../tests/api/server-process.ts'
import { Caller } from './caller.ts'
import { load } from './load.ts'
import { MeasuredProcess } from './measured-process.ts'
import { timeByRoom } from './profile-rooms.ts'
import { fillRoutes, ROUTES } from './requests.ts'

/**
 * `node bench/profile.ts 'sys/health' | 'KV read' | 'KV 2 read' | …`: where the main thread spends a
 * request, by room. Sampling costs something itself: shares are what to read.
 */
const CLIENTS = 32
const WARM_SECONDS = 2
const SECONDS = 5

const [name] = process.argv.slice(2)
const route = ROUTES.find((one) => one.name === name)
if (route === undefined) throw new Error(`say one of: ${ROUTES.map((one) => one.name).join(', ')}`)

const work = temporaryFolder()
const profiles = join(work.path, 'profiles')
mkdirSync(profiles)
const argv = [MAIN, 'server', `-data=${join(work.path, 'store')}`, '-address=127.0.0.1:0']
const server = await MeasuredProcess.start(argv, ['--cpu-prof', `--cpu-prof-dir=${profiles}`])
const caller = new Caller(server.port)
await caller.open(5, 3)
await fillRoutes(caller)
const { method, paths, body } = route
const request = { method, paths, body, headers: { 'X-Vault-Token': caller.token ?? '' } }
await load(server.port, request, { clients: CLIENTS, seconds: WARM_SECONDS })
const { count } = await load(server.port, request, { clients: CLIENTS, seconds: SECONDS })
caller.close()
await server.stop()

const spent = timeByRoom(profiles, SECONDS)
work.remove()
const busy = [...spent.values()].reduce((sum, part) => sum + part, 0)
const rows = [...spent]
  .sort(([, left], [, right]) => right - left)
  .filter(([, part]) => part / busy >= 0.005)
  .map(([part, us]) => `| ${part} | ${((100 * us) / busy).toFixed(1)} % | ${(us / count).toFixed(1)} |`)
process.stdout.write(`${name}: ${(busy / count).toFixed(0)} us of the main thread a request\n\n`)
process.stdout.write(`| part | share | us |\n|---|---|---|\n${rows.join('\n')}\n`)
