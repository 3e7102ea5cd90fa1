import { readFile } from 'node:fs/promises'
import { fromUtf8 } from '../base/encoding.ts'
import { isMembers, type Members } from '../client/answers.ts'
import { parseExactly } from '../client/json-numbers.ts'
import type { CommandCall } from './command.ts'
import { fileProblem, UsageError } from './failure.ts'
import { say } from './io.ts'
import { promptHidden } from './prompt.ts'

/** What one call of `write` may read from files and standard input. */
export const MAX_VALUE_BYTES = 32 * 1024 * 1024

/**
 * The members that operands stand for: `k=v`, `k=@file`, `k=-`, `@file.json` and `-` for a whole object. A
 * name that is given twice becomes a list, as in the peers. `k=\@v` is the value `@v`. At a terminal `k=-` is
 * asked for, and what is typed is not shown. Throws `UsageError`.
 */
export async function readPairs(operands: readonly string[], call: Asking): Promise<Members> {
  const fromStdin = operands.filter((operand) => operand === '-' || operand.endsWith('=-'))
  if (fromStdin.length > 1 && !call.io.tty.stdin) throw new UsageError('standard input can be read once only')
  const members = new Map<string, unknown>()
  for (const operand of operands) {
    for (const [name, value] of await readOperand(operand, call)) add(members, name, value)
  }
  return Object.fromEntries(members)
}

/**
 * Says to a person, once a call, that others can see a value that was typed behind its name, and the ways in
 * which nobody sees it. For commands whose values are secrets. A script is told nothing: one that takes
 * values from elsewhere has its reasons, and its standard error is read by programs.
 */
export function hintAtTyped(operands: readonly string[], { io, flags }: Asking): void {
  if (!io.tty.stdin || !io.tty.stderr || flags.on('non-interactive')) return
  // Whoever hides one value knows how, and shows the others on purpose.
  if (operands.some((operand) => HIDDEN.test(operand))) return
  const [, name] = operands.map((operand) => TYPED.exec(operand)).find((found) => found !== null) ?? []
  if (name === undefined) return
  say(
    io,
    'Note: a value on the command line can be seen by others in the list of processes and in the history ' +
      `of the shell. ${name}=- asks for it without showing it, and ${name}=@FILE reads it from a file.`,
  )
}

/** Values that stand elsewhere. */
const HIDDEN = /^(?:-$|@|[^=]+=(?:-$|@))/
const TYPED = /^([^=]+)=./s

type Asking = Pick<CommandCall, 'flags' | 'io'>

async function readOperand(operand: string, call: Asking): Promise<readonly [string, unknown][]> {
  if (operand === '-') return wholeObject(await streamText(call.io.stdin), 'standard input')
  if (operand.startsWith('@')) return wholeObject(await fileText(operand.slice(1)), operand.slice(1))
  const equals = operand.indexOf('=')
  if (equals <= 0) throw new UsageError('what follows the path must be KEY=VALUE, @FILE or -')
  const name = operand.slice(0, equals)
  return [[name, await readValue(name, operand.slice(equals + 1), call)]]
}

async function readValue(name: string, value: string, { io, flags }: Asking): Promise<string> {
  if (value === '-') {
    if (!io.tty.stdin) return streamText(io.stdin)
    if (flags.on('non-interactive')) {
      throw new UsageError('a value would have to be asked for, and -non-interactive forbids it')
    }
    using typed = await promptHidden(io, `${name} (will be hidden): `, 'refused')
    return typed.lend(fromUtf8)
  }
  if (value.startsWith('@')) return fileText(value.slice(1))
  return value.startsWith('\\@') ? value.slice(1) : value
}

function add(members: Map<string, unknown>, name: string, value: unknown): void {
  if (!members.has(name)) members.set(name, value)
  else {
    const before = members.get(name)
    members.set(name, [...(Array.isArray(before) ? before : [before]), value])
  }
}

function wholeObject(text: string, origin: string): readonly [string, unknown][] {
  let value: unknown
  try {
    value = parseExactly(text)
  } catch {
    throw new UsageError(`${origin} does not hold JSON`)
  }
  if (!isMembers(value)) throw new UsageError(`${origin} does not hold a JSON object`)
  return Object.entries(value)
}

/** The text of a file. Throws `UsageError`. */
export async function fileText(path: string): Promise<string> {
  let bytes: Uint8Array
  try {
    bytes = await readFile(path)
  } catch (error) {
    throw new UsageError(`the file ${path} is of no use: ${fileProblem(error)}`)
  }
  return utf8Text(bytes, `the file ${path}`)
}

/** All of standard input as text. Throws `UsageError`. */
export async function streamText(stdin: AsyncIterable<unknown>): Promise<string> {
  const pieces: Uint8Array[] = []
  let size = 0
  for await (const piece of stdin) {
    if (!(piece instanceof Uint8Array)) continue
    size += piece.length
    if (size > MAX_VALUE_BYTES)
      throw new UsageError(`standard input holds more than ${MAX_VALUE_BYTES} bytes`)
    pieces.push(piece)
  }
  return utf8Text(Buffer.concat(pieces), 'standard input')
}

function utf8Text(bytes: Uint8Array, origin: string): string {
  if (bytes.length > MAX_VALUE_BYTES)
    throw new UsageError(`${origin} holds more than ${MAX_VALUE_BYTES} bytes`)
  try {
    return fromUtf8(bytes)
  } catch {
    throw new UsageError(`${origin} is not UTF-8 text: encode it first, for example in base64`)
  }
}
