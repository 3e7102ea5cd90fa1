import { runCli } from './cli/main.ts'
import { processIo } from './cli/process-io.ts'

const loadSha256 = async () => (await import('./crypto/node/node-primitives.ts')).nodePrimitives.sha256
const ports = { loadServer: () => import('./server/run.ts'), loadSha256 }
process.exitCode = await runCli(process.argv.slice(2), processIo(import.meta.filename), ports)
