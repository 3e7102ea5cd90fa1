import { type CliIo, isBrokenPipe } from './io.ts'

/** The streams and environment of this process. `mainFile` is the file that was started. */
export function processIo(mainFile: string): CliIo {
  process.stdout.on('error', ignoreBrokenPipe)
  process.stderr.on('error', ignoreBrokenPipe)
  return {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    tty: {
      stdin: process.stdin.isTTY === true,
      stdout: process.stdout.isTTY === true,
      stderr: process.stderr.isTTY === true,
    },
    entry: [process.execPath, ...process.execArgv, mainFile],
  }
}

function ignoreBrokenPipe(error: Error): void {
  if (!isBrokenPipe(error)) throw error
}
