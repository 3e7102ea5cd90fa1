import { processIo } from '../../src/cli/process-io.ts'
import { runServer } from '../../src/server/run.ts'

/**
 * A server with a fault that nobody catches: on SIGUSR2 the one that its second argument names. Where a
 * mistake of our own would come from, and with a text that must not reach the log.
 */
const [, , folder = '', fault = ''] = process.argv
const io = processIo(import.meta.filename)
const planted = (): Error => new TypeError('planted canary')
process.on('SIGUSR2', () => {
  if (fault === 'exception')
    setImmediate(() => {
      throw planted()
    })
  else void Promise.reject(planted())
})
process.exitCode = await runServer({
  configPaths: [],
  flags: { dataFolder: folder, address: '127.0.0.1:0' },
  dev: null,
  environment: io.env,
  io,
})
