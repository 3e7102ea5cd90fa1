import { runCli } from './cli/main.ts'
import { processIo } from './cli/process-io.ts'

const loadHashing = async () => (await import('./crypto/node/primitives.ts')).nodePrimitives
const loadSha256 = async () => (await import('./crypto/node/sha256-stream.ts')).sha256Stream
const loadEntropy = async () => (await import('./server/system-ports.ts')).systemEntropy
const loadMachine = async () => (await import('./server/machine.ts')).machine
const loadServer = () => import('./server/run.ts')
const ports = { loadServer, loadHashing, loadEntropy, loadMachine, loadSha256 }
process.exitCode = await runCli(process.argv.slice(2), processIo(import.meta.filename), ports)
