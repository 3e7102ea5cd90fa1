import { processIo } from '../../src/cli/process-io.ts'
import { runServer } from '../../src/server/run.ts'

/** A server that says on SIGUSR2 which variables its environment still has. */
const io = processIo(import.meta.filename)
process.on('SIGUSR2', () => process.stdout.write(`variables: ${Object.keys(process.env).sort().join()}\n`))
process.exitCode = await runServer({
  configPaths: [],
  flags: { dataFolder: process.argv[2] ?? '', address: '127.0.0.1:0' },
  dev: null,
  environment: io.env,
  io,
})
