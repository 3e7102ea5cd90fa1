import { registerHooks } from 'node:module'
import { processIo } from '../../src/cli/process-io.ts'

/** A server of an installation that lacks a file. */
registerHooks({
  load(url, context, next) {
    if (url.endsWith('/src/server/build.ts')) throw new Error('planted: the file is not there')
    return next(url, context)
  },
})
const { runServer } = await import('../../src/server/run.ts')
const [, , folder = ''] = process.argv
const io = processIo(import.meta.filename)
try {
  await runServer({
    configPaths: [],
    flags: { dataFolder: folder, address: '127.0.0.1:0' },
    dev: null,
    environment: io.env,
    io,
  })
} catch (error) {
  process.stderr.write(`refused: ${String(error)}\n`)
  process.exitCode = 3
}
