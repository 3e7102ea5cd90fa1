import { monitorEventLoopDelay } from 'node:perf_hooks'
import { processIo } from '../../src/cli/process-io.ts'
import { runServer } from '../../src/server/run.ts'

/** A server that says on SIGUSR2 how long at most it stood still since it was asked before. */
const [, , config = ''] = process.argv
const RESOLUTION_MS = 1
const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
delay.enable()
process.on('SIGUSR2', () => {
  process.stdout.write(`longest stand: ${(delay.max / 1e6 - RESOLUTION_MS).toFixed(1)} ms\n`)
  delay.reset()
})
const io = processIo(import.meta.filename)
process.exitCode = await runServer({
  configPaths: [config],
  flags: {},
  dev: null,
  environment: io.env,
  io,
})
