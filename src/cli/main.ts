import type { CliIo, CliPorts } from './io.ts'

/** What shells ask while a line is being typed. No command of the help, as no person calls it. */
const COMPLETE = '__complete'

/** Runs one call of the command line; the exit code. Never throws: failures are told on stderr. */
export async function runCli(argv: readonly string[], io: CliIo, ports: CliPorts): Promise<number> {
  if (argv[0] === COMPLETE) {
    // Somebody waits with a finger on a key: nothing is loaded that only other calls need.
    const { complete } = await import('./completion/complete.ts')
    return await complete(argv.slice(1), io)
  }
  const { runCall } = await import('./call.ts')
  return await runCall(argv, io, ports)
}
