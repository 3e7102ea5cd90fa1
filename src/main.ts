import { runCli } from './cli/main.ts'
import { processIo } from './cli/process-io.ts'

const loadHashing = async () => (await import('./crypto/node/primitives.ts')).nodePrimitives
const ports = { loadServer: () => import('./server/run.ts'), loadHashing }
process.exitCode = await runCli(process.argv.slice(2), processIo(import.meta.filename), ports)
