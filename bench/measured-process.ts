import { type ChildProcess, spawn } from 'node:child_process'

/** What a process has used. */
export interface Usage {
  /** User and system time of all its threads, in microseconds. */
  readonly cpuMicros: number
  readonly residentBytes: number
}

/** What can be put under load. */
export interface Measurable {
  readonly port: number
  usage(): Promise<Usage>
}

/**
 * Answers every message with what its process has used, and ends it when nobody is left to ask. In
 * JavaScript: it is to cost nothing to load.
 */
const PROBE = `
process.on('message', () => {
  const { user, system } = process.cpuUsage()
  process.send({ cpuMicros: user + system, residentBytes: process.memoryUsage.rss() })
})
process.on('disconnect', () => process.kill(process.pid))
process.channel.unref()`

/** As `node PROGRAM …` would: `process.argv` is the same. */
const RUN_FIRST_WORD = "import(require('node:url').pathToFileURL(process.argv[1]).href)"

/** A Node.js process that listens somewhere and tells what it uses. */
export class MeasuredProcess implements Measurable {
  readonly port: number
  readonly #child: ChildProcess

  private constructor(child: ChildProcess, port: number) {
    this.#child = child
    this.port = port
  }

  /**
   * Runs a program with these words, or the code behind `-e`, and waits until its standard output names
   * `127.0.0.1:PORT`. The probe goes in front of it as code: a server refuses flags that load some.
   */
  static async start(argv: readonly string[], nodeFlags: readonly string[] = []): Promise<MeasuredProcess> {
    const [program = '', ...words] = argv
    const [code, rest] = program === '-e' ? [words[0] ?? '', words.slice(1)] : [RUN_FIRST_WORD, argv]
    const flags = ['--disable-warning=ExperimentalWarning', ...nodeFlags, '-e', `${PROBE}\n${code}`, '--']
    const child = spawn(process.execPath, [...flags, ...rest], { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] })
    return new MeasuredProcess(child, await portOf(child))
  }

  async usage(): Promise<Usage> {
    const { promise, resolve, reject } = Promise.withResolvers<Usage>()
    const ended = (): void => reject(new Error('the measured process has ended'))
    this.#child.once('message', (message) => resolve(message as Usage)).once('exit', ended)
    this.#child.send('usage')
    return await promise.finally(() => this.#child.off('exit', ended))
  }

  /** As an operator would: what has been measured is also written down, a profile for example. */
  async stop(): Promise<void> {
    const exited = new Promise<void>((resolve) => this.#child.once('exit', () => resolve()))
    this.#child.kill('SIGTERM')
    await exited
  }
}

function portOf(child: ChildProcess): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  let said = ''
  const listen = (piece: Buffer): void => {
    said += String(piece)
    const port = /127\.0\.0\.1:(\d+)/.exec(said)?.[1]
    if (port !== undefined) resolve(Number(port))
  }
  child.stdout?.on('data', listen)
  child.stderr?.on('data', (piece: Buffer) => {
    said += String(piece)
  })
  child.once('exit', (code) => reject(new Error(`a process ended with ${code} before it listened: ${said}`)))
  return promise
}
