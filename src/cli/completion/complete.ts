import type { ConclaveClient } from '../../client/conclave-client.ts'
import { FlagValues } from '../flags.ts'
import { type CliIo, put } from '../io.ts'
import { type Answer, answerTo, type LivePaths } from './answer.ts'
import { quoteForBash } from './bash-quoting.ts'
import { readTypedLine, SHELLS, type Shell, type TypedLine } from './typed-line.ts'

/** How old this program may become while it waits: with the shell before it, a person waits for 0.3 s. */
const ANSWER_BY_MS = 220
/** How long a server has for all that it is asked, at most, and at least where the start took its time. */
const SERVER_MS = { most: 200, least: 100 }
/** A longer line is not completed. */
const MAX_LINE_BYTES = 64 * 1024

/**
 * Answers a completion script: `conclave __complete SHELL`, with what has been typed on standard input, where
 * no list of processes shows it. Prints the kind of the answer, then a candidate a line.
 *
 * It never asks, never tells a failure, and ends at once: the answer stands in a line that somebody types.
 */
export async function complete(argv: readonly string[], io: CliIo): Promise<number> {
  const shell = SHELLS.find((known) => known === argv[0])
  try {
    const sent = shell === undefined || io.tty.stdin ? null : await readAll(io.stdin)
    if (shell !== undefined && sent !== null) {
      const line = readTypedLine(shell, sent)
      await put(io, render(shell, line, await answerTo(line, pathsOf(io))))
    }
  } catch {
    // Whatever it was, the command itself will say it when the line is entered.
  }
  // A look-up of the server's name may still be under way, which nothing can end.
  io.leave?.(0)
  return 0
}

async function readAll(stdin: CliIo['stdin']): Promise<string | null> {
  const pieces: Buffer[] = []
  let size = 0
  for await (const piece of stdin) {
    const bytes = Buffer.from(piece)
    pieces.push(bytes)
    size += bytes.length
    if (size > MAX_LINE_BYTES) return null
  }
  return Buffer.concat(pieces).toString()
}

/** How long a server has, in milliseconds, for a program of that age. */
export function serverTime(ageMs: number): number {
  return Math.round(Math.min(SERVER_MS.most, Math.max(SERVER_MS.least, ANSWER_BY_MS - ageMs)))
}

/** Asks the server of the environment, with the token of the environment. */
function pathsOf({ env, age }: Pick<CliIo, 'env' | 'age'>): LivePaths {
  return async (typed, kind) => {
    // Only where it is needed: the client is most of what there is to load.
    const [{ connect }, { livePaths }] = await Promise.all([
      import('../environment.ts'),
      import('./live-paths.ts'),
    ])
    const timeoutMs = serverTime(age?.() ?? 0)
    const deadline = AbortSignal.timeout(timeoutMs)
    const flags = new FlagValues(new Map())
    const client: ConclaveClient = await connect({ env }, flags, { timeoutMs, deadline })
    try {
      return await livePaths(client, typed, kind)
    } finally {
      client.close()
    }
  }
}

function render(shell: Shell, line: TypedLine, { kind, candidates }: Answer): string {
  const lines = candidates.map(({ value, description }) => {
    // What is kept stands in the line already: bash wants what comes behind, as it is to stand there.
    if (shell === 'bash') return quoteForBash(value.slice(line.kept), line.quote)
    return description === '' ? value : `${value}\t${description}`
  })
  return `${[kind, ...lines.filter((text) => text !== '')].join('\n')}\n`
}
