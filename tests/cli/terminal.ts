import { PassThrough, Readable, Writable } from 'node:stream'
import { runCli } from '../../src/cli/main.ts'
import { nodePrimitives } from '../../src/crypto/node/primitives.ts'
import { sha256Stream } from '../../src/crypto/node/sha256-stream.ts'
import { machine } from '../../src/server/machine.ts'
import { systemEntropy } from '../../src/server/system-ports.ts'

/** What a call of the command line left behind. */
export interface Ran {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/** A terminal, or pipes in its place, at which one call of the command line runs. */
export interface Terminal {
  /** Everything that comes, whether it is asked for or not. */
  readonly stdin?: string
  readonly env?: Readonly<Record<string, string>>
  /** All three streams are a terminal. */
  readonly isTty?: boolean
  /** On a terminal: what a person types once the screen has shown what the pattern matches. In this order. */
  readonly typed?: readonly (readonly [shown: RegExp, answer: string | (() => string)])[]
  /** Sees the whole of stderr whenever something comes. */
  readonly watch?: (stderr: string) => void
}

/** Runs the command line in this process. `typed` that was never asked for fails the call. */
export async function runInTerminal(argv: readonly string[], terminal: Terminal = {}): Promise<Ran> {
  const isTty = terminal.isTty === true
  const stdin = isTty ? new PassThrough() : Readable.from([Buffer.from(terminal.stdin ?? '')])
  const waiting = [...(terminal.typed ?? [])]
  let shown = ''
  const stdout = sink()
  let silence: NodeJS.Timeout | undefined
  const stderr = sink((text) => {
    shown += text
    clearTimeout(silence)
    // A question that nobody here has an answer to: the terminal ends, and the call with it.
    silence = setTimeout(() => stdin instanceof PassThrough && stdin.end(), SILENCE_MS)
    terminal.watch?.(stderr.text())
    const [next] = waiting
    if (next === undefined || !next[0].test(shown)) return
    waiting.shift()
    shown = ''
    // A person answers after the question: never in the middle of the write that asks it.
    const [, answer] = next
    setImmediate(() => {
      if (!(stdin instanceof PassThrough)) return
      stdin.write(typeof answer === 'string' ? answer : answer())
      if (waiting.length === 0) stdin.end()
    })
  })
  if (stdin instanceof PassThrough) stdin.write(terminal.stdin ?? '')
  // What is asked beyond it fails the call instead of waiting for ever.
  if (stdin instanceof PassThrough && waiting.length === 0) stdin.end()
  const io = {
    stdin,
    stdout: stdout.stream,
    stderr: stderr.stream,
    env: { ...terminal.env },
    tty: { stdin: isTty, stdout: isTty, stderr: isTty },
    entry: [],
  }
  const exitCode = await runCli(argv, io, PORTS)
  clearTimeout(silence)
  const unasked = waiting.map(([pattern]) => String(pattern)).join(', ')
  if (unasked !== '') throw new Error(`never asked: ${unasked}\n${stderr.text()}`)
  return { exitCode, stdout: stdout.text(), stderr: stderr.text() }
}

const SILENCE_MS = 5000

/** What `main.ts` hands in, but for the server. */
const PORTS = {
  loadServer: async () => ({ runServer: async (options: unknown) => (options === null ? 1 : 7) }),
  loadHashing: async () => nodePrimitives,
  loadEntropy: async () => systemEntropy,
  loadMachine: async () => machine,
  loadSha256: async () => sha256Stream,
}

function sink(onText: (text: string) => void = () => {}): { stream: Writable; text: () => string } {
  const pieces: string[] = []
  const stream = new Writable({
    write(piece: Buffer, _encoding, done) {
      const text = piece.toString()
      pieces.push(text)
      done()
      onText(text)
    },
  })
  return { stream, text: () => pieces.join('') }
}
