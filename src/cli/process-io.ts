import { fstatSync, fsyncSync, writeSync } from 'node:fs'
import { Writable } from 'node:stream'
import type { CliIo, OutputStream } from './io.ts'

const STDOUT = 1
const END_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
/**
 * Those that people and supervisors send to a program that they think of as the one that runs. SIGUSR1 is not
 * to be had: Node.js blocks it where it may not open the inspector.
 */
const PASSED_SIGNALS = [...END_SIGNALS, 'SIGQUIT', 'SIGUSR2'] as const

/** The streams and environment of this process. `mainFile` is the file that was started. */
export function processIo(mainFile: string): CliIo {
  // Whoever writes data is told by its callback, and where talk cannot be written nobody can be told.
  process.stdout.on('error', () => undefined)
  process.stderr.on('error', () => undefined)
  return {
    stdin: process.stdin,
    stdout: standardOutput(),
    stderr: process.stderr,
    env: process.env,
    tty: {
      stdin: process.stdin.isTTY === true,
      stdout: process.stdout.isTTY === true,
      stderr: process.stderr.isTTY === true,
    },
    entry: [process.execPath, ...process.execArgv, mainFile],
    beforeEnd,
    signals,
    endBy: (signal) => process.kill(process.pid, signal),
    age: () => performance.now(),
    leave: (exitCode) => process.exit(exitCode),
  }
}

/** Files and devices go a way of ours: Node's own stream says that all is written when a part was. */
function standardOutput(): OutputStream {
  const kind = fstatSync(STDOUT)
  if (process.stdout.isTTY || !(kind.isFile() || kind.isCharacterDevice())) return process.stdout
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      try {
        for (let at = 0; at < chunk.length; ) at += writeSync(STDOUT, chunk, at)
        done()
      } catch (error) {
        done(error as Error)
      }
    },
  })
  stream.on('error', () => undefined)
  return kind.isFile() ? Object.assign(stream, { sync: () => fsyncSync(STDOUT) }) : stream
}

function signals(act: (signal: NodeJS.Signals) => void): Disposable {
  for (const signal of PASSED_SIGNALS) process.on(signal, act)
  return {
    [Symbol.dispose]: () => {
      for (const signal of PASSED_SIGNALS) process.off(signal, act)
    },
  }
}

/** The signal then does what it does to a program that has not asked for it. */
function beforeEnd(act: () => void): Disposable {
  const stop = (): void => {
    for (const signal of END_SIGNALS) process.off(signal, onSignal)
  }
  const onSignal = (signal: NodeJS.Signals): void => {
    stop()
    act()
    process.kill(process.pid, signal)
  }
  for (const signal of END_SIGNALS) process.on(signal, onSignal)
  return { [Symbol.dispose]: stop }
}
